"""The one place where the program's objects are made and joined, started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path

from aiohttp import web

import web as assets
from server import kept
from server.clock import SystemClock
from server.doctor.side_door import side_door
from server.host.media_link import MediaLink
from server.host.refusals import Stalled
from server.host.registry import Registry
from server.host.turn import Turn
from server.http.attempts import Attempts
from server.http.edge import Edge
from server.http.pages import Pages
from server.http.routes import build
from server.http.serving import Deadlines, DeadlineSite
from server.http.static import StaticFiles
from server.log import logger
from server.metrics import Metrics
from server.realtime.gateway import Gateway, build_server
from server.room.ids import MeetingId, PersonId
from server.settings import Settings
from signalling.collector import calm_the_collector, collect_in_quiet
from signalling.plan import PeerId, Quality, RoomId
from signalling.plane import MediaPlane
from signalling.workers import Workers

_GOODBYE = 3.0
"""Seconds that requests under way have to end when the program stops."""

log = logger()


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

    def room_lost(self, room: RoomId) -> None:
        self.link.room_lost(room)

    def slots_changed(self, peer: PeerId, generation: str, slots: Mapping[int, PeerId]) -> None:
        self.link.slots_changed(peer, generation, slots)

    def wanted(self, peer: PeerId, generation: str, audio: bool, high: bool, low: bool) -> None:
        self.link.wanted(peer, generation, audio, high, low)

    def pictures_paused(
        self, peer: PeerId, generation: str, paused: Collection[PeerId], resting: Collection[PeerId]
    ) -> None:
        self.link.pictures_paused(peer, generation, paused, resting)

    def quality_changed(self, peer: PeerId, quality: Quality) -> None:
        self.link.quality_changed(peer, quality)


@contextlib.asynccontextmanager
async def serving(settings: Settings, listening: socket.socket, store: kept.Store) -> AsyncIterator[None]:
    """The whole program, open to browsers inside the block.  Afterwards every line is dropped, and nothing is lost.

    Raises `NotBuilt` and `TlsRefused` before anything is opened, `NoAddress` when a media port cannot be had,
    `WorkerFault` when a process for media cannot be started, and `MetricsPortTaken`.
    """
    folder = Path(assets.__file__).parent
    files = StaticFiles(folder / "static")
    context = _tls(settings)
    clock = SystemClock()
    metrics = Metrics()
    if settings.tls_certificate is not None:
        metrics.certificate(settings.tls_certificate)
    ears = _Ears()
    plane = _plane(settings, ears, metrics)
    ears.link = MediaLink(plane, _turn(settings), relay_only=settings.relay_only)
    rooms = Registry(journal=metrics.measured(store.journal), invitations=store.meetings, link=ears.link, clock=clock)
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
        may_hide=settings.may_hide,
    )
    deadlines = Deadlines()
    app = build(edge, deadlines, metrics.requests.counted())
    gateway.attach(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GOODBYE, keepalive_timeout=30.0)
    async with contextlib.AsyncExitStack() as closing:
        # It ends in the opposite order: nobody new comes, rooms end their own business, then lines, then media.
        await runner.setup()
        closing.push_async_callback(runner.cleanup)
        await plane.start()
        closing.push_async_callback(plane.stop)
        closing.push_async_callback(gateway.close)
        closing.push_async_callback(rooms.close)
        if settings.metrics_port is not None:
            where = settings.metrics_host, settings.metrics_port, settings.metrics_token.get_secret_value()
            served = metrics.served(*where, rooms=rooms, gateway=gateway, plane=plane)
            log.info("metrics_open", port=await closing.enter_async_context(served))
        site = DeadlineSite(runner, listening, deadlines, context)
        await site.start()
        closing.push_async_callback(site.stop)
        closing.enter_context(kept.address_noted(settings))
        await closing.enter_async_context(side_door(settings.data_dir, settings.port, plane))
        calm_the_collector()
        collecting = asyncio.create_task(collect_in_quiet(lambda: plane.counters.received))
        closing.callback(collecting.cancel)
        yield


def _turn(settings: Settings) -> Turn | None:
    if not settings.turn_urls:
        return None
    return Turn(settings.turn_urls, settings.turn_secret.get_secret_value(), frozenset(settings.turn_relays))


def _plane(settings: Settings, ears: _Ears, metrics: Metrics) -> MediaPlane | Workers:
    """The media plane: in this very process, or in some of its own."""
    hosts, port = settings.media_hosts, settings.media_port
    addresses = tuple(hosts) or None
    if settings.media_workers == 0:
        return MediaPlane(addresses=addresses, listener=ears, port=port, public=hosts)
    command = (sys.executable, "-m", "server.worker", settings.log_level, settings.log_format)

    def lost(worker: int, fate: str) -> None:
        log.warning("media_worker_lost", source=f"worker-{worker}", reason=fate)
        metrics.worker_lost(fate)

    return Workers(
        settings.media_workers,
        addresses=addresses,
        listener=ears,
        port=port,
        public=hosts,
        command=command,
        on_lost=lost,
    )


class TlsRefused(Exception):
    """The certificate and its key cannot be used; the message says why."""


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:
        raise TlsRefused(error.strerror or "they do not fit together") from None
    return context
