"""Every step of the schema: up and down with rows in the tables, and all steps together equal to `schema`.

A new step adds a pair to `ROWS`: what to write before it, and what must be true of those rows after it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from server.room.ids import PersonId
from server.room.state import Role
from server.store import Database, Invitee, Journal, Meetings, StoreDown, migrations
from server.store import database as module
from server.store.errors import StoreFault, StoreNewer
from server.store.schema import metadata
from tests.store.conftest import KEY, NOW

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
}
"""Step -> rows for the tables as they are after it, in an order that their references allow."""


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    """As `Database.open` makes it, before anything is migrated."""
    address = module._with_driver(sa.make_url(url))
    made = module._sqlite(address) if address.get_backend_name() == "sqlite" else module._postgresql(address)
    yield made
    await made.dispose()


async def _move(engine: AsyncEngine, revision: str) -> None:
    async with engine.connect() as connection:
        await migrations.move(connection, revision)


async def _write(engine: AsyncEngine, statements: list[str]) -> None:
    values = {"now": NOW, "hash": b"\x00" * 32}
    async with engine.begin() as connection:
        for statement in statements:
            query = sa.text(statement)
            await connection.execute(query, {name: values[name] for name in query.compile().params})


async def _tables(engine: AsyncEngine) -> dict[str, int]:
    """Every table and how many rows it has."""
    async with engine.begin() as connection:
        names = await connection.run_sync(lambda c: sa.inspect(c).get_table_names())
        return {name: await connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in names}


def test_every_step_has_rows_to_be_tested_with() -> None:
    assert set(ROWS) == set(STEPS)


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_goes_up_and_down_and_up_with_rows_in_the_tables(engine: AsyncEngine, step: str) -> None:
    before = STEPS[: STEPS.index(step)]
    for earlier in before:
        await _move(engine, earlier)
        await _write(engine, ROWS[earlier])
    empty = await _tables(engine)

    await _move(engine, step)
    await _write(engine, ROWS[step])
    full = await _tables(engine)
    assert all(full.values()), full

    await _move(engine, before[-1] if before else "base")
    left = await _tables(engine)
    assert left.keys() - {"alembic_version"} == empty.keys() - {"alembic_version"}
    await _move(engine, step)
    assert (await _tables(engine)).keys() == full.keys()


async def test_all_steps_together_make_the_schema(engine: AsyncEngine) -> None:
    await _move(engine, migrations.newest())

    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "render_as_batch": True}
        )
        return list(compare_metadata(context, metadata))

    async with engine.begin() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_schema_and_the_steps_agree_on_what_a_comparison_does_not_see(engine: AsyncEngine, url: str) -> None:
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

    await _move(engine, migrations.newest())
    async with engine.begin() as connection:
        migrated = await connection.run_sync(shape)
    await _move(engine, "base")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        assert await connection.run_sync(shape) == migrated


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
    assert await asyncio.wait_for(asyncio.gather(*(child.wait() for child in children)), 30) == [0] * 3


async def test_data_of_a_newer_version_is_left_alone(url: str) -> None:
    database = await Database.open(url)
    async with database.transaction() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    with pytest.raises(StoreNewer, match="9999"):
        await Database.open(url)


async def test_a_step_that_fails_leaves_everything_as_it_was(
    engine: AsyncEngine, url: str, monkeypatch: pytest.MonkeyPatch
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
    assert await _tables(engine) == {}
    monkeypatch.undo()
    await (await Database.open(url)).close()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_step_that_leaves_a_dangling_reference_is_undone(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite foreign keys are off while a step runs, so it is looked afterwards."""

    def careless(connection: sa.Connection, revision: str) -> None:
        connection.execute(sa.text("DELETE FROM account"))

    await _move(engine, migrations.newest())
    await _write(engine, ROWS["0001"])
    before = await _tables(engine)
    monkeypatch.setattr(migrations, "_move", careless)
    with pytest.raises(StoreFault):
        await _move(engine, migrations.newest())
    assert await _tables(engine) == before
    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
