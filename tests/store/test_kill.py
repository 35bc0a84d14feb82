"""kill -9 of a process that writes: whatever it said was recorded is there, and every stream still verifies.

The child (`tests.store.writer`) appends to several streams at once and opens sessions, and prints a line for each
acknowledgement.  It is killed in the middle, again and again, on the same data.  A killed process proves nothing about
a lost mains supply; that is what synchronous=FULL and synchronous_commit are there for (`test_database`).
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from server.room.ids import MeetingId
from server.store import Database, Journal, Sessions
from tests.store.conftest import KEY, NOW
from tests.store.facts import facts

ROUNDS = 4
ACKNOWLEDGED_EACH = 150


def _run_and_kill(url: str, until: int) -> list[list[str]]:
    """What the child acknowledged; it is killed as soon as it has said `until` lines."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.store.writer", url, KEY.hex()],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    lines = []
    for line in child.stdout:
        lines.append(line)
        if len(lines) == until:
            child.send_signal(signal.SIGKILL)
    assert child.wait(timeout=60) == -signal.SIGKILL
    # The last line may be torn: that one was not said.
    return [line.split() for line in lines if line.endswith("\n")]


async def test_nothing_acknowledged_is_lost_when_the_process_is_killed(url: str) -> None:
    acknowledged: dict[str, int] = defaultdict(int)
    tokens: list[str] = []
    for turn in range(ROUNDS):
        said = _run_and_kill(url, ACKNOWLEDGED_EACH + 13 * turn)
        assert len(said) >= ACKNOWLEDGED_EACH
        for kind, *rest in said:
            if kind == "fact":
                acknowledged[rest[0]] = max(acknowledged[rest[0]], int(rest[1]))
            else:
                tokens.append(rest[0])

        database = await Database.open(url)
        journal, sessions = Journal(database, KEY), Sessions(database)
        for stream, seq in acknowledged.items():
            found = await journal.read(MeetingId(stream))
            assert len(found) >= seq, f"{stream} lost {seq - len(found)} acknowledged facts"
            assert found == facts(len(found))
        for token in tokens:
            assert await sessions.find(token, now=NOW) is not None
        await database.close()
    assert len(acknowledged) == 8
    assert len(tokens) > ROUNDS
