"""Every step of the schema: up and down with rows in the tables, and all steps together equal to `schema`.

A new step adds a pair to `ROWS`: what to write before it, and what must be true of those rows after it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from server.room.ids import PersonId
from server.room.state import Role
from server.store import Database, Invitee, Journal, Meetings, StoreDown, migrations
from server.store.errors import StoreFault, StoreNewer
from server.store.postgresql import engine as engine_of_postgresql
from server.store.schema import metadata
from server.store.sqlite import _to_wal
from server.store.sqlite import engine as engine_of_sqlite
from tests.store.conftest import KEY, NOW
from tests.store.tables import change

ROOT = Path(__file__).parents[2]
STEPS = [step.revision for step in ScriptDirectory.from_config(migrations.config()).walk_revisions()][::-1]

ROWS: dict[str, list[str]] = {
    "0001": [
        "INSERT INTO account (id, label, email, created_at) VALUES ('a', 'Fay', 'fay@example.org', :now)",
        "INSERT INTO password (account, hash, changed_at) VALUES ('a', 'h', :now)",
        "INSERT INTO setup (slot, token_hash, expires_at) VALUES (1, :hash, :now)",
        "INSERT INTO meeting (id, title, starts_at, created_by, practice, created_at, ended_at) "
        "VALUES ('m', 'Our meeting', :now, 'a', true, :now, NULL)",
        "INSERT INTO person (id, meeting, seat, role, attached_to, label, account) "
        "VALUES ('s', 'm', 0, 'supporter', 'v', 'Sue', NULL), ('v', 'm', 1, 'victim', NULL, 'June', 'a')",
        "INSERT INTO link (person, token_hash, issued_at) VALUES ('v', :hash, :now)",
        "INSERT INTO session (token_hash, id, kind, subject, opened_at, expires_at) "
        "VALUES (:hash, 'd', 'person', 'v', :now, :now)",
        "INSERT INTO journal (stream, seq, body, mac) VALUES ('m', 1, '{}', :hash)",
        "INSERT INTO journal_head (stream, seq, mac, seal) VALUES ('m', 1, :hash, :hash)",
    ],
    "0002": [
        "INSERT INTO person (id, meeting, seat, role, attached_to, label, account, relay_only) "
        "VALUES ('h', 'm', 2, 'victim', NULL, 'Hana', NULL, true)",
    ],
}
"""Step -> rows for the tables as they are after it, in an order that their references allow."""


Work = Callable[[sa.Connection], Any]


class Bare:
    """The engine that `Database.open` makes, before anything is migrated."""

    def __init__(self, url: str) -> None:
        address = sa.make_url(url)
        sqlite = address.get_backend_name() == "sqlite"
        self._sqlite = engine_of_sqlite(address, 5.0) if sqlite else None
        self._postgresql = None if sqlite else engine_of_postgresql(address, 5.0)

    async def run(self, work: Work) -> Any:
        """`work` on a connection that has begun nothing."""
        if self._sqlite is not None:
            with self._sqlite.connect() as connection:
                return work(connection)
        assert self._postgresql is not None
        async with self._postgresql.connect() as asynchronous:
            return await asynchronous.run_sync(work)

    async def move(self, revision: str) -> None:
        await self.run(lambda connection: migrations.move(connection, revision))

    async def write(self, statements: list[str]) -> None:
        values = {"now": NOW, "hash": b"\x00" * 32}

        def work(connection: sa.Connection) -> None:
            with connection.begin():
                for statement in statements:
                    query = sa.text(statement)
                    connection.execute(query, {name: values[name] for name in query.compile().params})

        await self.run(work)

    async def tables(self) -> dict[str, int]:
        """Every table and how many rows it has."""

        def work(connection: sa.Connection) -> dict[str, int]:
            names = sa.inspect(connection).get_table_names()
            return {name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in names}

        return cast(dict[str, int], await self.run(work))

    async def close(self) -> None:
        if self._sqlite is not None:
            self._sqlite.dispose()
        if self._postgresql is not None:
            await self._postgresql.dispose()


@pytest.fixture
async def bare(url: str) -> AsyncIterator[Bare]:
    made = Bare(url)
    yield made
    await made.close()


def test_every_step_has_rows_to_be_tested_with() -> None:
    assert set(ROWS) == set(STEPS)


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_goes_up_and_down_and_up_with_rows_in_the_tables(bare: Bare, step: str) -> None:
    before = STEPS[: STEPS.index(step)]
    for earlier in before:
        await bare.move(earlier)
        await bare.write(ROWS[earlier])
    empty = await bare.tables()

    await bare.move(step)
    await bare.write(ROWS[step])
    full = await bare.tables()
    assert all(full.values()), full

    await bare.move(before[-1] if before else "base")
    left = await bare.tables()
    assert left.keys() - {"alembic_version"} == empty.keys() - {"alembic_version"}
    await bare.move(step)
    assert (await bare.tables()).keys() == full.keys()


async def test_all_steps_together_make_the_schema(bare: Bare) -> None:
    await bare.move(migrations.newest())

    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "render_as_batch": True}
        )
        return list(compare_metadata(context, metadata))

    assert await bare.run(differences) == []


async def test_the_schema_and_the_steps_agree_on_what_a_comparison_does_not_see(bare: Bare, url: str) -> None:
    """Names of constraints, ON DELETE, deferral, WITHOUT ROWID: two empty databases, one made by each."""

    def shape(connection: sa.Connection) -> object:
        look = sa.inspect(connection)
        names = sorted(set(look.get_table_names()) - {"alembic_version"})
        text = {}
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
            text = {name: ("WITHOUT ROWID" in sql, "DEFERRED" in sql) for name, sql in rows if name in names}
        return text, {
            name: (
                look.get_pk_constraint(name),
                sorted(look.get_foreign_keys(name), key=lambda key: str(key["name"])),
                sorted(look.get_unique_constraints(name), key=lambda key: str(key["name"])),
                sorted(look.get_indexes(name), key=lambda key: str(key["name"])),
                [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(name)],
            )
            for name in names
        }

    await bare.move(migrations.newest())
    migrated = await bare.run(shape)
    await bare.move("base")

    def build(connection: sa.Connection) -> None:
        with connection.begin():
            metadata.create_all(connection)

    await bare.run(build)
    assert await bare.run(shape) == migrated


async def test_opening_again_changes_nothing(url: str) -> None:
    for turn in range(3):
        database = await Database.open(url)
        meetings = Meetings(database, Journal(database, KEY))
        made = await meetings.create("Meeting", (Invitee(PersonId(f"p{turn}"), Role.VICTIM, "June"),), now=NOW)
        await database.close()
    database = await Database.open(url)
    assert await Meetings(database, Journal(database, KEY)).get(made.id) == made
    await database.close()


OPENER = """
import asyncio, sys
from server.store import Database

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    database = await Database.open(sys.argv[1])
    await database.check()
    await database.close()

asyncio.run(main())
"""


async def test_several_processes_that_open_a_new_database_at_once_all_get_it(url: str) -> None:
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPENER, url, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    for child in children:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
    assert await asyncio.wait_for(asyncio.gather(*(child.wait() for child in children)), 120) == [0] * 3


async def test_who_finds_a_new_file_locked_waits_though_sqlite_would_not(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with closing(sqlite3.connect(file, timeout=0, check_same_thread=False)) as ours:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                _to_wal(ours, 0.05)
            waiting = asyncio.create_task(asyncio.to_thread(_to_wal, ours, 30))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            other.execute("COMMIT")
            await waiting
            assert ours.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_data_of_a_newer_version_is_left_alone(url: str) -> None:
    database = await Database.open(url)
    await change(database, "UPDATE alembic_version SET version_num = '9999'")
    await database.close()
    with pytest.raises(StoreNewer, match="9999"):
        await Database.open(url)


async def test_a_step_that_fails_leaves_everything_as_it_was(
    bare: Bare, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a migration could neither be opened nor repeated."""

    def half(connection: sa.Connection, revision: str) -> None:
        migrate(connection, revision)
        connection.execute(sa.text("CREATE TABLE half (x BIGINT)"))
        connection.execute(sa.text("nonsense"))

    migrate = migrations._move
    monkeypatch.setattr(migrations, "_move", half)
    with pytest.raises((StoreFault, StoreDown)):
        await Database.open(url)
    assert await bare.tables() == {}
    monkeypatch.undo()
    await (await Database.open(url)).close()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_step_that_leaves_a_dangling_reference_is_undone(bare: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite foreign keys are off while a step runs, so it is looked afterwards."""

    def careless(connection: sa.Connection, revision: str) -> None:
        connection.execute(sa.text("DELETE FROM account"))

    await bare.move(migrations.newest())
    await bare.write(ROWS["0001"])
    before = await bare.tables()
    monkeypatch.setattr(migrations, "_move", careless)
    with pytest.raises(StoreFault):
        await bare.move(migrations.newest())
    assert await bare.tables() == before
    assert await bare.run(lambda connection: connection.scalar(sa.text("PRAGMA foreign_keys"))) == 1
