"""What the host costs between a command and its consequences, in a room of twelve.

The real room and a real journal (SQLite in a file, synchronous=FULL), no sockets and no media: what a facilitator's
click costs until the plane forwards the new plan, until everybody's changed view is in the hands of their line, and
what the parts of that cost by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from server.clock import SystemClock
from server.host.jobs import Done
from server.host.live_room import LiveRoom
from server.host.media_link import MediaLink, plan_of
from server.host.registry import Registry
from server.host.telling import view_bytes
from server.room import commands as c
from server.room import step
from server.room.ids import DeviceId, MeetingId, PersonId
from server.room.state import Mode, Role, Timings, Willing
from server.room.view import Surroundings
from server.store import Database, Journal, Meetings
from server.store.meetings import Invitee
from signalling.plan import MediaPlan, PeerId, RoomId
from tests.host.fakes import FakeLine, FakePlane

MEETING = MeetingId("m")
FAY = PersonId("p00")
OTHERS = [PersonId(f"p{n:02}") for n in range(1, 12)]
CHANGES = 200
LATEST = 20.0
"""Milliseconds (median) that a click may cost; a frame of a picture is 33."""


class TimedPlane(FakePlane):
    """Notes when a plan opened something."""

    opened_at = 0.0

    def set_plan(self, room: RoomId, plan: MediaPlan) -> None:
        self.opened_at = perf_counter()
        self.plans[room] = [plan]


class QuietLine(FakeLine):
    """A line that only counts."""

    bytes_told = 0

    def view(self, rev: int, now: int, view: bytes) -> None:
        self.bytes_told += len(view)

    def post(self, event: str, body: Any) -> None:
        pass


async def _circle(folder: Path) -> tuple[Database, Registry, TimedPlane, LiveRoom]:
    """Twelve people under way, chaired, all microphones open."""
    clock = SystemClock()
    database = await Database.open(f"sqlite:///{folder / 'bench.sqlite3'}")
    journal = Journal(database, b"k" * 32)
    meetings = Meetings(database, journal)
    roles = [Role.FACILITATOR, Role.VICTIM, Role.OFFENDER, *[Role.SUPPORTER] * 9]
    people = [
        Invitee(person, role, f"Person {n}", OTHERS[n % 2] if role is Role.SUPPORTER else None)
        for n, (person, role) in enumerate(zip([FAY, *OTHERS], roles, strict=True))
    ]
    await meetings.create("Bench", people, now=clock.now(), id=MEETING, timings=Timings())
    plane = TimedPlane()
    plane.link = MediaLink(plane)
    registry = Registry(journal=journal, invitations=meetings, link=plane.link, clock=clock)
    room = await registry.open(MEETING)
    await _arrive(room, plane, FAY)
    await _must(room, c.SetArrivalOrder(FAY, tuple(OTHERS)))
    await _must(room, c.OpenDoors(FAY))
    for person in OTHERS:
        await _arrive(room, plane, person)
        await _must(room, c.AnswerDoor(person, Willing.YES))
        await _must(room, c.Admit(FAY, person))
        await _must(room, c.EnterNow(person))
    await _must(room, c.Begin(FAY))
    await _must(room, c.SetMode(FAY, Mode.CHAIRED))
    return database, registry, plane, room


async def _arrive(room: LiveRoom, plane: TimedPlane, person: PersonId) -> None:
    room.attach(person, QuietLine(DeviceId(person)))
    peer = PeerId(f"{MEETING}.{person}")
    plane.up[peer] = "g"
    assert plane.link is not None
    plane.link.peer_up(peer, "g")
    await room.happen(c.Tick())


async def _must(room: LiveRoom, command: c.Command) -> None:
    _must.count += 1  # type: ignore[attr-defined]  # an id for each command
    outcome = await room.submit(command, str(_must.count))  # type: ignore[attr-defined]
    assert isinstance(outcome, Done), (command, outcome)


_must.count = 0  # type: ignore[attr-defined]


def _each(work: Callable[[], object], times: int = 300) -> float:
    """Microseconds, the median of many."""
    took = []
    for _ in range(times):
        begun = perf_counter()
        work()
        took.append(perf_counter() - begun)
    return 1e6 * median(took)


async def test_a_click_in_a_room_of_twelve(tmp_path: Path) -> None:
    database, registry, plane, room = await _circle(tmp_path)
    opened, answered = [], []
    for turn in range(CHANGES):
        holder = OTHERS[turn % 2]
        await _must(room, c.SetMicrophone(holder, True))
        begun = perf_counter()
        await _must(room, c.GrantFloor(FAY, holder))
        answered.append(1000 * (perf_counter() - begun))
        opened.append(1000 * (plane.opened_at - begun))
    now, value = SystemClock().now(), room.room
    around = Surroundings({person: person for person in value.people}, {})
    print(f"\n{CHANGES} changes of holder, 12 people, journal on disk: ms (p50, p99)")
    for name, took in (("until the plane forwards it", opened), ("until everybody is told", answered)):
        print(f"  {name:30} {median(took):6.2f} {quantiles(took, n=100)[98]:6.2f}")
    print("the parts, microseconds:")
    parts: dict[str, Callable[[], object]] = {
        "step": lambda: step(value, c.GrantFloor(FAY, OTHERS[0]), now),
        "the plan of the audience": lambda: plan_of(MEETING, value),
        "a participant's view, as JSON": lambda: view_bytes(value, OTHERS[0], around),
        "a facilitator's view, as JSON": lambda: view_bytes(value, FAY, around),
    }
    for name, work in parts.items():
        print(f"  {name:30} {_each(work):6.0f}")
    print(f"  {'a facilitator view, bytes':30} {len(view_bytes(value, FAY, around)):6}")
    await registry.close()
    await asyncio.sleep(0)
    await database.close()
    assert median(answered) < LATEST
