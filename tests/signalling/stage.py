"""A plane with people on it, for the tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from signalling import Flow, Layer, MediaPlane, PeerId, Quality, RoomId
from signalling.workers import Workers
from tests.signalling.client import Client

P = TypeVar("P", bound=MediaPlane | Workers)
ROOM = RoomId("room")
BOTH = Flow(audio=True, video=Layer.HIGH)
SOUND = Flow(audio=True)


class Told:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.slots: dict[str, Mapping[int, PeerId]] = {}
        self.paused: dict[str, set[PeerId]] = {}
        self.resting: dict[str, set[PeerId]] = {}
        self.wants: dict[str, tuple[bool, bool, bool]] = {}

    def peer_up(self, peer: PeerId, generation: str) -> None:
        self.events.append(("up", peer, generation))

    def peer_down(self, peer: PeerId, generation: str) -> None:
        self.events.append(("down", peer, generation))

    def slots_changed(self, peer: PeerId, generation: str, slots: Mapping[int, PeerId]) -> None:
        self.events.append(("slots", peer, generation))
        self.slots[peer] = slots

    def wanted(self, peer: PeerId, generation: str, audio: bool, high: bool, low: bool) -> None:
        self.events.append(("wanted", peer, generation))
        self.wants[peer] = audio, high, low

    def pictures_paused(
        self, peer: PeerId, generation: str, paused: Collection[PeerId], resting: Collection[PeerId]
    ) -> None:
        self.events.append(("paused", peer, generation))
        self.paused[peer], self.resting[peer] = set(paused), set(resting)

    def quality_changed(self, peer: PeerId, quality: Quality) -> None:
        self.events.append(("quality", peer, quality))

    def room_lost(self, room: RoomId) -> None:
        self.events.append(("room lost", room))

    def worker_lost(self, worker: int, fate: str) -> None:
        self.events.append(("lost", worker, fate))

    def of(self, kind: str, peer: object = None) -> list[tuple[Any, ...]]:
        return [e for e in self.events if e[0] == kind and peer in (None, e[1])]


class Stage(Generic[P]):
    def __init__(self, plane: P, told: Told) -> None:
        self.plane, self.told = plane, told
        self.clients: list[Client] = []

    async def join(
        self, name: str, client: Client | None = None, *, room: RoomId = ROOM, edit: Callable[[str], str] = str
    ) -> Client:
        """Connect; returns once the plane says that the person is up.  `edit` may change the answer."""
        client = client or Client()
        self.clients.append(client)
        peer = PeerId(name)
        offer = await self.plane.offer(room, peer)
        await self.plane.answer(peer, offer.generation, await client.answer(offer.sdp, edit))
        await client.connect()
        await until(lambda: self.plane.generation(peer) == offer.generation)
        return client

    def plan(self, flows: Mapping[str, Mapping[str, Flow]], room: RoomId = ROOM) -> None:
        """subscriber -> publisher -> flow"""
        self.plane.set_plan(room, {PeerId(s): {PeerId(p): f for p, f in of.items()} for s, of in flows.items()})


@asynccontextmanager
async def stage() -> AsyncIterator[Stage[MediaPlane]]:
    told = Told()
    async with _on(MediaPlane(addresses=["127.0.0.1"], listener=told), told) as built:
        yield built


@asynccontextmanager
async def stage_of_workers(count: int) -> AsyncIterator[Stage[Workers]]:
    """The same with its media in other processes."""
    told = Told()
    plane = Workers(count, addresses=["127.0.0.1"], listener=told, on_lost=told.worker_lost)
    async with _on(plane, told) as built:
        yield built


@asynccontextmanager
async def _on(plane: P, told: Told) -> AsyncIterator[Stage[P]]:
    await plane.start()
    built = Stage(plane, told)
    try:
        yield built
    finally:
        for client in built.clients:
            await client.close()
        await plane.stop()


async def until(condition: Callable[[], bool], within: float = 5.0) -> float:
    """Wait for `condition`; how long it took, in seconds.  Fails after `within`."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < within, "it did not come about in time"
        await asyncio.sleep(0.002)
    return time.monotonic() - start
