"""Databases that another version has written, that were changed, or whose key is gone."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from server.doctor.database import database
from server.doctor.findings import State
from tests.app import RunningApp
from tests.doctor.case import broken, case, only, wants_attention
from tests.folder import contents


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one meeting in it, as the program left it."""
    app = RunningApp(tmp_path_factory.mktemp("made") / "data")
    assert app.command("practice", "--json", PORT="8080").returncode == 0
    return app.data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(made, tmp_path / "data"))


def change(data: Path, statement: str) -> None:
    with sqlite3.connect(data / "talkingpiece.sqlite3") as connection:
        connection.execute(statement)
    connection.close()


async def test_a_whole_one(data: Path) -> None:
    before = contents(data)
    found = await only(database, case(data.parent))
    assert (found.state, found.cure) == (State.OK, "")
    assert "meetings: 1" in found.says
    assert contents(data) == before


async def test_none_yet(tmp_path: Path) -> None:
    assert (await only(database, case(tmp_path))).state is State.OK
    assert contents(tmp_path) == {}


async def test_one_of_a_newer_version(data: Path) -> None:
    change(data, "UPDATE alembic_version SET version_num = '2000'")
    assert broken(await only(database, case(data.parent)), "newer version", "2000", "backup")


async def test_one_of_an_older_version(data: Path) -> None:
    change(data, "UPDATE alembic_version SET version_num = '0001'")
    older, whole = await database(case(data.parent))
    assert wants_attention(older, "older version", "backup")
    assert whole.state is State.OK


async def test_a_changed_journal(data: Path) -> None:
    change(data, "UPDATE journal SET body = replace(body, '2026', '2027')")
    assert broken(await only(database, case(data.parent)), "is not what was written, from fact 1 on")


async def test_a_lost_key_is_told_and_none_is_made(data: Path) -> None:
    (data / "journal.key").unlink()
    assert broken(await only(database, case(data.parent)), "the key that seals it is gone", "journal.key")
    assert not (data / "journal.key").exists()


async def test_the_key_of_another_programme(data: Path) -> None:
    looked_at = case(data.parent, journal_key="another key of more than thirty-two letters")
    assert broken(await only(database, looked_at), "Is it the right key?")


async def test_a_file_that_is_no_database(data: Path) -> None:
    (data / "talkingpiece.sqlite3").write_text("Dear diary, " * 1000)
    assert broken(await only(database, case(data.parent)), "NOTADB")


async def test_a_server_that_does_not_answer_and_its_password(tmp_path: Path) -> None:
    url = "postgresql://somebody:geheim@127.0.0.1:1/none"
    found = await only(database, case(tmp_path, database_url=url))
    assert broken(found, "does not answer", "TALKINGPIECE_DATABASE_URL")
    assert "geheim" not in str(found)


async def test_a_database_of_another_kind(tmp_path: Path) -> None:
    assert broken(await only(database, case(tmp_path, database_url="mysql://h/n")), "not mysql")
