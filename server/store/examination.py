"""Looking at a database without touching it: no table is made, no step is taken, no lock is held that hurts anybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, text

from server.room.ids import MeetingId
from server.store import migrations
from server.store.database import Database
from server.store.errors import ChainBroken
from server.store.journal import Journal
from server.store.schema import journal, journal_head


class Schema(StrEnum):
    NONE = "none"
    """There are no tables yet."""
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    """Or another program's: its revision is none of ours."""


@dataclass(frozen=True, slots=True)
class Examined:
    schema: Schema
    revision: str | None
    damage: str = ""
    """What SQLite says of itself; empty when it is whole, or not SQLite."""
    durable: bool = True
    """What is committed is on the disk."""
    clock: datetime | None = None
    """The time there, if the database has a clock of its own."""
    streams: int = 0
    facts: int = 0
    broken: tuple[tuple[MeetingId, int], ...] = ()
    """Streams that are not what was written, each with the first fact of which that is so."""


async def examine(url: str, key: bytes | None) -> Examined:
    """`key` seals the journal; without it the chains are not followed.

    Raises `StoreDown`, and ValueError for a URL of another kind or a key that is too short.
    """
    database = await Database.for_reading(url)
    if database is None:
        return Examined(Schema.NONE, None)
    try:
        return await _examine(database, key)
    finally:
        await database.close()


async def _examine(database: Database, key: bytes | None) -> Examined:
    revision = await database.read(migrations.revision)
    schema = _schema(revision)
    if schema in (Schema.NONE, Schema.NEWER):
        return Examined(schema, revision)
    damage, durable, clock = "", True, None
    if database.dialect == "sqlite":
        damage = await database.read(_scalar("PRAGMA quick_check(1)"))
        damage = "" if damage == "ok" else damage
    else:
        shown = [await database.read(_scalar(f"SHOW {name}")) for name in ("fsync", "full_page_writes")]
        durable, clock = shown == ["on", "on"], await database.read(_scalar("SELECT clock_timestamp()"))
    if damage:
        return Examined(schema, revision, damage)
    streams = await database.read(_streams)
    facts = await database.read(lambda connection: connection.scalars(select(func.count()).select_from(journal)).one())
    broken = []
    for stream in streams if key is not None else ():
        try:
            await Journal(database, key or b"").verify(stream)
        except ChainBroken as at:
            broken.append((stream, at.seq))
    return Examined(schema, revision, "", durable, clock, len(streams), facts, tuple(broken))


def _schema(revision: str | None) -> Schema:
    if revision is None:
        return Schema.NONE
    if revision == migrations.newest():
        return Schema.CURRENT
    return Schema.OLDER if revision in migrations.known() else Schema.NEWER


def _scalar(question: str) -> Callable[[Connection], Any]:
    return lambda connection: connection.scalar(text(question))


def _streams(connection: Connection) -> list[MeetingId]:
    """Also those whose head was taken away."""
    both = select(journal_head.c.stream).union(select(journal.c.stream))
    return sorted(connection.scalars(both))
