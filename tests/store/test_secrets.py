"""What is in the files of the database: no token, no password, and in the journal no name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from server.room.commands import Seat
from server.room.events import Event, Fact
from server.room.state import Timings
from server.store import Accounts, Database, Invitee, Links, Meetings, SessionKind, Sessions
from tests.store.conftest import NOW
from tests.store.tables import change, rows

PASSWORD = "correct horse battery"


def _bytes(url: str) -> bytes:
    file = Path(url.removeprefix("sqlite:///"))
    return b"".join(part.read_bytes() for part in file.parent.iterdir())


async def _everything(database: Database) -> bytes:
    """Every value of every table, as bytes."""
    tables = ("account", "password", "setup", "meeting", "person", "link", "session", "journal", "journal_head")
    values = [value for table in tables for row in await rows(database, f"SELECT * FROM {table}") for value in row]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


async def test_what_opens_a_door_is_not_in_the_database(
    url: str,
    database: Database,
    accounts: Accounts,
    meetings: Meetings,
    links: Links,
    sessions: Sessions,
    people: tuple[Invitee, ...],
) -> None:
    first = await accounts.issue_setup(now=NOW)
    fay = await accounts.create_first(first, label="Fay", email="fay@example.org", password=PASSWORD, now=NOW)
    await meetings.create("Our meeting", people, now=NOW, created_by=fay.id)
    link = await links.issue(people[2].id, now=NOW)
    session = (await sessions.open(SessionKind.PERSON, people[2].id, timedelta(hours=1), now=NOW)).token
    assert session is not None
    found = await _everything(database)
    if database.dialect == "sqlite":
        found += _bytes(url)
    assert b"June" in found  # the search finds what is there
    for secret in (first, link, session, PASSWORD):
        assert secret.encode() not in found


async def test_no_name_is_in_the_journal(database: Database, meetings: Meetings, people: tuple[Invitee, ...]) -> None:
    meeting = await meetings.create("A matter of June's", people, now=NOW)
    await meetings.set_label(people[2].id, "June Example")
    journal = str([await rows(database, f"SELECT * FROM {table}") for table in ("journal", "journal_head")])
    assert meeting.id in journal
    for name in ("matter", "June", "Otis", "Fay"):
        assert name not in journal


def test_no_fact_has_room_for_a_word_that_somebody_said() -> None:
    """The journal keeps every field of every event, so what a field may hold is decided here: ids, words of a closed
    set, times, numbers.  A field of free text would be recorded for ever (R34)."""
    contentless = {"PersonId", "DeviceId", "CommandId", "Seat", "Timings", "bool", "datetime", "timedelta", "NoneType"}
    contentless |= {"Role", "Phase", "Mode", "Signal", "Willing", "Departure"}

    def names(hint: object) -> set[str]:
        if parts := [part for part in get_args(hint) if part is not Ellipsis]:
            return set().union(*(names(part) for part in parts))
        return {getattr(hint, "__name__", repr(hint))}

    for kind in (*get_args(Event), Seat, Timings, Fact):
        for field, hint in get_type_hints(kind).items():
            if kind is Fact and field == "event":
                continue
            assert names(hint) <= contentless, f"{kind.__name__}.{field}"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_what_is_deleted_is_overwritten_once_the_wal_is_folded_back(
    url: str, meetings: Meetings, database: Database, people: tuple[Invitee, ...]
) -> None:
    """Erasing will rest on this; PostgreSQL has its VACUUM, and backups are another matter."""
    meeting = await meetings.create("A title to forget", people, now=NOW)
    assert b"A title to forget" in _bytes(url)
    await change(database, "DELETE FROM person")
    await change(database, "DELETE FROM meeting WHERE id = :id", id=meeting.id)
    await database.close()
    assert b"A title to forget" not in _bytes(url)
    assert b"June" not in _bytes(url)
