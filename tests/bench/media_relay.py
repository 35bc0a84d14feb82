"""aiortc's MediaRelay as a conference server, in a process of its own: each track decoded, and encoded for each viewer.

python -m tests.bench.media_relay     prints the port of its control line; {"join": [room, offer]} -> answer
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.rtcconfiguration import RTCBundlePolicy


class Room:
    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._people: list[tuple[list[Any], list[Any]]] = []
        """(what they publish, the pairs of transceivers that are free), one of sound and one of pictures each"""

    async def join(self, offer: str) -> str:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        await peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        transceivers = peer.getTransceivers()
        own, rest = transceivers[:2], transceivers[2:]
        for transceiver in rest:
            transceiver.direction = "sendonly"
        free = list(zip(rest[::2], rest[1::2], strict=True))
        for publishes, theirs in self._people:
            self._show(publishes, free.pop())
            self._show(own, theirs.pop())
        self._people.append((own, free))
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)

    def _show(self, publishes: list[Any], pair: tuple[Any, Any]) -> None:
        for source, slot in zip(publishes, pair, strict=True):
            slot.sender.replaceTrack(self._relay.subscribe(source.receiver.track))


async def main() -> None:
    rooms: dict[str, Room] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            room, offer = json.loads(line)["join"]
            answer = await rooms.setdefault(room, Room()).join(offer)
            writer.write(json.dumps(answer).encode() + b"\n")

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
