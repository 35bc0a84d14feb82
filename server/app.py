"""The one place where the program's objects are made and joined, started and stopped."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

import web as assets
from server.clock import SystemClock
from server.host.media_link import MediaLink
from server.host.refusals import Stalled
from server.host.registry import Registry
from server.http.attempts import Attempts
from server.http.edge import Edge
from server.http.pages import Pages
from server.http.routes import build
from server.http.serving import Deadlines, DeadlineSite
from server.http.static import StaticFiles
from server.realtime.gateway import Gateway, build_server
from server.room.ids import MeetingId, PersonId
from server.settings import Settings
from server.store import Accounts, Database, Journal, Links, Meetings, Sessions
from signalling.plan import PeerId, Quality
from signalling.plane import MediaPlane

_KEY_FILE = "journal.key"
_ADDRESS_FILE = "address"
_GOODBYE = 3.0
"""Seconds that requests under way have to end when the program stops."""


@dataclass(frozen=True, slots=True)
class Store:
    """What is kept, opened."""

    database: Database
    journal: Journal
    meetings: Meetings
    links: Links
    accounts: Accounts
    sessions: Sessions


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The store of these settings.  Several processes may have it open; the command line uses it beside the server."""
    key = journal_key(settings)
    database = await Database.open(settings.database)
    accounts = Accounts(database)
    try:
        journal = Journal(database, key)
        yield Store(database, journal, Meetings(database, journal), Links(database), accounts, Sessions(database))
    finally:
        accounts.close()
        await database.close()


def journal_key(settings: Settings) -> bytes:
    """The key that seals the journal: from the settings, or from a file that only we may read, made when it is missing.

    Two processes that start at the same moment get the same key: the file appears whole or not at all.
    """
    if given := settings.journal_key.get_secret_value():
        return given.encode()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = settings.data_dir / _KEY_FILE
    if not file.exists():
        made = settings.data_dir / f".{_KEY_FILE}.{secrets.token_hex(8)}"
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
        made.unlink()
    return file.read_bytes()


def listen(settings: Settings) -> tuple[Settings, socket.socket]:
    """Take the port; with PORT=0 a free one, which the settings that come back name.  Raises OSError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.create_server((settings.host, settings.port), family=family, backlog=1024)
    return settings.model_copy(update={"port": listening.getsockname()[1]}), listening


def address(settings: Settings) -> str:
    """Where the running program is opened, as it noted in the data directory; else what these settings say."""
    with contextlib.suppress(OSError):
        return (settings.data_dir / _ADDRESS_FILE).read_text("utf-8").strip()
    return settings.origin


@contextlib.contextmanager
def _address_noted(settings: Settings) -> Iterator[None]:
    """So that `talkingpiece practice` makes links to this program, whatever port it has taken."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = settings.data_dir / _ADDRESS_FILE
    file.write_text(f"{settings.origin}\n", "utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


class _LiveRooms:
    """What the pages tell the live rooms."""

    def __init__(self, rooms: Registry, gateway: Gateway) -> None:
        self._rooms = rooms
        self._gateway = gateway

    async def people_changed(self, meeting: MeetingId) -> None:
        with contextlib.suppress(Stalled):  # it is in the store, and the room reads it when it is opened again
            await self._rooms.people_changed(meeting)

    async def sessions_ended(self, meeting: MeetingId, person: PersonId) -> None:
        self._gateway.end_sessions(person)


class _Ears:
    """Carries what the plane says to the link, which cannot be made before the plane."""

    link: MediaLink

    def peer_up(self, peer: PeerId, generation: str) -> None:
        self.link.peer_up(peer, generation)

    def peer_down(self, peer: PeerId, generation: str) -> None:
        self.link.peer_down(peer, generation)

    def slots_changed(self, peer: PeerId, generation: str, slots: Mapping[int, PeerId]) -> None:
        self.link.slots_changed(peer, generation, slots)

    def wanted(self, peer: PeerId, generation: str, audio: bool, high: bool, low: bool) -> None:
        self.link.wanted(peer, generation, audio, high, low)

    def quality_changed(self, peer: PeerId, quality: Quality) -> None:
        self.link.quality_changed(peer, quality)


@contextlib.asynccontextmanager
async def serving(settings: Settings, listening: socket.socket, store: Store) -> AsyncIterator[None]:
    """The whole program, open to browsers inside the block.  Afterwards every line is dropped, and nothing is lost."""
    folder = Path(assets.__file__).parent
    files = StaticFiles(folder / "static")
    clock = SystemClock()
    ears = _Ears()
    plane = MediaPlane(addresses=settings.media_addresses or None, listener=ears)
    link = ears.link = MediaLink(plane)
    rooms = Registry(journal=store.journal, invitations=store.meetings, link=link, clock=clock)
    attempts = Attempts(trust_proxy=settings.trust_proxy)
    gateway = build_server(
        registry=rooms,
        sessions=store.sessions,
        people=store.meetings,
        clock=clock,
        origins=settings.origins,
        secure=settings.secure,
        address_of=attempts.caller,
    )
    edge = Edge(
        database=store.database,
        accounts=store.accounts,
        sessions=store.sessions,
        meetings=store.meetings,
        links=store.links,
        rooms=_LiveRooms(rooms, gateway),
        clock=clock,
        pages=Pages(folder / "templates", files, exit_url=settings.exit_url, time_zone=settings.time_zone),
        files=files,
        attempts=attempts,
        origin=settings.origin,
        origins=settings.origins,
        secure=settings.secure,
        time_zone=settings.time_zone,
        account_session=settings.account_session,
        person_session=settings.person_session,
    )
    await plane.start()
    deadlines = Deadlines()
    app = build(edge, deadlines)
    gateway.attach(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GOODBYE, keepalive_timeout=30.0)
    await runner.setup()
    site = DeadlineSite(runner, listening, deadlines, _tls(settings))
    await site.start()
    _calm_the_collector()
    try:
        with _address_noted(settings):
            yield
    finally:
        await site.stop()
        await rooms.close()
        await gateway.close()
        await plane.stop()
        await runner.cleanup()


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    return context


def _calm_the_collector() -> None:
    """A full collection of everything that was imported stops sound and pictures for tens of milliseconds: never look
    at it again, and look at the rest seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
