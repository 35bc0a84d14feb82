"""The connections: what "acknowledged" rests on, and what happens when the database is not there."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, make_url, text

from server.store import Conflict, Database, Journal, StoreDown
from server.store import database as module
from server.store.errors import StoreFault
from server.store.schema import account, setup
from server.store.sqlite import engine
from tests import postgres as private
from tests.store.conftest import KEY, NOW
from tests.store.facts import STREAM, facts
from tests.store.tables import change, rows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def sqlite(file: Path) -> AsyncIterator[Database]:
    opened = await Database.open(f"sqlite:///{file}")
    yield opened
    await opened.close()


@pytest.fixture
async def address(postgres: private.Postgres) -> AsyncIterator[str]:
    url = await postgres.create()
    yield url
    await postgres.drop(url)


@pytest.fixture
async def postgresql(address: str) -> AsyncIterator[Database]:
    opened = await Database.open(address)
    yield opened
    await opened.close()


# ---- what a commit is worth -----------------------------------------------------------------------------------------


async def test_every_sqlite_connection_is_set_to_keep_its_word(sqlite: Database) -> None:
    """Several readers at once, so that it is not only the first connection that is right; and the writer's."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000}
    together = threading.Barrier(4)

    def look(connection: Connection) -> dict[str, object]:
        together.wait(timeout=10)
        return pragmas(connection)

    def pragmas(connection: Connection) -> dict[str, object]:
        return {name: connection.scalar(text(f"PRAGMA {name}")) for name in wanted}

    assert await asyncio.gather(*(sqlite.read(look) for _ in range(4))) == [wanted] * 4
    assert await sqlite.write(pragmas) == wanted


async def test_postgresql_is_asked_to_wait_for_the_disk_whatever_its_default(
    postgres: private.Postgres, address: str
) -> None:
    direct = await postgres.connect(address)
    name = await direct.fetchval("SELECT current_database()")
    await direct.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await direct.close()
    opened = await Database.open(address)
    assert await rows(opened, "SHOW synchronous_commit") == [("on",)]
    await opened.close()


async def test_only_the_owner_may_read_the_file(sqlite: Database, file: Path) -> None:
    await change(sqlite, "DELETE FROM account")
    for part in (file, file.with_name("store.db-wal"), file.with_name("store.db-shm")):
        assert part.stat().st_mode & 0o077 == 0, part


async def test_closing_folds_the_wal_back_into_the_file(sqlite: Database, file: Path) -> None:
    await Journal(sqlite, KEY).append(STREAM, 0, facts(3))
    await sqlite.close()
    assert [part.name for part in file.parent.iterdir()] == ["store.db"]


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true", "mysql://root@localhost/x"]
)
async def test_a_store_that_could_not_hold_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="store"):
        await Database.open(url)


# ---- all or nothing -------------------------------------------------------------------------------------------------


TOKEN = {"slot": 1, "token_hash": b"", "expires_at": NOW}


async def test_whatever_goes_wrong_inside_a_transaction_undoes_all_of_it(database: Database) -> None:
    def fail_after_writing(connection: Connection) -> None:
        connection.execute(insert(setup), TOKEN)
        raise LookupError("ours")

    with pytest.raises(LookupError, match="ours"):
        await database.write(fail_after_writing)
    assert await rows(database, "SELECT * FROM setup") == []


async def test_a_caller_who_gives_up_leaves_all_or_nothing_and_the_next_one_goes_on(database: Database) -> None:
    """More often than there are connections, and at every point of a transaction."""

    def replace(connection: Connection) -> None:
        connection.execute(text("DELETE FROM setup"))
        connection.execute(insert(setup), TOKEN)
        connection.execute(text("UPDATE setup SET token_hash = :whole"), {"whole": b"whole"})

    for patience in range(40):
        doomed = asyncio.create_task(database.write(replace))
        for _ in range(patience):
            await asyncio.sleep(0)
        doomed.cancel()
        await asyncio.wait({doomed})
        assert await rows(database, "SELECT token_hash FROM setup") in ([], [(b"whole",)])
    await database.write(replace)
    assert await rows(database, "SELECT token_hash FROM setup") == [(b"whole",)]


async def test_writers_do_not_hold_up_readers(sqlite: Database) -> None:
    """On SQLite, where there is one writer: it is in the middle of a transaction, and readers still get an answer."""
    writing, go_on = threading.Event(), threading.Event()

    def write(connection: Connection) -> None:
        connection.execute(insert(setup), TOKEN)
        writing.set()
        assert go_on.wait(timeout=10)

    under_way = asyncio.create_task(sqlite.write(write))
    await asyncio.to_thread(writing.wait, 10)
    assert await rows(sqlite, "SELECT * FROM setup") == []
    go_on.set()
    await under_way
    assert len(await rows(sqlite, "SELECT * FROM setup")) == 1


async def test_a_reader_sees_one_state_however_often_it_looks(database: Database, url: str) -> None:
    """Somebody else commits between its two looks."""
    count = text("SELECT count(*) FROM setup")

    def look(connection: Connection) -> list[object]:
        first = connection.scalar(count)
        subprocess.run([sys.executable, "-c", COMMIT, url], cwd=ROOT, check=True, timeout=30)
        return [first, connection.scalar(count)]

    assert await database.read(look) == [0, 0]
    assert await rows(database, "SELECT count(*) FROM setup") == [(1,)]


ROOT = Path(__file__).parents[2]
COMMIT = """
import asyncio, sys
from sqlalchemy import insert
from server.store import Database
from server.store.schema import setup
from tests.store.test_database import TOKEN

async def main():
    database = await Database.open(sys.argv[1])
    await database.write(lambda connection: connection.execute(insert(setup), TOKEN))
    await database.close()

asyncio.run(main())
"""


async def test_a_reader_cannot_write(postgresql: Database) -> None:
    assert await rows(postgresql, "SHOW transaction_read_only") == [("on",)]


# ---- what the errors say --------------------------------------------------------------------------------------------


async def test_no_error_repeats_what_was_being_stored(database: Database) -> None:
    """A traceback goes to the log, and PostgreSQL quotes the offending values in its messages."""
    secret = "june@example.org"
    row = {"id": "a", "label": "June Example", "email": secret, "created_at": NOW}

    async def add(**changed: object) -> None:
        await database.write(lambda connection: connection.execute(insert(account), {**row, **changed}))

    await add()
    for wrong, kind in (({"id": "b"}, Conflict), ({"id": "c", "email": None}, Conflict)):
        with pytest.raises(kind) as raised:
            await add(**wrong)
        told = "".join(traceback.format_exception(raised.value))
        assert secret not in told
        assert "June" not in told
    with pytest.raises(StoreFault) as fault:
        await rows(database, "SELECT 1 FROM account WHERE label = :x AND nonsense", x=secret)
    assert secret not in "".join(traceback.format_exception(fault.value))


# ---- a database that is not there -----------------------------------------------------------------------------------


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


async def test_closing_waits_for_what_is_under_way(sqlite: Database, file: Path) -> None:
    appends = [asyncio.create_task(change(sqlite, "DELETE FROM setup")) for _ in range(20)]
    await asyncio.sleep(0)
    await sqlite.close()
    await asyncio.gather(*appends)
    assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchone() == ("ok",)
