"""SQLite for somebody who only looks: beside a running program, or at a file that nobody has open.

A reader of a write-ahead log needs its index (`-shm`).  While somebody has the database open it is there, and a reader
shares it and stops no writer.  When nobody has, nothing is made: the file is whole in itself, and is read as it lies.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from server.store.errors import StoreFault
from server.store.sqlite import file_of
from server.store.translation import errors_translated

T = TypeVar("T")


class SqliteReader:
    """Each read is a transaction of its own, in a thread."""

    dialect = "sqlite"

    def __init__(self, address: URL, patience: float) -> None:
        """Raises ValueError for a store that is no file."""
        self._file = file_of(address)
        self._patience = patience
        self._engine = create_engine(
            "sqlite+pysqlite://", creator=self._connect, poolclass=NullPool, hide_parameters=True
        )
        event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))

    @property
    def is_there(self) -> bool:
        """There is a file with something in it."""
        return self._file.exists() and self._file.stat().st_size > 0

    async def migrate(self) -> None:
        raise StoreFault("a reader changes nothing")

    async def write(self, work: Callable[[Connection], T]) -> T:
        raise StoreFault("a reader changes nothing")

    async def read(self, work: Callable[[Connection], T]) -> T:
        def carry_out() -> T:
            with errors_translated(), self._engine.connect() as connection, connection.begin():
                return work(connection)

        return await asyncio.to_thread(carry_out)

    async def close(self) -> None:
        self._engine.dispose()

    def _connect(self) -> sqlite3.Connection:
        log = self._file.with_name(f"{self._file.name}-wal")
        mode = "mode=ro" if log.exists() else "mode=ro&immutable=1"
        made = sqlite3.connect(f"{self._file.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
        made.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
        made.execute("PRAGMA query_only = ON")
        return made
