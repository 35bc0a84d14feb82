"""The connections: SQLite (aiosqlite) or PostgreSQL (asyncpg) behind one URL, and the one place for their errors.

What "acknowledged" means is decided here.  SQLite runs in WAL with synchronous=FULL, so a commit is on the disk when it
returns; PostgreSQL is asked for synchronous_commit=on, whatever the server's default.  Writers of this process stand in
one line before SQLite (it has a single writer, and its own waiting is a poll that starves the unlucky); a second
process waits at `busy_timeout`.

A SQLite file that is moved or deleted while it is open goes on accepting commits into nowhere, so every transaction
first looks whether the file is still there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import Connection, event, exc, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.store import migrations
from server.store.errors import Conflict, StoreDown, StoreFault

PATIENCE = 5.0
"""Seconds to wait for a connection, a lock or a free place in the pool before the database counts as down."""

_READING = "talkingpiece_reading"


class Database:
    """An open database whose schema is the newest.  Made by `Database.open`; belongs to one event loop."""

    def __init__(self, engine: AsyncEngine, file: Path | None) -> None:
        """Use `open`.  `file` is SQLite's, None for PostgreSQL."""
        self._engine = engine
        self._file = file
        self._identity = _identity(file)
        self._line = asyncio.Lock() if file else contextlib.nullcontext()
        reading: dict[str, Any] = (
            {_READING: True} if file else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._reader = engine.execution_options(**reading)

    @classmethod
    async def open(cls, url: str) -> Database:
        """Connect and migrate.  `url` is `sqlite:///path` or `postgresql://...`; the drivers are ours to choose.

        Raises `StoreDown`, `StoreNewer` (data of a newer version), or ValueError for another kind of URL.
        """
        address = _with_driver(make_url(url))
        file = _prepare(address) if address.get_backend_name() == "sqlite" else None
        engine = _sqlite(address) if file else _postgresql(address)
        try:
            with _errors_translated():
                await migrations.bring_up(engine)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine, file)

    async def close(self) -> None:
        """Let every connection go.  SQLite's last one folds the WAL back into the file."""
        with _errors_translated():
            await self._engine.dispose()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Write: all of it or nothing, on the disk when the block is left without an error.

        Raises `StoreDown`, `Conflict`, `StoreFault`; whatever the block itself raises undoes it and passes through.
        """
        with _errors_translated():
            async with self._line:
                self._look()
                async with self._engine.begin() as connection:
                    yield connection

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Read one consistent state, however many statements it takes, without standing in any writer's way."""
        with _errors_translated():
            self._look()
            async with self._reader.begin() as connection:
                yield connection

    async def check(self) -> None:
        """Returns if the database answers; raises `StoreDown` otherwise."""
        async with self.reading() as connection:
            await connection.execute(text("SELECT 1"))

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def _look(self) -> None:
        if self._file and _identity(self._file) != self._identity:
            raise StoreDown("the file is not the one that was opened")


def _with_driver(address: URL) -> URL:
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    backend = address.get_backend_name()
    if backend not in drivers:
        raise ValueError(f"the store is sqlite or postgresql, not {backend}")
    return address.set(drivername=drivers[backend])


def _prepare(address: URL) -> Path:
    """Create the file before SQLite does, readable by nobody else (the WAL inherits its mode)."""
    if not address.database or address.database.startswith((":memory:", "file:")):
        raise ValueError("the store outlives the process: it needs the path of a file")
    file = Path(address.database)
    with _errors_translated():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return file


def _identity(file: Path | None) -> tuple[int, int] | None:
    if file is None:
        return None
    with contextlib.suppress(OSError):
        found = file.stat()
        return found.st_dev, found.st_ino
    return None


def _sqlite(address: URL) -> AsyncEngine:
    # isolation_level None: the driver begins nothing on its own, `_begin` below does.
    engine = create_async_engine(
        address, hide_parameters=True, pool_timeout=PATIENCE, connect_args={"isolation_level": None}
    )

    def _on_connect(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        cursor.execute("PRAGMA journal_mode = WAL")
        if (mode := cursor.fetchone()[0]) != "wal":  # a file system without shared memory: it says so and goes on
            raise StoreDown(f"journal_mode is {mode}")
        for pragma in (
            "synchronous = FULL",
            "foreign_keys = ON",
            "secure_delete = ON",  # what is deleted is overwritten, once the WAL has been folded back
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once: a reader that turns into a writer is refused without waiting (SQLITE_BUSY).
        reading = connection.get_execution_options().get(_READING)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _postgresql(address: URL) -> AsyncEngine:
    return create_async_engine(
        address,
        hide_parameters=True,
        pool_pre_ping=True,  # without it the first caller after a restart of the server sees the dead connection
        pool_timeout=PATIENCE,
        connect_args={
            "timeout": PATIENCE,
            "command_timeout": 2 * PATIENCE,
            "server_settings": {
                "application_name": "talkingpiece",
                "synchronous_commit": "on",
                "lock_timeout": str(int(PATIENCE * 1000)),
                "jit": "off",
            },
        },
    )


_OUR_MISTAKES = ("22", "42", "SQLITE_ERROR", "SQLITE_MISMATCH", "SQLITE_RANGE", "SQLITE_TOOBIG")
"""Codes (SQLSTATE by class) that a statement of ours is to blame for; everything else is the database's trouble."""


@contextlib.contextmanager
def _errors_translated() -> Iterator[None]:
    """Drivers raise their own errors, SQLAlchemy's and the system's for the same dead server; from here on it is one.

    `from None`: the original's message may quote values ("Key (email)=(...) already exists").
    """
    try:
        yield
    except exc.IntegrityError as error:
        raise Conflict(_reason(error)) from None
    except exc.DBAPIError as error:
        if _code(error.orig).startswith(_OUR_MISTAKES):
            raise StoreFault(f"{_reason(error)} in {error.statement}") from None
        raise StoreDown(_reason(error)) from None
    except (exc.TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, OSError) as error:
        raise StoreDown(_reason(error)) from None


def _reason(error: Exception) -> str:
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    return f"{type(origin).__name__} {_code(origin)}".rstrip()


def _code(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or ""
