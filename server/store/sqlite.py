"""SQLite: one file, one thread that writes, a few that read.

Every transaction is one function that runs in one of those threads from its beginning to its commit.  An asyncio driver
sends each step of each statement to a thread and back: measured with aiosqlite, an append took twice as long, and cost
the event loop, which carries the media, ten times as much (1.4 ms instead of 0.13).

Runs in WAL with synchronous=FULL, so what is committed is on the disk.  A single writer also means that the writers of
this process stand in line: SQLite's own waiting is a poll that starves the unlucky.  A second process waits at
`busy_timeout`.  A file that is moved or deleted while it is open goes on accepting commits into nowhere, so every
transaction first looks whether the file is still there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from server.store import migrations
from server.store.errors import StoreDown
from server.store.translation import errors_translated

T = TypeVar("T")

_READERS = 4
_READING = "talkingpiece_reading"
_LOOK_AGAIN = 0.01
"""Seconds."""


def file_of(address: URL) -> Path:
    """Raises ValueError for a store that is no file."""
    if not address.database or address.database.startswith((":memory:", "file:")):
        raise ValueError("the store outlives the process: it needs the path of a file")
    return Path(address.database)


class Sqlite:
    """The file of `address`, made if it is not there, readable by nobody else."""

    dialect = "sqlite"

    def __init__(self, address: URL, patience: float) -> None:
        """Raises ValueError for a store that is no file."""
        self._file = file_of(address)
        self._patience = patience
        self._engine = engine(address, patience)
        self._identity: tuple[int, int] | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-reader")

    async def migrate(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._writer, self._bring_up)

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await self._in_thread(self._writer, self._engine, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._in_thread(self._readers, self._engine.execution_options(**{_READING: True}), work)

    async def close(self) -> None:
        """The last connection folds the WAL back into the file."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        await asyncio.get_running_loop().run_in_executor(self._writer, self._let_go)
        self._writer.shutdown(wait=False)

    # ---- in a thread ------------------------------------------------------------------------------------------------

    async def _in_thread(self, threads: ThreadPoolExecutor, on: Engine, work: Callable[[Connection], T]) -> T:
        queued = time.monotonic()

        def carry_out() -> T:
            if time.monotonic() - queued > self._patience:
                raise StoreDown("too many are waiting")
            if _identity(self._file) != self._identity:
                raise StoreDown("the file is not the one that was opened")
            with errors_translated(), on.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(threads, carry_out)

    def _bring_up(self) -> None:
        with errors_translated():
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # the WAL inherits its mode
            self._identity = _identity(self._file)
            with self._engine.connect() as connection:
                migrations.bring_up(connection)

    def _let_go(self) -> None:
        self._readers.shutdown(wait=True)
        with errors_translated():
            self._engine.dispose()


def engine(address: URL, patience: float) -> Engine:
    """An engine whose every connection keeps its word."""
    # isolation_level None: the driver begins nothing on its own, `_begin` below does.
    made = create_engine(
        address.set(drivername="sqlite+pysqlite"),
        hide_parameters=True,
        pool_size=_READERS + 1,
        pool_timeout=patience,
        connect_args={"isolation_level": None, "check_same_thread": False},
    )

    def _on_connect(connection: Any, record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
        _to_wal(connection, patience)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten, once the WAL is folded back

    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once: a reader that turns into a writer is refused without waiting (SQLITE_BUSY).
        reading = connection.get_execution_options().get(_READING)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    event.listen(made, "connect", _on_connect)
    event.listen(made, "begin", _begin)
    return made


def _to_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Where several processes open a new file at once, all but one may be refused here; SQLite itself does not wait."""
    until = time.monotonic() + patience
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_LOOK_AGAIN)
    if mode != "wal":  # a file system without shared memory: SQLite says so and goes on
        raise StoreDown(f"journal_mode is {mode}")


def _identity(file: Path) -> tuple[int, int] | None:
    with contextlib.suppress(OSError):
        found = file.stat()
        return found.st_dev, found.st_ino
    return None
