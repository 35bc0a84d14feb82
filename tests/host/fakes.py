"""The edges of the host, made to fail and to wait on demand.  Everything between them is the real thing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from server.host.jobs import Done, Outcome
from server.host.live_room import LiveRoom
from server.host.media_link import MediaLink
from server.host.ports import Bye, Told
from server.host.registry import Registry
from server.host.turn import Turn
from server.room import Room
from server.room import commands as c
from server.room.events import Fact, MeetingPlanned
from server.room.ids import DeviceId, MeetingId, PersonId
from server.room.state import Mode, Role, Timings, Willing
from server.store.errors import SeqTaken, StoreDown
from signalling.errors import StaleGeneration
from signalling.plan import Flow, MediaPlan, PeerId, Quality, RoomId

MEETING = MeetingId("m")
FAY, VIC, OTT, SAM = (PersonId(name) for name in ("fay", "vic", "ott", "sam"))
SEATS = (
    c.Seat(FAY, Role.FACILITATOR),
    c.Seat(VIC, Role.VICTIM),
    c.Seat(OTT, Role.OFFENDER),
    c.Seat(SAM, Role.SUPPORTER, VIC),
)
START = datetime(2026, 11, 21, 9, tzinfo=UTC)


async def settle() -> None:
    """Let everything that can go on go on, until nothing moves but time."""
    for _ in range(40):
        await asyncio.sleep(0)


@dataclass(eq=False)
class FakeAlarm:
    when: datetime
    action: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeClock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self._now = START
        self.alarms: list[FakeAlarm] = []

    def now(self) -> datetime:
        return self._now

    def call_at(self, when: datetime, action: Callable[[], None]) -> FakeAlarm:
        alarm = FakeAlarm(when, action)
        self.alarms.append(alarm)
        return alarm

    async def pass_(self, **duration: float) -> None:
        """Let time pass, alarm by alarm; what an alarm sets off is finished before time goes on."""
        await settle()
        until = self._now + timedelta(**duration)
        while due := [alarm for alarm in self.alarms if not alarm.cancelled and alarm.when <= until]:
            first = min(due, key=lambda alarm: alarm.when)
            self.alarms.remove(first)
            self._now = max(self._now, first.when)
            first.action()
            await settle()
        self._now = until
        await settle()


class FakeJournal:
    """A journal in memory that can be down, hang, or record and then say that it did not."""

    def __init__(self) -> None:
        self.facts: list[Fact] = [Fact(MeetingPlanned(SEATS, Timings()), START)]
        self.down = False
        self.lies = False
        self.broken = False
        self.hang: asyncio.Event | None = None
        self.appends = 0

    async def append(self, stream: MeetingId, after: int, facts: Sequence[Fact]) -> None:
        self.appends += 1
        await asyncio.sleep(0)
        if self.hang is not None:
            await self.hang.wait()
        if self.down:
            raise StoreDown("Fake")
        if self.broken:
            raise RuntimeError("a bug in the store")
        if after != len(self.facts):
            raise SeqTaken(stream, after, len(self.facts))
        self.facts.extend(facts)
        if self.lies:
            raise StoreDown("Fake")

    async def read(self, stream: MeetingId) -> list[Fact]:
        await asyncio.sleep(0)
        if self.down:
            raise StoreDown("Fake")
        return list(self.facts) if stream == MEETING else []


@dataclass(frozen=True)
class FakeOffer:
    generation: str
    sdp: str


class FakePlane:
    """Keeps what it is told; connections come up and go down when the test says so."""

    def __init__(self) -> None:
        self.link: MediaLink | None = None
        self.plans: dict[RoomId, list[MediaPlan]] = {}
        self.up: dict[PeerId, str] = {}
        self.offered: dict[PeerId, str] = {}
        self.closed: list[PeerId] = []
        self.only_from: dict[PeerId, frozenset[str] | None] = {}
        self.qualities: dict[PeerId, Quality] = {}
        self.faulty = False
        self.unconfirmed: asyncio.Event | None = None
        """A plan is obeyed when this is set; None: at once."""
        self._count = 0

    async def offer(self, room: RoomId, peer: PeerId, only_from: frozenset[str] | None = None) -> FakeOffer:
        await asyncio.sleep(0)
        self.only_from[peer] = only_from
        await self._end(peer)
        self._count += 1
        self.offered[peer] = f"g{self._count}"
        return FakeOffer(f"g{self._count}", "v=0 offer")

    async def answer(self, peer: PeerId, generation: str, sdp: str) -> None:
        if self.offered.get(peer) != generation:
            raise StaleGeneration
        self.up[peer] = self.offered.pop(peer)
        assert self.link is not None
        self.link.peer_up(peer, generation)

    async def close(self, peer: PeerId) -> None:
        self.closed.append(peer)
        await self._end(peer)

    async def _end(self, peer: PeerId) -> None:
        generation = self.up.pop(peer, None) or self.offered.pop(peer, None)
        if generation is not None and self.link is not None:
            self.link.peer_down(peer, generation)

    def set_plan(self, room: RoomId, plan: MediaPlan) -> None:
        if self.faulty:
            raise RuntimeError("the plane is broken")
        self.plans.setdefault(room, []).append(plan)

    async def confirmed(self, room: RoomId) -> None:
        if self.unconfirmed is not None:
            await self.unconfirmed.wait()

    def forget_room(self, room: RoomId) -> None:
        self.plans.setdefault(room, []).append({})

    def generation(self, peer: PeerId) -> str | None:
        return self.up.get(peer)

    def quality(self, peer: PeerId) -> Quality:
        return self.qualities.get(peer, Quality.GOOD) if peer in self.up else Quality.LOST

    def lose(self, person: PersonId) -> None:
        """The media connection of a person dies."""
        peer = PeerId(f"{MEETING}.{person}")
        assert self.link is not None
        self.link.peer_down(peer, self.up.pop(peer))

    def hears(self, listener: PersonId, speaker: PersonId) -> bool:
        """What the plane forwards now."""
        plan = self.plans.get(RoomId(MEETING), [{}])[-1]
        return plan.get(PeerId(f"m.{listener}"), {}).get(PeerId(f"m.{speaker}"), Flow()).audio

    def sees(self, viewer: PersonId, other: PersonId) -> bool:
        plan = self.plans.get(RoomId(MEETING), [{}])[-1]
        return plan.get(PeerId(f"m.{viewer}"), {}).get(PeerId(f"m.{other}"), Flow()).video > 0


@dataclass(eq=False)
class FakeLine:
    """A browser that keeps everything it is told, in order."""

    device: DeviceId
    told: list[tuple[str, Any]] = field(default_factory=list)
    goodbye: Bye | None = None
    dropped: bool = False

    def view(self, rev: int, now: int, view: bytes) -> None:
        self.told.append(("view", {"rev": rev, "now": now, "view": json.loads(view)}))

    def post(self, event: Told, body: Mapping[str, object]) -> None:
        self.told.append((event, dict(body)))

    def bye(self, reason: Bye) -> None:
        self.goodbye = reason

    def drop(self) -> None:
        self.dropped = True

    def of(self, event: str) -> list[Any]:
        return [body for kind, body in self.told if kind == event]

    @property
    def now(self) -> Any:
        """The newest view."""
        return self.of("view")[-1]["view"]


@dataclass(frozen=True)
class FakeInvited:
    id: PersonId
    role: Role
    attached_to: PersonId | None
    label: str
    relay_only: bool = False


class FakeInvitations:
    def __init__(self) -> None:
        self.rows = [FakeInvited(s.id, s.role, s.attached_to, s.id.title()) for s in SEATS]

    async def people(self, id: MeetingId, /) -> list[FakeInvited]:  # noqa: A002
        await asyncio.sleep(0)
        return list(self.rows)


class Stage:
    """A whole host with one meeting in it, and hands to move its people."""

    def __init__(self, turn: Turn | None = None, *, relay_only: bool = False) -> None:
        self._turn = turn
        self._relay_only = relay_only
        self.clock = FakeClock()
        self.journal = FakeJournal()
        self.plane = FakePlane()
        self.invitations = FakeInvitations()
        self.lines: dict[PersonId, FakeLine] = {}
        self._given = 0
        self.start_again()

    def start_again(self) -> None:
        """A new process over the same journal: nobody closed anything."""
        self.link = MediaLink(self.plane, self._turn, relay_only=self._relay_only)
        self.plane.link = self.link
        self.plane.up.clear()
        self.plane.plans.clear()
        self.registry = Registry(journal=self.journal, invitations=self.invitations, link=self.link, clock=self.clock)
        self.lines.clear()

    async def open(self) -> LiveRoom:
        return await self.registry.open(MEETING)

    async def room(self) -> Room:
        return (await self.open()).room

    async def arrive(self, person: PersonId, device: str = "") -> FakeLine:
        """Connect, on the device of this name."""
        line = FakeLine(DeviceId(device or f"{person}-phone"))
        live = await self.open()
        live.attach(person, line)
        self.lines[person] = line
        await settle()
        return line

    async def go(self, person: PersonId) -> None:
        """The line drops."""
        (await self.open()).detach(person, self.lines.pop(person))
        await settle()

    async def give(self, command: c.Command, id_: str = "", text: str | None = None) -> Outcome:
        """Give a command and wait for the answer, which must not need time to pass."""
        self._given += 1
        future = (await self.open()).submit(command, id_ or f"c{self._given}", text)
        await settle()
        assert future.done(), f"{command} was not answered"
        return future.result()

    async def join_media(self, person: PersonId, *, pictures: bool = True) -> None:
        live = await self.open()
        await live.join_media(person, self.lines[person], pictures)
        offer = self.lines[person].of("media")[-1]
        await live.answer_media(person, self.lines[person], offer["generation"], "v=0 answer")
        await settle()

    async def begin(self, *people: PersonId) -> None:
        """Fay opens the doors; these people come in, with microphone and camera on; the meeting begins in open mode."""
        await self.arrive(FAY)
        await self.join_media(FAY)
        others = tuple(s.id for s in SEATS if s.id not in (FAY, *people))
        await self.must(c.SetArrivalOrder(FAY, (*people, *others)))
        await self.must(c.OpenDoors(FAY))
        for person in people:
            await self.arrive(person)
            await self.must(c.AnswerDoor(person, Willing.YES))
            await self.join_media(person)
            await self.must(c.Admit(FAY, person))
            await self.must(c.EnterNow(person))
        await self.must(c.Begin(FAY))
        await self.must(c.SetMode(FAY, Mode.OPEN))
        for person in (FAY, *people):
            await self.must(c.SetMicrophone(person, True))
            await self.must(c.SetCamera(person, True))

    async def must(self, command: c.Command) -> None:
        outcome = await self.give(command)
        assert isinstance(outcome, Done), (command, outcome)
