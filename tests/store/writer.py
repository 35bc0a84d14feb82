"""A process that writes until it is killed: `python -m tests.store.writer URL KEY` (see `test_kill`).

Prints `fact STREAM SEQ` and `session TOKEN` once the store has said that it is kept.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from server.room.ids import MeetingId, PersonId
from server.store import Database, Journal, SessionKind, Sessions
from tests.store.conftest import NOW
from tests.store.facts import facts


async def _append(journal: Journal, stream: MeetingId) -> None:
    seq = len(await journal.read(stream))
    while True:
        seq = await journal.append(stream, seq, facts(1 + seq % 3, offset=seq))
        print("fact", stream, seq, flush=True)


async def _sign_in(sessions: Sessions) -> None:
    while True:
        opened = await sessions.open(SessionKind.PERSON, PersonId("june"), timedelta(days=1), now=NOW)
        print("session", opened.token, flush=True)


async def main(url: str, key: bytes) -> None:
    database = await Database.open(url)
    journal = Journal(database, key)
    await asyncio.gather(*(_append(journal, MeetingId(f"m{n}")) for n in range(8)), _sign_in(Sessions(database)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], bytes.fromhex(sys.argv[2])))
