"""A database that is away, held, full, moved or no database: it is told (`StoreDown`), nothing is lost, it heals."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, make_url, text

from server.store import Database, Journal, StoreDown
from server.store import database as module
from server.store.schema import setup
from server.store.sqlite import engine
from tests import postgres as private
from tests.store.conftest import KEY
from tests.store.facts import STREAM, facts
from tests.store.tables import TOKEN, change, rows


async def test_a_server_that_goes_away_is_told_and_comes_back_by_itself(
    postgres: private.Postgres, postgresql: Database, address: str
) -> None:
    journal = Journal(postgresql, KEY)
    await journal.append(STREAM, 0, facts(1))
    postgres.stop()
    try:
        outcomes = await asyncio.gather(
            *(journal.append(STREAM, 1, facts(1, offset=1)) for _ in range(3)),
            journal.read(STREAM),
            postgresql.check(),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [StoreDown] * 5
        with pytest.raises(StoreDown):
            await Database.open(address)
    finally:
        postgres.start()
    await postgresql.check()  # the very first call, although every pooled connection is dead
    assert await journal.append(STREAM, 1, facts(1, offset=1)) == 2
    assert await journal.read(STREAM) == facts(2)


async def test_connections_cut_by_the_server_are_told_and_replaced(
    postgres: private.Postgres, postgresql: Database, address: str
) -> None:
    """In the middle of a transaction, by itself: what it had written is gone, and it says so."""
    mine = await rows(postgresql, "SELECT pg_backend_pid()")

    def cut_off(connection: Connection) -> None:
        connection.execute(insert(setup), TOKEN)
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StoreDown):
        await postgresql.write(cut_off)
    await postgresql.check()
    assert await rows(postgresql, "SELECT * FROM setup") == []
    direct = await postgres.connect(address)
    name = await direct.fetchval("SELECT current_database()")
    await direct.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()", name
    )
    await direct.close()
    assert await rows(postgresql, "SELECT pg_backend_pid()") != mine  # the first call after the cut, and no error


async def test_a_sqlite_file_held_by_somebody_else_is_told_and_heals(sqlite: Database, file: Path) -> None:
    journal = Journal(sqlite, KEY)
    await journal.append(STREAM, 0, facts(1))
    await change(sqlite, "PRAGMA busy_timeout = 10")  # the one connection that writes
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for _ in range(30):  # more often than the pool has connections
        with pytest.raises(StoreDown, match="SQLITE_BUSY"):
            await journal.append(STREAM, 1, facts(1, offset=1))
    assert await journal.read(STREAM) == facts(1)
    holder.execute("ROLLBACK")
    holder.close()
    assert await journal.append(STREAM, 1, facts(1, offset=1)) == 2


async def test_a_stream_held_by_somebody_else_on_the_server_is_told_and_heals(
    postgres: private.Postgres, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    database = await Database.open(address)
    await Journal(database, KEY).append(STREAM, 0, facts(1))
    holder = await postgres.connect(address)
    held = holder.transaction()
    await held.start()
    await holder.execute("SELECT * FROM journal_head FOR UPDATE")
    for journal in (Journal(database, KEY), Journal(database, KEY)):
        with pytest.raises(StoreDown, match="55P03"):  # lock_not_available
            await journal.append(STREAM, 1, facts(1, offset=1))
    await held.rollback()
    await holder.close()
    assert await journal.append(STREAM, 1, facts(1, offset=1)) == 2
    await database.close()


async def test_a_full_disk_is_told_and_heals(sqlite: Database) -> None:
    journal = Journal(sqlite, KEY)
    await journal.append(STREAM, 0, facts(1))
    [(pages,)] = await rows(sqlite, "PRAGMA page_count")
    await change(sqlite, f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreDown, match="SQLITE_FULL"):
        await journal.append(STREAM, 1, facts(400, offset=1))
    assert await journal.read(STREAM) == facts(1)
    await change(sqlite, "PRAGMA max_page_count = 1000000")
    assert await journal.append(STREAM, 1, facts(400, offset=1)) == 401


async def test_nothing_is_acknowledged_into_a_file_that_was_moved_away(sqlite: Database, file: Path) -> None:
    """SQLite itself would go on writing to the open file, wherever it is now: a restored backup would lack it all."""
    journal = Journal(sqlite, KEY)
    await journal.append(STREAM, 0, facts(1))
    elsewhere = file.with_name("elsewhere.db")
    os.replace(file, elsewhere)
    for attempt in (journal.append(STREAM, 1, facts(1, offset=1)), journal.read(STREAM), sqlite.check()):
        with pytest.raises(StoreDown):
            await attempt
    shutil.copy(elsewhere, file)  # not the file that is open
    with pytest.raises(StoreDown):
        await sqlite.check()
    os.replace(elsewhere, file)
    assert await journal.append(STREAM, 1, facts(1, offset=1)) == 2


@pytest.fixture
def rubbish(file: Path) -> None:
    file.write_bytes(b"Not a database, but long enough to look like one. " * 100)


@pytest.mark.usefixtures("rubbish")
async def test_a_file_that_is_no_database_is_told(file: Path) -> None:
    with pytest.raises(StoreDown):
        await Database.open(f"sqlite:///{file}")


@pytest.mark.usefixtures("rubbish")
async def test_a_directory_that_cannot_be_made_is_told(file: Path) -> None:
    with pytest.raises(StoreDown):
        await Database.open(f"sqlite:///{file}/store.db")


async def test_a_file_system_on_which_the_wal_cannot_work_is_told(file: Path) -> None:
    """SQLite names the mode that it took instead and goes on; here by locking with files, which share no memory."""
    made = engine(make_url(f"sqlite:///file:{file}?vfs=unix-dotfile&uri=true"), patience=1.0)
    with pytest.raises(StoreDown, match="journal_mode is delete"):
        made.connect()
    made.dispose()


async def test_who_waits_too_long_for_the_writer_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each would wait for the patience of all before it."""
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    impatient = await Database.open(f"sqlite:///{file}")
    writing, go_on = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        writing.set()
        assert go_on.wait(timeout=10)

    slow = asyncio.create_task(impatient.write(hold))
    await asyncio.to_thread(writing.wait, 10)
    waiting = [asyncio.create_task(change(impatient, "DELETE FROM setup")) for _ in range(3)]
    await asyncio.sleep(0.06)
    go_on.set()
    await slow
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["the database does not answer: too many are waiting"] * 3
    await impatient.check()
    await impatient.close()


async def test_a_closed_database_is_down_and_stays_so(database: Database) -> None:
    """A request that arrives while the program stops must not connect again."""
    await database.close()
    await database.close()
    for attempt in (database.check(), change(database, "DELETE FROM setup"), Journal(database, KEY).read(STREAM)):
        with pytest.raises(StoreDown, match="closed"):
            await attempt


async def test_closing_waits_for_what_is_under_way(sqlite: Database, file: Path) -> None:
    appends = [asyncio.create_task(change(sqlite, "DELETE FROM setup")) for _ in range(20)]
    await asyncio.sleep(0)
    await sqlite.close()
    await asyncio.gather(*appends)
    assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchone() == ("ok",)
