"""Past the program, straight at the rows: what somebody with the database in their hands could do or see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from server.store import Database


async def rows(database: Database, query: str, **values: object) -> list[tuple[Any, ...]]:
    async with database.reading() as connection:
        return [tuple(row) for row in await connection.execute(text(query), values)]


async def change(database: Database, statement: str, **values: object) -> int:
    """Returns how many rows it touched."""
    async with database.transaction() as connection:
        return (await connection.execute(text(statement), values)).rowcount
