"""The pages on a real server and a real database, and visitors who behave as browsers do.

Only the clock, the live rooms and the browser's bundles are made up; passwords cost little here.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import io
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession, CookieJar, DummyCookieJar, web
from argon2 import PasswordHasher
from yarl import URL

from server import log
from server.clock import Alarm
from server.http.attempts import Attempts
from server.http.edge import Edge
from server.http.pages import Pages
from server.http.routes import build
from server.http.serving import Deadlines, DeadlineSite
from server.http.static import BUNDLES, StaticFiles
from server.room.ids import MeetingId, PersonId
from server.store import Accounts, Database, Journal, Links, Meetings, Sessions

WEB = Path(__file__).parents[2] / "web"
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
HEAD_WITHIN = 0.5
"""Seconds; ten are given outside tests."""
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
PASSWORD = "four quiet words here"
JOURNAL_KEY = b"k" * 32
EMAIL = "ruth@example.org"


class HandClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def call_at(self, when: datetime, action: Callable[[], None]) -> Alarm:
        return asyncio.get_running_loop().call_later((when - self.time).total_seconds(), action)

    def pass_by(self, length: timedelta) -> None:
        self.time += length


@dataclass
class HeardRooms:
    """Live rooms that note what they were told."""

    people: list[MeetingId] = field(default_factory=list)
    ended: list[tuple[MeetingId, PersonId]] = field(default_factory=list)

    async def people_changed(self, meeting: MeetingId) -> None:
        self.people.append(meeting)

    async def sessions_ended(self, meeting: MeetingId, person: PersonId) -> None:
        self.ended.append((meeting, person))


@dataclass(frozen=True)
class Page:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    text: str
    path: str

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.text, re.DOTALL)
        assert found, self.text
        return html.unescape(found[1])

    def field(self, name: str) -> str:
        """What a field of a form on this page holds."""
        found = re.search(rf'<input[^>]*\bname="{re.escape(name)}"[^>]*>', self.text)
        assert found, f"no field {name} in {self.text}"
        value = re.search(r'\bvalue="([^"]*)"', found[0])
        return html.unescape(value[1]) if value else ""

    @property
    def said(self) -> str:
        """The words of the page, without its markup."""
        inner = re.sub(r"<(script|style)\b.*?</\1>", "", self.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", inner)))


class Visitor:
    """One browser: it keeps cookies and says where a request comes from, as browsers do, unless told otherwise."""

    def __init__(self, address: str, origin: str, *, cookies: bool = True) -> None:
        """`address` is where it connects; `origin` is what it takes the site for."""
        self._address, self._origin = URL(address), origin
        jar = CookieJar(unsafe=True) if cookies else DummyCookieJar()
        self.http = ClientSession(cookie_jar=jar)

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Page:
        return await self.ask("GET", path, headers=headers)

    async def post(
        self,
        path: str,
        form: Mapping[str, str] | None = None,
        /,
        *,
        headers: Mapping[str, str] | None = None,
        **more: str,
    ) -> Page:
        told = {"Sec-Fetch-Site": "same-origin", "Origin": self._origin}
        return await self.ask(
            "POST", path, headers=headers if headers is not None else told, data={**(form or {}), **more}
        )

    async def ask(self, method: str, path: str, **how: Any) -> Page:
        how.setdefault("allow_redirects", False)
        async with self.http.request(method, self._address.join(URL(path, encoded=True)), **how) as response:
            return await _read(response)

    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.http.cookie_jar}


async def _read(response: ClientResponse) -> Page:
    body = await response.text(errors="replace")
    return Page(response.status, response.headers, body, response.headers.get("Location", ""))


@dataclass
class Site:
    """The running site and what stands behind it."""

    origin: str
    """Where it is connected to, always by plain HTTP."""
    edge: Edge
    clock: HandClock
    rooms: HeardRooms
    app: web.Application
    log: io.StringIO
    """What was logged since the site was started."""
    visitors: contextlib.AsyncExitStack

    async def visitor(self, *, cookies: bool = True) -> Visitor:
        made = Visitor(self.origin, self.edge.origin, cookies=cookies)
        await self.visitors.enter_async_context(made.http)
        return made

    async def facilitator(self) -> Visitor:
        """A browser that has set up the first account and is signed in."""
        visitor = await self.visitor()
        token = await self.edge.accounts.issue_setup(now=self.clock.now())
        page = await visitor.post("/setup", token=token, label="Ruth", email=EMAIL, password=PASSWORD)
        assert page.status == 303, page.said
        return visitor


async def csrf(visitor: Visitor) -> str:
    return (await visitor.get("/")).field("csrf")


async def plan(visitor: Visitor, *people: tuple[str, str, str], **more: str) -> str:
    """Plan a meeting with (label, role, attached) rows; returns its path."""
    rows = people or (("June", "victim", ""), ("Dan", "offender", ""))
    form = {"csrf": await csrf(visitor), "title": "A conversation", "rows": str(len(rows)), "do": "plan"}
    for number, (label, role, attached) in enumerate(rows, 1):
        form |= {f"label-{number}": label, f"role-{number}": role, f"with-{number}": attached}
    page = await visitor.post("/meetings", form | more)
    assert page.status == 303, page.said
    return page.path


async def link_for(site: Site, visitor: Visitor, meeting: str, label: str) -> str:
    """Make a link for a person by the page's own button; returns the whole address."""
    people = await site.edge.meetings.people(MeetingId(meeting.rpartition("/")[2]))
    person = next(person for person in people if person.label == label)
    issued = (await site.edge.links.issued(person.meeting)).get(person.id)
    before = issued.isoformat() if issued else ""
    page = await visitor.post(f"{meeting}/people/{person.id}/link", csrf=await csrf(visitor), before=before)
    assert page.status == 200, page.said
    found = re.search(rf'value="({re.escape(site.edge.origin)}/join#[\w-]+)"', page.text)
    assert found
    return found[1]


def filled(path: str, **parts: str) -> str:
    """The path of a route with its parts put in; "x" for one that is not given."""
    done = re.sub(r"\{(\w+):(?:[^{}]|\{[^}]*\})+\}", lambda found: parts.get(found[1], "x"), path)
    assert "{" not in done, done
    return done


def bundles(folder: Path) -> StaticFiles:
    """Small files in the place of the browser's bundles."""
    (folder / "built").mkdir(parents=True)
    (folder / "icons").mkdir()
    names = {name: f"built/{name.replace('.', '-0A1B2C3D.')}" for name in BUNDLES}
    for path in names.values():
        (folder / path).write_text("/* " + "a bundle " * 40 + "*/")
    (folder / "built/manifest.json").write_text(json.dumps(names))
    (folder / "icons/appointment.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    return StaticFiles(folder)


@contextlib.asynccontextmanager
async def running(folder: Path, *, secure: bool = False, relay: bool = True) -> AsyncIterator[Site]:
    """A site with an empty database in `folder`.  `secure`: as if a proxy in front spoke TLS; `relay`: there is one."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    here = f"http://localhost:{port}"
    origins = frozenset({f"{'https' if secure else 'http'}://{host}:{port}" for host in ("localhost", "127.0.0.1")})
    clock, rooms = HandClock(), HeardRooms()
    database = await Database.open(f"sqlite:///{folder / 'site.db'}")
    accounts = Accounts(database, CHEAP)
    files = bundles(folder / "static")
    edge = Edge(
        database=database,
        accounts=accounts,
        sessions=Sessions(database),
        meetings=Meetings(database, Journal(database, JOURNAL_KEY)),
        links=Links(database),
        rooms=rooms,
        clock=clock,
        pages=Pages(WEB / "templates", files, exit_url="about:blank", time_zone="Europe/London"),
        files=files,
        attempts=Attempts(trust_proxy=True),
        origin=here.replace("http", "https") if secure else here,
        origins=origins,
        secure=secure,
        time_zone="Europe/London",
        account_session=timedelta(hours=12),
        person_session=timedelta(hours=12),
        may_hide=relay,
    )
    said = io.StringIO()
    log.configure("debug", "json", said)
    deadlines = Deadlines(HEAD_WITHIN)
    app = build(edge, deadlines)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await DeadlineSite(runner, listening, deadlines, None).start()
    async with contextlib.AsyncExitStack() as visitors:
        yield Site(here, edge, clock, rooms, app, said, visitors)
    await runner.cleanup()
    accounts.close()
    await database.close()
