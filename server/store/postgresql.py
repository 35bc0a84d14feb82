"""PostgreSQL through asyncpg.

The same functions that SQLite runs in a thread run here in a greenlet of the event loop, which goes on while they wait
for the server.  The server is asked for synchronous_commit, whatever its default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from server.store import migrations
from server.store.translation import errors_translated

T = TypeVar("T")


class Postgresql:
    dialect = "postgresql"

    def __init__(self, address: URL, patience: float) -> None:
        self._engine = engine(address, patience)
        # One state for all statements of a reader, however many they are.
        self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def migrate(self) -> None:
        with errors_translated():
            async with self._engine.connect() as connection:
                await connection.run_sync(migrations.bring_up)

    async def write(self, work: Callable[[Connection], T]) -> T:
        with errors_translated():
            async with self._engine.begin() as connection:
                return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        with errors_translated():
            async with self._reader.begin() as connection:
                return await connection.run_sync(work)

    async def close(self) -> None:
        with errors_translated():
            await self._engine.dispose()


def engine(address: URL, patience: float) -> AsyncEngine:
    """An engine whose every connection keeps its word."""
    return create_async_engine(
        address.set(drivername="postgresql+asyncpg"),
        hide_parameters=True,
        pool_pre_ping=True,  # without it the first caller after a restart of the server sees the dead connection
        pool_timeout=patience,
        connect_args={
            "timeout": patience,
            "command_timeout": 2 * patience,
            "server_settings": {
                "application_name": "talkingpiece",
                "synchronous_commit": "on",
                "lock_timeout": str(int(patience * 1000)),
                "jit": "off",
            },
        },
    )
