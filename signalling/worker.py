"""One media plane in a process of its own: `python -m signalling.worker`, with its owner's socket as standard input.

It does what `channel.py` lists, in the order in which it is told.  It ends when it is told to, and at once when its
owner is gone, however that came about: nothing is forwarded for nobody.  A plan that cannot be carried out ends it,
too: a process that has ended forwards nothing.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import astuple
from typing import Any, Final

from signalling.channel import Channel, Message, read
from signalling.collector import calm_the_collector, collect_in_quiet
from signalling.errors import MalformedAnswer, NoAddress, SignallingError
from signalling.fence import Fence
from signalling.plan import PeerId, Quality, RoomId
from signalling.plane import MediaPlane

BEAT: Final = 0.2
_GOODBYE: Final = 2.0
"""Seconds to say goodbye to everybody's browser."""
_PR_SET_PDEATHSIG: Final = 1
_log = logging.getLogger(__name__)


class Worker:
    """The listener of its own plane: what that says, it passes on."""

    def __init__(self) -> None:
        self.channel: Channel
        self.over = asyncio.Event()
        self._plane: MediaPlane | None = None
        self._fence = Fence()
        self._doing: set[asyncio.Task[None]] = set()

    async def end(self) -> None:
        if self._plane is not None:
            await self._plane.stop()

    def received(self) -> int:
        """How many packets have come."""
        return self._plane.counters.received if self._plane is not None else 0

    async def beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            if self._plane is not None:
                self.channel.send("beat", astuple(self._plane.counters))

    # ---- what the owner says ----------------------------------------------------------------------------------------

    def hear(self, message: Message) -> None:
        """Each message gets a task.  Tasks begin in the order of their making, so nothing overtakes."""
        task = asyncio.create_task(self._do(message))
        self._doing.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._doing.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("a worker ends itself because of a fault", exc_info=fault)
            os._exit(1)  # not one more packet

    async def _do(self, message: Message) -> None:
        plane = self._plane
        if plane is None:
            await self._start(message)
            return
        match message:
            case ["plan", int(number), str(room), dict(plan)]:
                if self._fence.passes(RoomId(room), number):
                    plane.set_plan(RoomId(room), read(plan))
                self.channel.send("obeyed", self._fence.newest(RoomId(room)), room)
            case ["forget", int(number), str(room)]:
                if self._fence.passes(RoomId(room), number):
                    plane.forget_room(RoomId(room))
                self.channel.send("obeyed", self._fence.newest(RoomId(room)), room)
            case ["offer" | "answer", int(id_), *asked]:
                await self._reply(plane, message[0], id_, asked)
            case ["close", str(peer)]:
                await plane.close(PeerId(peer))
            case ["stop"]:
                self.over.set()
            case _:
                raise ValueError("not a message of ours")

    async def _start(self, message: Message) -> None:
        match message:
            case ["start", {"addresses": addresses, "port": int(port), "public": {**public}}]:
                known = {str(own): str(called) for own, called in public.items()}
                plane = MediaPlane(addresses=addresses, listener=self, port=port, public=known)
                try:
                    await plane.start()
                except NoAddress as nowhere:
                    self.channel.send("no_address", nowhere.reason)
                    self.over.set()
                    return
                self._plane = plane
                self.channel.send("ready")
            case _:
                raise ValueError("start comes first")

    async def _reply(self, plane: MediaPlane, kind: str, id_: int, asked: list[Any]) -> None:
        try:
            if kind == "offer":
                room, peer, only = asked
                only_from = None if only is None else frozenset(map(str, only))
                offer = await plane.offer(RoomId(room), PeerId(peer), only_from)
                self.channel.send("begun", peer, offer.generation)
                self.channel.send("offered", id_, offer.generation, offer.sdp)
            else:
                peer, generation, sdp = asked
                await plane.answer(PeerId(peer), generation, sdp)
                self.channel.send("answered", id_)
        except SignallingError as refused:
            detail = refused.what if isinstance(refused, MalformedAnswer) else ""
            self.channel.send("refused", id_, refused.code, detail)
        except Exception:  # one connection's fault is not everybody's
            _log.exception("a step of a negotiation failed")
            self.channel.send("refused", id_, "fault", "")

    # ---- what the plane says (MediaListener) ------------------------------------------------------------------------

    def peer_up(self, peer: PeerId, generation: str) -> None:
        self.channel.send("peer_up", peer, generation)

    def peer_down(self, peer: PeerId, generation: str) -> None:
        self.channel.send("peer_down", peer, generation)

    def slots_changed(self, peer: PeerId, generation: str, slots: Mapping[int, PeerId]) -> None:
        self.channel.send("slots_changed", peer, generation, dict(slots))

    def wanted(self, peer: PeerId, generation: str, audio: bool, high: bool, low: bool) -> None:
        self.channel.send("wanted", peer, generation, audio, high, low)

    def pictures_paused(
        self, peer: PeerId, generation: str, paused: Collection[PeerId], resting: Collection[PeerId]
    ) -> None:
        self.channel.send("pictures_paused", peer, generation, sorted(paused), sorted(resting))

    def quality_changed(self, peer: PeerId, quality: Quality) -> None:
        self.channel.send("quality_changed", peer, quality)


async def serve(sock: socket.socket) -> None:
    """Until the owner says stop, or is gone."""
    worker = Worker()
    worker.channel = Channel(worker.hear, worker.over.set)
    await asyncio.get_running_loop().create_unix_connection(lambda: worker.channel, sock=sock)
    meanwhile = [
        asyncio.create_task(worker.beat()),
        asyncio.create_task(collect_in_quiet(worker.received)),
    ]
    await worker.over.wait()
    for task in meanwhile:
        task.cancel()
    with suppress(TimeoutError):
        async with asyncio.timeout(_GOODBYE):
            await worker.end()


def main() -> None:
    """Carry one worker in this process, to its end.  Logs by the standard `logging`, as the process has set it up."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)  # meant for the owner, who lets people's connections end in order
    if sys.platform == "linux":
        # also a worker that hangs, and cannot see that its owner is gone, must not outlive it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    calm_the_collector()
    asyncio.run(serve(socket.socket(fileno=sys.stdin.fileno())))


if __name__ == "__main__":
    logging.getLogger().addHandler(logging.NullHandler())  # libraries quote addresses; whoever wants a log sets one up
    main()
