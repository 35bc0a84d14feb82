"""This project's media plane as the product runs it, in a process of its own that a benchmark can ask.

    python -m tests.bench.media_ours HOST     prints the port of its control line, one JSON message a line

Messages: {"offer": [room, peer]}, {"answer": [peer, generation, sdp]}, {"plan": [room, {...}]}, {"tell": 0}.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from dataclasses import fields
from typing import Any

from signalling import Flow, Layer, MediaPlane, PeerId, RoomId, TooManyConnecting
from signalling.collector import calm_the_collector
from signalling.counters import Counters
from tests.signalling.stage import Told

_MEASURED = tuple(field.name for field in fields(Counters))


class Pauses:
    """How long the garbage collector has stopped everything, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.count = 0
        self._began = 0.0
        gc.callbacks.append(self._called)

    def _called(self, phase: str, _: Any) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        else:
            self.count += 1
            self.longest = max(self.longest, time.perf_counter() - self._began)


async def main(host: str) -> None:
    plane = MediaPlane(addresses=[host], listener=Told())
    await plane.start()
    calm_the_collector()
    pauses = Pauses()

    async def answer(asked: dict[str, Any]) -> Any:
        match asked:
            case {"offer": [room, peer]}:
                try:
                    offer = await plane.offer(RoomId(room), PeerId(peer))
                except TooManyConnecting:
                    return None
                return [offer.generation, offer.sdp]
            case {"answer": [peer, generation, sdp]}:
                await plane.answer(PeerId(peer), generation, sdp)
            case {"plan": [room, flows]}:
                plan = {
                    PeerId(viewer): {PeerId(of): Flow(audio, Layer(video)) for of, (audio, video) in shown.items()}
                    for viewer, shown in flows.items()
                }
                plane.set_plan(RoomId(room), plan)
            case {"tell": _}:
                told = {name: getattr(plane.counters, name) for name in _MEASURED}
                return told | {"gc_longest_ms": 1000 * pauses.longest, "gc_count": pauses.count}
        return None

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            writer.write(json.dumps(await answer(json.loads(line))).encode() + b"\n")

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
