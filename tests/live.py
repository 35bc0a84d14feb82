"""People of a running program, without a browser: they open their link and hold a live connection.

Their sound and pictures, where a test needs them, are `tests.signalling.client`'s.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import socketio

from tests.app import RunningApp
from tests.http.site import Visitor


@dataclass(frozen=True)
class Place:
    """What a person has who opened their link: who they are, and the cookie that says so."""

    person: str
    cookie: str

    @property
    def token(self) -> str:
        return self.cookie.partition("=")[2]


async def walk_in(app: RunningApp, link: str) -> Place:
    """From the link to the room's page."""
    token = link.partition("#")[2]
    visitor = Visitor(app.url, app.url)
    async with visitor.http:
        assert (await visitor.get(f"/join?{token}", headers={"Referer": link})).status == 200
        page = await visitor.post("/join", token=token)
        assert (await visitor.get(page.path)).status == 200
        ((name, value),) = visitor.cookies().items()
    return Place(page.path.rpartition("/")[2], f"{name}={value}")


@dataclass(eq=False)
class Connection:
    """One person's live connection, and everything that it was told."""

    client: socketio.AsyncClient
    told: list[tuple[str, Any]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, event: str) -> list[Any]:
        return [body for kind, body in self.told if kind == event]

    @property
    def view(self) -> Any:
        """The newest one."""
        return self.of("view")[-1]["view"]

    async def give(self, type_: str, **fields: object) -> Any:
        return await self.ask("command", {"id": str(uuid.uuid4()), "type": type_, **fields})

    async def ask(self, event: str, body: object) -> Any:
        return await self.client.call(event, body, timeout=10)

    async def until(self, so: Callable[[Connection], object]) -> None:
        """Wait until this person has been told something."""
        async with asyncio.timeout(10):
            while not so(self):
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def live(app: RunningApp, place: Place) -> AsyncIterator[Connection]:
    """Connected, with a first view."""
    connection = Connection(socketio.AsyncClient(reconnection=False))

    @connection.client.on("*")  # type: ignore[untyped-decorator]  # python-socketio has no types
    async def hear(event: str, body: Any) -> None:
        connection.told.append((event, body))
        if event == "message":
            await connection.client.emit("received", {"id": body["id"]})
        connection.news.set()

    await connection.client.connect(
        app.url,
        headers={"Cookie": place.cookie, "Origin": app.url},
        auth={"person": place.person},
        transports=["websocket"],
        socketio_path="live",
    )
    await connection.until(lambda told: told.of("view"))
    yield connection
    await connection.client.disconnect()
