"""The connections: what "acknowledged" rests on, and what happens when the database is not there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, text

from server.store import Conflict, Database, Journal
from server.store.errors import StoreFault
from server.store.schema import account, setup
from tests import postgres as private
from tests.store.conftest import KEY, NOW
from tests.store.facts import STREAM, facts
from tests.store.tables import TOKEN, change, rows

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
from tests.store.tables import TOKEN

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
