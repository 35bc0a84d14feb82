"""Looking at a database that others use: everything is found, and nothing is changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from server.store import Database, Journal, StoreDown
from server.store.errors import StoreFault
from server.store.examination import Schema, examine
from tests import postgres as private
from tests.folder import contents
from tests.store.conftest import KEY
from tests.store.facts import STREAM, facts
from tests.store.tables import change


async def test_an_empty_one_stays_empty(url: str, tmp_path: Path) -> None:
    assert (await examine(url, KEY)).schema is Schema.NONE
    assert (await examine(url, KEY)).schema is Schema.NONE, "no table was made by looking"
    assert contents(tmp_path) == {}


async def test_a_whole_one_is_followed_to_its_end(url: str, database: Database) -> None:
    await Journal(database, KEY).append(STREAM, 0, facts(9))
    found = await examine(url, KEY)
    assert (found.schema, found.streams, found.facts, found.broken, found.damage) == (Schema.CURRENT, 1, 9, (), "")


async def test_it_is_read_beside_a_writer_and_holds_nobody_up(url: str, database: Database) -> None:
    journal = Journal(database, KEY)
    await journal.append(STREAM, 0, facts(1))
    looking = True

    async def look() -> int:
        looks = 0
        while looking:
            found = await examine(url, KEY)
            assert found.broken == ()
            looks += 1
        return looks

    eyes = asyncio.create_task(look())
    for seq in range(1, 41):
        async with asyncio.timeout(4):  # half of what a reader would have to hold it up
            await journal.append(STREAM, seq, facts(1))
    looking = False
    assert await eyes > 1
    assert (await examine(url, KEY)).facts == 41


async def test_a_changed_fact_and_a_lost_head_are_found(url: str, database: Database) -> None:
    await Journal(database, KEY).append(STREAM, 0, facts(9))
    await change(database, "UPDATE journal SET body = '{}' WHERE seq = 4")
    assert (await examine(url, KEY)).broken == ((STREAM, 4),)
    assert (await examine(url, None)).broken == (), "without the key it cannot be known"
    await change(database, "DELETE FROM journal_head")
    assert (await examine(url, KEY)).broken == ((STREAM, 4),)


async def test_another_key_is_a_broken_journal(url: str, database: Database) -> None:
    await Journal(database, KEY).append(STREAM, 0, facts(2))
    assert (await examine(url, b"x" * 32)).broken == ((STREAM, 1),)


@pytest.mark.parametrize(("revision", "schema"), [("0001", Schema.OLDER), ("9999", Schema.NEWER)])
async def test_other_versions_are_told_and_left(url: str, database: Database, revision: str, schema: Schema) -> None:
    await change(database, "UPDATE alembic_version SET version_num = :r", r=revision)
    for _ in range(2):
        found = await examine(url, KEY)
        assert (found.schema, found.revision) == (schema, revision)


async def test_one_that_was_closed_is_read_as_it_lies(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    database = await Database.open(f"sqlite:///{file}")
    await Journal(database, KEY).append(STREAM, 0, facts(3))
    await database.close()
    before = contents(tmp_path)
    assert list(before) == ["store.db"]
    assert (await examine(f"sqlite:///{file}", KEY)).facts == 3
    assert contents(tmp_path) == before


async def test_one_whose_program_was_killed_is_read_with_its_log(tmp_path: Path) -> None:
    file, copy = tmp_path / "store.db", tmp_path / "copy"
    copy.mkdir()
    database = await Database.open(f"sqlite:///{file}")
    await Journal(database, KEY).append(STREAM, 0, facts(3))
    for name, (data, _) in contents(tmp_path).items():  # as the disk has it at this moment
        if name != "copy":
            (copy / name).write_bytes(data)
    await database.close()
    assert (await examine(f"sqlite:///{copy / 'store.db'}", KEY)).facts == 3


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("Dear diary, " * 1000)
    with pytest.raises(StoreDown, match="NOTADB"):
        await examine(f"sqlite:///{tmp_path / 'store.db'}", KEY)


async def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    database = await Database.open(f"sqlite:///{file}")
    await Journal(database, KEY).append(STREAM, 0, facts(400))
    root = await database.read(lambda c: c.scalar(text("SELECT rootpage FROM sqlite_schema WHERE name = 'journal'")))
    await database.close()
    whole = bytearray(file.read_bytes())
    whole[(root - 1) * 4096 : root * 4096] = bytes(4096)
    file.write_bytes(whole)
    assert (await examine(f"sqlite:///{file}", KEY)).damage


async def test_postgresql_tells_whether_it_keeps_its_word(address: str, postgresql: Database) -> None:
    assert postgresql.dialect == "postgresql"
    found = await examine(address, KEY)
    assert not found.durable, "the tests' own server does not flush"
    assert found.clock is not None
    with private.server(durable=True) as careful:
        url = await careful.create()
        await (await Database.open(url)).close()
        assert (await examine(url, KEY)).durable


async def test_what_is_opened_for_reading_writes_nothing(sqlite: Database, file: Path) -> None:
    reader = await Database.for_reading(f"sqlite:///{file}")
    assert reader is not None
    with pytest.raises(StoreFault):
        await reader.write(lambda connection: connection.execute(text("DELETE FROM journal")))
    with pytest.raises(StoreDown, match="READONLY"):
        await reader.read(lambda connection: connection.execute(text("DELETE FROM journal")))
    await reader.close()
