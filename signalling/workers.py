"""Several media planes, each in a process of its own, behind the face of one.

A room is whole on one worker: the one with the fewest people when it begins, and it stays there until it is forgotten.
What the workers say of people is mirrored here, so that it can be asked for without waiting.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final, TypeVarTuple, Unpack

from signalling.channel import Message, WrittenPlan, written
from signalling.counters import Counters
from signalling.errors import StaleGeneration
from signalling.home import TICK, Home
from signalling.listener import WorkersListener
from signalling.offer import Offer
from signalling.plan import MediaPlan, PeerId, Quality, RoomId

COMMAND: Final = (sys.executable, "-m", "signalling.worker")
_Arguments = TypeVarTuple("_Arguments")


@dataclass(eq=False, slots=True)
class _Room:
    home: Home
    number: int = 0
    """Of its newest plan; grows with every plan of any room, and never goes back."""
    plan: WrittenPlan = field(default_factory=dict)
    forgotten: bool = False
    """Kept until the worker has forgotten it, too: before that it must not begin anew on another one."""


class Workers:
    """As `MediaPlane`, but what `set_plan` shuts is shut when `confirmed` returns.  On the event loop of `start`."""

    def __init__(
        self,
        count: int,
        *,
        addresses: Sequence[str] | None,
        listener: WorkersListener,
        port: int = 0,
        public: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
        on_lost: Callable[[int, str], None] = lambda _worker, _fate: None,
    ) -> None:
        """`addresses`, `listener`, `public` as for `MediaPlane`; `port` is the first worker's, the next has the next.

        `command` starts one worker: `signalling.worker.main` with its standard input.  `on_lost` is told which one
        was lost, and how: died, silent or disobedient.
        """
        self._listener = listener
        settings = {"addresses": list(addresses) if addresses is not None else None, "public": dict(public or {})}
        ports = [port and port + index for index in range(count)]
        self.homes = tuple(
            Home(
                command,
                settings | {"port": port},
                on_ready=self._is_ready,
                on_message=self._heard,
                on_lost=self._is_lost,
            )
            for port in ports
        )
        self._tell_lost = on_lost
        self._rooms: dict[RoomId, _Room] = {}
        self._seats: dict[PeerId, RoomId] = {}
        self._offered: dict[Home, dict[str, PeerId]] = {home: {} for home in self.homes}
        """Connections that are not over, by generation."""
        self._up: dict[PeerId, str] = {}
        self._quality: dict[PeerId, Quality] = {}
        self._numbers = itertools.count(1)
        self._ended = Counters()
        self._ticker: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Returns when all workers are ready.  Raises NoAddress or WorkerFault, and then nothing runs."""
        self._ticker = asyncio.create_task(self._tick())
        try:
            await asyncio.gather(*(home.start() for home in self.homes))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close everything; the listener is not told."""
        self._stopping = True
        await asyncio.gather(*(home.stop() for home in self.homes))
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait([self._ticker])

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            for home in self.homes:
                home.tick()

    @property
    def counters(self) -> Counters:
        """Of all workers, those included that have ended."""
        return _sum(self._ended, *(home.counters for home in self.homes))

    def home_of(self, room: RoomId) -> int | None:
        """The number of the worker that carries this room, from 0."""
        known = self._rooms.get(room)
        return self.homes.index(known.home) if known is not None else None

    def place(self, room: RoomId, worker: int) -> bool:
        """Let this room begin on this worker, though others may be freer: for trying each of them.

        False if the room lives already.  A forgotten one has to be confirmed first.
        """
        if (known := self._rooms.get(room)) is not None and not known.forgotten:
            return False
        self._rooms[room] = _Room(self.homes[worker])
        return True

    # ---- negotiation ------------------------------------------------------------------------------------------------

    async def offer(self, room: RoomId, peer: PeerId, only_from: frozenset[str] | None = None) -> Offer:
        """As `MediaPlane.offer`; raises Restarting as well."""
        known = self._house(room)
        known.forgotten = False
        if (before := self._seats.get(peer)) is not None and (home := self._rooms[before].home) is not known.home:
            home.close(peer)
        self._seats[peer] = room
        self._up.pop(peer, None)
        return await known.home.offer(room, peer, only_from)

    async def answer(self, peer: PeerId, generation: str, sdp: str) -> None:
        """As `MediaPlane.answer`; raises Restarting as well."""
        room = self._seats.get(peer)
        if room is None:
            raise StaleGeneration
        await self._rooms[room].home.answer(peer, generation, sdp)

    async def close(self, peer: PeerId) -> None:
        """As `MediaPlane.close`; `peer_down` follows."""
        if (room := self._seats.pop(peer, None)) is not None:
            self._up.pop(peer, None)
            self._rooms[room].home.close(peer)

    def generation(self, peer: PeerId) -> str | None:
        return self._up.get(peer)

    def quality(self, peer: PeerId) -> Quality:
        return self._quality.get(peer, Quality.LOST)

    # ---- the plan ---------------------------------------------------------------------------------------------------

    def set_plan(self, room: RoomId, plan: MediaPlan) -> None:
        """From now on exactly `plan` is to pass in this room: told at once, and obeyed when `confirmed` returns."""
        known = self._house(room)
        known.forgotten = False
        known.number, known.plan = next(self._numbers), written(plan)
        known.home.plan(known.number, room, known.plan)

    async def confirmed(self, room: RoomId) -> None:
        """Nothing outside the room's plan is forwarded any more when this returns.

        A worker that does not say so within a second is killed, and then it is true as well.
        """
        if (known := self._rooms.get(room)) is not None:
            await known.home.obeyed(room)

    def forget_room(self, room: RoomId) -> None:
        """As `MediaPlane.forget_room`, confirmed in the same way."""
        known = self._rooms.get(room)
        if known is None:
            return
        for peer in [peer for peer, of in self._seats.items() if of == room]:
            del self._seats[peer]
            self._up.pop(peer, None)
        number = known.number = next(self._numbers)
        known.plan, known.forgotten = {}, True
        known.home.forget(number, room, lambda: self._has_forgotten(room, number))

    def _has_forgotten(self, room: RoomId, number: int) -> None:
        known = self._rooms.get(room)
        if known is not None and known.forgotten and known.number == number:
            del self._rooms[room]

    def _house(self, room: RoomId) -> _Room:
        """The room with its worker.  One that cannot be kept alive is left for another: nobody is connected there."""
        known = self._rooms.get(room)
        if known is None:
            known = self._rooms[room] = _Room(self._freest())
        elif known.home.failing and (other := self._freest()).ready:
            known.home = other
            if known.number:
                other.plan(known.number, room, known.plan)
        return known

    def _freest(self) -> Home:
        people = dict.fromkeys(self.homes, 0)
        rooms = dict.fromkeys(self.homes, 0)
        for room in self._seats.values():
            people[self._rooms[room].home] += 1
        for known in self._rooms.values():
            rooms[known.home] += 1
        return min(self.homes, key=lambda home: (home.failing, people[home], rooms[home]))

    # ---- what workers say -------------------------------------------------------------------------------------------

    def _is_ready(self, home: Home) -> None:
        """The newest plans come first, before any offer."""
        for room, known in self._rooms.items():
            if known.home is home and known.number:
                home.plan(known.number, room, known.plan)

    def _heard(self, home: Home, message: Message) -> None:
        listener = self._listener
        match message:
            case ["begun", str(peer), str(generation)]:
                self._offered[home][generation] = PeerId(peer)
            case ["peer_up", str(peer), str(generation)]:
                self._up[PeerId(peer)] = generation
                self._tell(listener.peer_up, PeerId(peer), generation)
            case ["peer_down", str(peer), str(generation)]:
                self._is_down(home, PeerId(peer), generation)
            case ["slots_changed", str(peer), str(generation), {**slots}]:
                pairs = {int(str(pair)): PeerId(str(publisher)) for pair, publisher in slots.items()}
                self._tell(listener.slots_changed, PeerId(peer), generation, pairs)
            case ["wanted", str(peer), str(generation), bool(audio), bool(high), bool(low)]:
                self._tell(listener.wanted, PeerId(peer), generation, audio, high, low)
            case ["pictures_paused", str(peer), str(generation), [*paused], [*resting]]:
                dark, still = (frozenset(PeerId(str(each)) for each in told) for told in (paused, resting))
                self._tell(listener.pictures_paused, PeerId(peer), generation, dark, still)
            case ["quality_changed", str(peer), str(quality)]:
                self._is_judged(PeerId(peer), Quality(quality))
            case _:
                raise ValueError("a worker said what is no message of ours")

    def _is_down(self, home: Home, peer: PeerId, generation: str) -> None:
        self._offered[home].pop(generation, None)
        if self._up.get(peer) == generation:
            del self._up[peer]
        self._tell(self._listener.peer_down, peer, generation)

    def _is_judged(self, peer: PeerId, quality: Quality) -> None:
        if quality is Quality.LOST:
            self._quality.pop(peer, None)
        else:
            self._quality[peer] = quality
        self._tell(self._listener.quality_changed, peer, quality)

    def _is_lost(self, home: Home, fate: str) -> None:
        self._ended = _sum(self._ended, home.counters)
        lost, self._offered[home] = self._offered[home], {}
        self._tell(self._tell_lost, self.homes.index(home), fate)
        for room in {self._seats[peer] for peer in lost.values() if peer in self._up and peer in self._seats}:
            self._tell(self._listener.room_lost, room)
        for generation, peer in lost.items():
            self._is_down(home, peer, generation)
            if peer in self._quality:
                self._is_judged(peer, Quality.LOST)

    def _tell(self, method: Callable[[Unpack[_Arguments]], None], *arguments: *_Arguments) -> None:
        """Afterwards, not from inside: a fault of the listener must not be taken for one of the worker."""
        if self._stopping:
            return
        asyncio.get_running_loop().call_soon(method, *arguments)


def _sum(*counters: Counters) -> Counters:
    return Counters(*(sum(getattr(each, of.name) for each in counters) for of in fields(Counters)))
