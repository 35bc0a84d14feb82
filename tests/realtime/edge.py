"""The real edge on a loopback port: aiohttp, python-socketio, the room and a store in a file.  The media are fake."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import socketio
from aiohttp import web

from server.clock import SystemClock
from server.host.media_link import MediaLink
from server.host.registry import Registry
from server.realtime.gateway import Gateway, build_server
from server.realtime.limits import Ceilings
from server.room.ids import MeetingId, PersonId
from server.room.state import Role
from server.store import Database, Journal, Meetings, Sessions
from server.store.meetings import Invitee
from server.store.schema import SessionKind
from tests.host.fakes import MEETING, FakePlane

FAY, VIC, OTT, SAM, INA, OBI = (PersonId(name) for name in ("fay", "vic", "ott", "sam", "ina", "obi"))
ROLES = {
    FAY: Role.FACILITATOR,
    VIC: Role.VICTIM,
    OTT: Role.OFFENDER,
    SAM: Role.SUPPORTER,
    INA: Role.INTERPRETER,
    OBI: Role.OBSERVER,
}
ORIGIN = "http://meet.test"
PATIENCE = 5.0


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait for something that is about to be true."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  # many things can make it true, most of them far away
            await asyncio.sleep(0.005)


@dataclass(eq=False)
class Browser:
    """A real Socket.IO client with one person's cookie, that keeps everything it hears."""

    edge: Edge
    person: PersonId
    token: str
    client: socketio.AsyncClient = field(default_factory=lambda: socketio.AsyncClient(reconnection=False))
    told: list[tuple[str, Any]] = field(default_factory=list)
    receives: bool = True

    def __post_init__(self) -> None:
        @self.client.on("*")  # type: ignore[untyped-decorator]  # python-socketio has no types
        async def hear(event: str, body: Any) -> None:
            self.told.append((event, body))
            if event == "message" and self.receives:
                await self.client.emit("received", {"id": body["id"]})

    async def open(self, *, auth: object = None, origin: str | None = ORIGIN, cookie: str | None = None) -> Browser:
        headers = {"Cookie": cookie if cookie is not None else f"tp_{self.person}={self.token}"}
        if origin is not None:
            headers["Origin"] = origin
        await self.client.connect(
            self.edge.url,
            headers=headers,
            auth=auth if auth is not None else {"person": self.person},
            transports=["websocket"],
            socketio_path="live",
            wait_timeout=PATIENCE,
        )
        return self

    async def ask(self, event: str, body: object) -> Any:
        return await self.client.call(event, body, timeout=PATIENCE)

    async def give(self, type_: str, id_: str = "", **fields: object) -> Any:
        return await self.ask("command", {"id": id_ or str(uuid.uuid4()), "type": type_, **fields})

    async def must(self, type_: str, **fields: object) -> None:
        answer = await self.give(type_, "", **fields)
        assert answer["ok"], (type_, answer)

    def of(self, event: str) -> list[Any]:
        return [body for kind, body in self.told if kind == event]

    @property
    def view(self) -> Any:
        views = self.of("view")
        return views[-1]["view"] if views else None

    async def seen(self, condition: Callable[[Any], object]) -> None:
        """Wait until this person's view is so."""
        await until(lambda: self.view is not None and condition(self.view))

    async def close(self) -> None:
        await self.client.disconnect()


@dataclass(eq=False)
class Edge:
    """The running edge and one meeting."""

    url: str
    gateway: Gateway
    registry: Registry
    plane: FakePlane
    sessions: Sessions
    meeting: MeetingId
    browsers: list[Browser] = field(default_factory=list)

    async def session(self, person: PersonId, ttl: timedelta = timedelta(hours=1)) -> str:
        opened = await self.sessions.open(SessionKind.PERSON, person, ttl, now=SystemClock().now())
        assert opened.token is not None
        return opened.token

    async def browser(self, person: PersonId, token: str = "") -> Browser:
        browser = Browser(self, person, token or await self.session(person))
        self.browsers.append(browser)
        return browser

    async def arrive(self, person: PersonId, token: str = "") -> Browser:
        """A browser that is in and has its first view."""
        browser = await (await self.browser(person, token)).open()
        await until(lambda: browser.view)
        return browser

    async def join_media(self, browser: Browser) -> None:
        assert (await browser.ask("media", {"kind": "join"}))["ok"]
        await until(lambda: any(word["kind"] == "offer" for word in browser.of("media")))
        offer = [word for word in browser.of("media") if word["kind"] == "offer"][-1]
        answer = {"kind": "answer", "generation": offer["generation"], "sdp": "v=0"}
        assert (await browser.ask("media", answer))["ok"]

    async def begun(self, *people: PersonId) -> list[Browser]:
        """Fay and these people in the circle, under way, in open mode."""
        fay = await self.arrive(FAY)
        await self.join_media(fay)
        others = [person for person in ROLES if person not in (FAY, *people)]
        await fay.must("set_arrival_order", order=[*people, *others])
        await fay.must("open_doors")
        browsers = [fay]
        for person in people:
            browser = await self.arrive(person)
            await browser.must("answer_door", willing="yes")
            await self.join_media(browser)
            await fay.must("admit", person=person)
            await browser.must("enter_now")
            browsers.append(browser)
        await fay.must("begin")
        await fay.must("set_mode", mode="open")
        return browsers


@contextlib.asynccontextmanager
async def running(folder: Path, ceilings: Ceilings | None = None) -> AsyncIterator[Edge]:
    """A new meeting and everything in front of it."""
    database = await Database.open(f"sqlite:///{folder / 'edge.sqlite3'}")
    clock = SystemClock()
    journal = Journal(database, b"k" * 32)
    meetings, sessions = Meetings(database, journal), Sessions(database)
    attached: Mapping[PersonId, PersonId] = {SAM: VIC, INA: OTT}
    meeting = MEETING
    if await meetings.get(meeting) is None:
        people = [Invitee(person, role, person.title(), attached.get(person)) for person, role in ROLES.items()]
        await meetings.create("A talk", people, now=clock.now(), id=meeting)
    plane = FakePlane()
    link = MediaLink(plane)
    plane.link = link
    registry = Registry(journal=journal, invitations=meetings, link=link, clock=clock)
    gateway = build_server(
        registry=registry,
        sessions=sessions,
        people=meetings,
        clock=clock,
        origins=frozenset({ORIGIN}),
        secure=False,
        address_of=lambda request: request.remote or "",
        ceilings=ceilings,
    )
    app = web.Application()
    gateway.attach(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    edge = Edge(f"http://127.0.0.1:{port}", gateway, registry, plane, sessions, meeting)
    try:
        yield edge
    finally:
        for browser in edge.browsers:
            await browser.close()
        await registry.close()
        await gateway.close()
        await runner.cleanup()
        await database.close()


@dataclass(eq=False)
class RawSocket:
    """A WebSocket that may say anything."""

    socket: aiohttp.ClientWebSocketResponse

    async def say(self, *frames: str | bytes) -> None:
        for frame in frames:
            if isinstance(frame, bytes):
                await self.socket.send_bytes(frame)
            else:
                await self.socket.send_str(frame)

    async def connect(self, person: PersonId) -> None:
        """CONNECT as our own browser code does, and wait until we are in."""
        await self.say("40" + json.dumps({"person": person}))
        while not (await self.hear()).startswith("40"):
            pass

    async def hear(self) -> str:
        """The next packet.  Our answers to pings are given on the way.  Raises EOFError at the end."""
        async with asyncio.timeout(PATIENCE + 15):
            while True:
                message = await self.socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise EOFError
                if message.data == "2":
                    with contextlib.suppress(ConnectionError):
                        await self.socket.send_str("3")
                    continue
                return str(message.data)

    async def everything(self) -> list[str]:
        """All packets until the server closes."""
        heard = []
        with contextlib.suppress(EOFError):
            while True:
                heard.append(await self.hear())
        return heard


@contextlib.asynccontextmanager
async def raw_socket(
    edge: Edge, *, token: str = "", person: PersonId = VIC, headers: Mapping[str, str] | None = None
) -> AsyncIterator[RawSocket]:
    """A socket with our Origin (unless `headers` says otherwise) and perhaps a cookie."""
    given = {"Origin": ORIGIN, "Cookie": f"tp_{person}={token}"} if headers is None else headers
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{edge.url}/live/?EIO=4&transport=websocket", headers=given, max_msg_size=0) as socket,
    ):
        yield RawSocket(socket)
