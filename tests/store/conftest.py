"""Every test of the store runs on both databases: it takes `url` or `database`, and gets each in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.room.ids import PersonId
from server.room.state import Role
from server.store import Accounts, Database, Invitee, Journal, Links, Meetings, Sessions, new_id
from tests import postgres as private

KEY = b"a key of thirty-two bytes or so."
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres() -> Iterator[private.Postgres]:
    with private.server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database that nobody has opened yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: private.Postgres = request.getfixturevalue("postgres")
    made = await server.create()
    yield made
    await server.drop(made)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = await Database.open(url)
    yield opened
    await opened.close()


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


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database, KEY)


@pytest.fixture
def meetings(database: Database, journal: Journal) -> Meetings:
    return Meetings(database, journal)


@pytest.fixture
def links(database: Database) -> Links:
    return Links(database)


@pytest.fixture
def sessions(database: Database) -> Sessions:
    return Sessions(database)


@pytest.fixture
def accounts(database: Database) -> Iterator[Accounts]:
    made = Accounts(database)
    yield made
    made.close()


@pytest.fixture
def people() -> tuple[Invitee, ...]:
    """Fay facilitates; June was harmed, Sue supports her and sits before her; Otis is responsible."""
    fay, sue, june, otis = (PersonId(new_id()) for _ in range(4))
    return (
        Invitee(fay, Role.FACILITATOR, "Fay"),
        Invitee(sue, Role.SUPPORTER, "Sue", attached_to=june),
        Invitee(june, Role.VICTIM, "June"),
        Invitee(otis, Role.OFFENDER, "Otis"),
    )
