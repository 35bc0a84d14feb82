"""How fast the journal records, beside what the disk alone can do: `python -m tests.bench.journal [SECONDS]`.

Each writer appends one fact and waits for its acknowledgement, as a live room does.  PostgreSQL runs with fsync on.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from server.room.ids import MeetingId
from server.store import Database, Journal
from tests import postgres
from tests.store.conftest import KEY
from tests.store.facts import facts

WRITERS = (1, 10, 100)
READ = 2000
"""Facts of the stream that is read back: about an hour's meeting of twelve people."""


@dataclass(frozen=True, slots=True)
class Measured:
    what: str
    writers: int
    per_second: float
    p50: float
    p99: float
    """Milliseconds."""


async def _hammer(what: str, writers: int, seconds: float, act: Callable[[int, int], Awaitable[object]]) -> Measured:
    """`act(writer, n)` by `writers` at once, each again as soon as it is answered."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def writer(which: int) -> None:
        n = 0
        while (began := time.perf_counter()) < until:
            await act(which, n)
            took.append(time.perf_counter() - began)
            n += 1

    began = time.perf_counter()
    await asyncio.gather(*(writer(which) for which in range(writers)))
    passed = time.perf_counter() - began
    took.sort()
    return Measured(what, writers, len(took) / passed, 1000 * took[len(took) // 2], 1000 * took[int(len(took) * 0.99)])


async def _disk(directory: Path, seconds: float) -> Measured:
    """A page appended and made durable, in the loop's own thread: the floor under every commit."""
    file = os.open(directory / "disk", os.O_CREAT | os.O_WRONLY)
    page = bytes(4096)

    async def write(_: int, __: int) -> None:
        os.write(file, page)
        os.fdatasync(file)

    measured = await _hammer("disk alone", 1, seconds, write)
    os.close(file)
    return measured


async def _journal(url: str, seconds: float) -> list[Measured]:
    database = await Database.open(url)
    journal = Journal(database, KEY)
    fact = facts(1)
    measured: list[Measured] = []
    for writers in WRITERS:
        turn = len(measured)

        async def append(which: int, n: int, turn: int = turn) -> None:
            await journal.append(MeetingId(f"{turn}-{which}"), n, fact)

        measured.append(await _hammer(f"{database.dialect}: append", writers, seconds, append))

    await journal.append(MeetingId("read"), 0, facts(READ))

    async def read(_: int, __: int) -> None:
        assert len(await journal.read(MeetingId("read"))) == READ

    measured.append(await _hammer(f"{database.dialect}: read {READ}", 1, seconds, read))
    await database.close()
    return measured


async def measure(seconds: float) -> list[Measured]:
    """Everything, on both databases; about eight times `seconds`."""
    with tempfile.TemporaryDirectory() as name:
        found = [await _disk(Path(name), seconds), *await _journal(f"sqlite:///{name}/bench.db", seconds)]
    with postgres.server(durable=True) as server:
        found += await _journal(await server.create(), seconds)
    return found


def table(found: list[Measured]) -> str:
    lines = [f"{'':24}{'writers':>9}{'per second':>12}{'p50 ms':>9}{'p99 ms':>9}"]
    lines += [f"{m.what:24}{m.writers:9}{m.per_second:12.0f}{m.p50:9.2f}{m.p99:9.2f}" for m in found]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0))))
