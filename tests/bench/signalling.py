"""How many views a second the program tells, and how soon it answers: `python -m tests.bench.signalling`.

Three hundred people in fifty rooms of the real program (a process of its own, journal in SQLite, flushed at every
commit), on one core; they are on the other.  Every command changes what all six of a room see:

* calm: the fifty facilitators give the floor to one person and another, once a second each, which is much;
* led: the same as fast as the edge lets them;
* busy: all three hundred switch their cameras, as fast as the edge lets them, which is more than a core can do.

Beside it, in the same run, python-socketio alone with the same people and commands and a body as long as a view, and
SQLite alone with the very appends that the journal has recorded.  Prints a table and one line of JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, groupby
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from server import kept
from server.room.events import Fact
from server.room.ids import MeetingId, PersonId
from server.room.state import Role
from server.settings import Settings
from server.store import Database, Invitee, Journal
from server.store.schema import SessionKind
from tests.app import ROOT, RunningApp
from tests.bench.media_load import cpu_of
from tests.bench.signalling_people import EVERY, ROLES, Person, Room, name_of

ROOMS = 50
SERVER, LOAD = 0, 1
"""Cores."""
LOADS = ("calm", "led", "busy")
WARM, SECONDS = 2.0, 8.0
AT_ONCE = 8
"""Rooms that are filled at the same time."""


@dataclass(frozen=True, slots=True)
class Measured:
    what: str
    commands: float
    """Answered, a second."""
    told: float
    """Views that came to somebody, a second."""
    p50: float
    p99: float
    """Milliseconds to the answer."""
    core: float
    """Share of a core that the server took."""
    load: float
    """The same of the load: near 1, the figures are the load's and not the server's."""

    @property
    def told_per_cpu_second(self) -> float:
        return self.told / self.core


Act = Callable[[Person, Room, int], Awaitable[None]]
"""Somebody's command, the so many-th of theirs."""

# ---- what people do -------------------------------------------------------------------------------------------------


async def _grants(person: Person, room: Room, turn: int) -> None:
    await person.give("grant_floor", f',"person":"{room.people[1 + turn % 2].id}"')


async def _switches(person: Person, _: Room, turn: int) -> None:
    await person.give("set_camera", ',"on":true' if turn % 2 == 0 else ',"on":false')


async def _loads(who: str, rooms: Sequence[Room], pid: int) -> list[Measured]:
    """One after the other, as `LOADS` names them."""
    facilitators = [(room.facilitator, room) for room in rooms]
    everybody = [(person, room) for room in rooms for person in room.people]
    print(f"{who}: {len(everybody)} people in {len(rooms)} rooms", flush=True)
    return [
        await _load(f"{who}, {LOADS[0]}", facilitators, _grants, 1.0, pid),
        await _load(f"{who}, {LOADS[1]}", facilitators, _grants, EVERY, pid),
        await _load(f"{who}, {LOADS[2]}", everybody, _switches, EVERY, pid),
    ]


async def _load(what: str, busy: Sequence[tuple[Person, Room]], act: Act, every: float, pid: int) -> Measured:
    """Each of `busy` gives a command every so many seconds, and no new one before its answer."""
    begun = time.perf_counter()
    until = begun + WARM + SECONDS

    async def keep(person: Person, room: Room) -> None:
        due, turn = begun + random.random() * every, 0
        while due < until:
            await asyncio.sleep(due - time.perf_counter())
            await act(person, room, turn)
            turn += 1
            due = max(due + every, time.perf_counter())

    everyone = [person for room in {room for _, room in busy} for person in room.people]
    work = asyncio.gather(*(keep(*each) for each in busy))
    gc.collect()
    gc.disable()
    await asyncio.sleep(begun + WARM - time.perf_counter())
    for person in everyone:
        person.took.clear()
    start, told, cpu, load = time.perf_counter(), _told(everyone), cpu_of(pid), time.process_time()
    await asyncio.sleep(until - time.perf_counter())
    passed = time.perf_counter() - start
    took = sorted(each for person in everyone for each in person.took)
    measured = Measured(
        what,
        commands=len(took) / passed,
        told=(_told(everyone) - told) / passed,
        p50=1000 * took[len(took) // 2],
        p99=1000 * took[int(len(took) * 0.99)],
        core=(cpu_of(pid) - cpu) / passed,
        load=(time.process_time() - load) / passed,
    )
    await work
    gc.enable()
    return measured


def _told(people: Sequence[Person]) -> int:
    return sum(person.views for person in people)


# ---- against whom ---------------------------------------------------------------------------------------------------


@contextmanager
def _on(core: int) -> Iterator[None]:
    """What is started within has this core, and we have ours."""
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, {LOAD})


def _settings(data: Path) -> Settings:
    """Those of `RunningApp`, whatever the environment says: this must not reach anybody's real store."""
    return Settings(data_dir=data, database_url="", journal_key=SecretStr(""))


async def _plan(data: Path) -> list[list[str]]:
    """A meeting for each room in a store that the program will find; the tokens of everybody's session."""
    now = datetime.now(UTC)
    tokens = []
    async with kept.opened(_settings(data)) as store:
        for number in range(ROOMS):
            names = [PersonId(name_of(number, seat)) for seat in range(len(ROLES))]
            people = [
                Invitee(name, role, f"Person {seat}", names[1] if role is Role.SUPPORTER else None)
                for seat, (name, role) in enumerate(zip(names, ROLES, strict=True))
            ]
            await store.meetings.create("A talk", people, now=now, id=MeetingId(f"m{number}"))
            opened = [await store.sessions.open(SessionKind.PERSON, n, timedelta(hours=1), now=now) for n in names]
            tokens.append([session.token or "" for session in opened])
    return tokens


async def _ours(data: Path) -> tuple[list[Measured], int]:
    """Also how long a view is, in characters."""
    tokens = await _plan(data)
    app = RunningApp(data, PRACTICE="false")
    with _on(SERVER):
        app.start()
    try:
        rooms = [Room(number) for number in range(ROOMS)]
        some = asyncio.Semaphore(AT_ONCE)

        async def fill(room: Room) -> None:
            async with some:
                await room.connect(app.port, tokens[room.number])
                await room.begin()

        await asyncio.gather(*(fill(room) for room in rooms))
        measured = await _loads("ours", rooms, app.pid)
        people = [person for room in rooms for person in room.people]
        length = sum(person.view_bytes for person in people) // _told(people)
        await asyncio.gather(*(room.close() for room in rooms))
    finally:
        app.stop()
    return measured, length


@contextmanager
def _alone(length: int) -> Iterator[tuple[int, int]]:
    """python-socketio and nothing else: (process id, port)"""
    command = [sys.executable, "-m", "tests.bench.signalling_echo", str(length)]
    with _on(SERVER):
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.pid, int(server.stdout.readline())
    finally:
        server.terminate()
        server.wait(10)


async def _echo(length: int) -> list[Measured]:
    with _alone(length) as (pid, port):
        rooms = [Room(number) for number in range(ROOMS)]
        for room in rooms:
            await room.connect(port, [""] * len(ROLES))
        measured = await _loads("python-socketio alone", rooms, pid)
        await asyncio.gather(*(room.close() for room in rooms))
    return measured


async def _sqlite(data: Path, folder: Path) -> tuple[float, float, float]:
    """The appends that the program has made, again and again, by a writer for each room: (a second, p50 ms, p99 ms)."""
    appends: list[list[list[Fact]]] = []
    async with kept.opened(_settings(data)) as store:
        for number in range(ROOMS):
            facts = enumerate(await store.journal.read(MeetingId(f"m{number}")))
            together = groupby(facts, key=lambda each: each[1].command or each[0])
            appends.append([[fact for _, fact in group] for _, group in together])
    database = await Database.open(f"sqlite:///{folder / 'alone.sqlite3'}")
    journal = Journal(database, b"k" * 32)
    until = time.perf_counter() + SECONDS
    took: list[float] = []

    async def write(number: int) -> None:
        for again in count():
            after = 0
            for facts in appends[number]:
                if (began := time.perf_counter()) >= until:
                    return
                after = await journal.append(MeetingId(f"m{number}-{again}"), after, facts)
                took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(write(number) for number in range(ROOMS)))
    passed = time.perf_counter() - began
    await database.close()
    took.sort()
    return len(took) / passed, 1000 * took[len(took) // 2], 1000 * took[int(len(took) * 0.99)]


async def run() -> Mapping[str, Any]:
    """Measure everything and print it; what the last line says."""
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("This benchmark needs two cores: one for the server, one for the load.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _on(LOAD):
            ours, length = await _ours(folder / "data")
            echo = await _echo(length)
            appends, p50, p99 = await _sqlite(folder / "data", folder)
    print(_table([*ours, *echo]))
    print(f"SQLite alone, {ROOMS} writers: {appends:,.0f} appends a second, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    return {
        "people": ROOMS * len(ROLES),
        "view_characters": length,
        **{name: _figures(each) for name, each in zip(LOADS, ours, strict=True)},
        "socketio_alone": {name: _figures(each) for name, each in zip(LOADS, echo, strict=True)},
        "sqlite_alone": {"appends_per_second": round(appends), "p50_ms": round(p50, 1), "p99_ms": round(p99, 1)},
    }


def _figures(measured: Measured) -> Mapping[str, float]:
    return {
        "commands_per_second": round(measured.commands),
        "deliveries_per_second": round(measured.told),
        "deliveries_per_cpu_second": round(measured.told_per_cpu_second),
        "ack_p50_ms": round(measured.p50, 1),
        "ack_p99_ms": round(measured.p99, 1),
        "load_core": round(measured.load, 2),
    }


def _table(found: Sequence[Measured]) -> str:
    names = ("commands/s", "told/s", "p50 ms", "p99 ms", "core %", "load %", "told/CPU s")
    lines = [f"{'':30}" + "".join(f"{name:>12}" for name in names)]
    lines += [
        f"{m.what:30}{m.commands:12,.0f}{m.told:12,.0f}{m.p50:12.1f}{m.p99:12.1f}{100 * m.core:12.0f}"
        f"{100 * m.load:12.0f}{m.told_per_cpu_second:12,.0f}"
        for m in found
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run())))
