"""Past the program, straight at the rows: what somebody with the database in their hands could do or see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from server.store import Database
from tests.store.conftest import NOW

TOKEN = {"slot": 1, "token_hash": b"", "expires_at": NOW}
"""A row of the table `setup`, the simplest there is."""


async def rows(database: Database, query: str, **values: object) -> list[tuple[Any, ...]]:
    return await database.read(lambda c: [tuple(row) for row in c.execute(text(query), values)])


async def change(database: Database, statement: str, **values: object) -> int:
    """Returns how many rows it touched."""
    return await database.write(lambda c: c.execute(text(statement), values).rowcount)
