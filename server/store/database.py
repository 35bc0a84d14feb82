"""An open database, whichever of the two it is.

A transaction is a plain function of a connection: all it does is kept together or not at all, and it is over when the
function returns.  So nobody can hold one open across an await, and each database may run it where that is cheapest
(`sqlite`, `postgresql`).  Such a function touches nothing but its connection and its own values, because
it may run in a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from server.store.errors import StoreDown
from server.store.postgresql import Postgresql
from server.store.reading import SqliteReader
from server.store.sqlite import Sqlite

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds to wait for a connection, a lock or one's turn before the database counts as down."""


class Database:
    """Made by `open`, with the newest schema.  Belongs to one event loop."""

    def __init__(self, kind: Sqlite | Postgresql | SqliteReader) -> None:
        """Use `open` or `for_reading`."""
        self._kind = kind
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> Database:
        """Connect and migrate.  `url` is `sqlite:///path` or `postgresql://...`; the drivers are ours to choose.

        Raises `StoreDown`, `StoreNewer` (data of a newer version), or ValueError for another kind of URL.
        """
        address = make_url(url)
        kinds: dict[str, type[Sqlite | Postgresql]] = {"sqlite": Sqlite, "postgresql": Postgresql}
        kind = kinds.get(address.get_backend_name())
        if kind is None:
            raise ValueError(f"the store is sqlite or postgresql, not {address.get_backend_name()}")
        made = kind(address, PATIENCE)
        try:
            await made.migrate()
        except BaseException:
            await made.close()
            raise
        return cls(made)

    @classmethod
    async def for_reading(cls, url: str) -> Database | None:
        """As it is, whatever its schema: nothing is made, migrated or written.  None if there is no such file.

        Raises ValueError for another kind of URL; whether it answers is seen by the first read.
        """
        address = make_url(url)
        if address.get_backend_name() == "postgresql":
            return cls(Postgresql(address, PATIENCE))
        if address.get_backend_name() != "sqlite":
            raise ValueError(f"the store is sqlite or postgresql, not {address.get_backend_name()}")
        file = SqliteReader(address, PATIENCE)
        return cls(file) if file.is_there else None

    async def close(self) -> None:
        """Let every connection go, when what is under way is over.  From now on the database is down."""
        if not self._closed:
            self._closed = True
            await self._kind.close()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction; when this returns, it is on the disk.

        Raises `StoreDown`, `Conflict`, `StoreFault`; whatever `work` itself raises undoes it and passes through.  A
        caller that is cancelled cannot know whether it was done.
        """
        self._must_be_open()
        return await self._kind.write(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """The answer of `work`, which sees one state of the database however often it looks, and stops no writer."""
        self._must_be_open()
        return await self._kind.read(work)

    async def check(self) -> None:
        """Returns if the database answers; raises `StoreDown` otherwise."""
        await self.read(lambda connection: connection.execute(text("SELECT 1")))

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._kind.dialect

    def _must_be_open(self) -> None:
        if self._closed:
            raise StoreDown("closed")
