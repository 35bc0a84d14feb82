"""The TCP way between the browsers and the program, which a test can cut for one person and mend again.

It forwards bytes and understands one thing: the person's cookie in the first request of a connection, by which it knows
whose connection it is.  Sound and pictures are UDP and do not come this way.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

_COOKIE = re.compile(rb"\btp_([\w-]+)=")
_HEAD = 64 * 1024


class Line:
    def __init__(self) -> None:
        self.port = 0
        self.to_port = 0
        """Where the program listens."""
        self._cut: set[str] = set()
        self._open: dict[asyncio.StreamWriter, frozenset[str]] = {}
        self._forgotten: set[asyncio.StreamWriter] = set()

    def cut(self, person: str) -> None:
        """Every connection of this person ends now, and new ones end as soon as they say whose they are."""
        self._cut.add(person)
        for writer, owners in self._open.items():
            if person in owners:
                writer.transport.abort()

    def forget(self, person: str) -> None:
        """What this person has open carries nothing any more, and nobody is told; new connections are good."""
        self._forgotten |= {writer for writer, owners in self._open.items() if person in owners}

    def mend(self, person: str) -> None:
        self._cut.discard(person)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a browser, until either side ends it."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            owners = frozenset(found.decode() for found in _COOKIE.findall(head))
            if self._cut.isdisjoint(owners):
                self._open[writer] = owners
                onward_reader, onward = await asyncio.open_connection("127.0.0.1", self.to_port)
                onward.write(head)
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pump(reader, onward, lambda: writer not in self._forgotten))
                    group.create_task(_pump(onward_reader, writer, lambda: writer not in self._forgotten))
        self._open.pop(writer, None)
        self._forgotten.discard(writer)
        writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: Callable[[], bool]) -> None:
    """Bytes one way; when that way ends, so does the other."""
    with suppress(OSError):
        while data := await reader.read(65536):
            if passes():
                writer.write(data)
                await writer.drain()
    writer.close()


@asynccontextmanager
async def line(host: str = "127.0.0.1") -> AsyncIterator[Line]:
    """A way whose browsers' end is at this address."""
    way = Line()
    server = await asyncio.start_server(way.carry, host, 0, limit=_HEAD)
    way.port = server.sockets[0].getsockname()[1]
    try:
        yield way
    finally:
        server.close()
        for writer in list(way._open):
            writer.transport.abort()
