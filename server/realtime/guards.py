"""python-socketio 5.18.1 and python-engineio 4.15.1 with their traps closed; every override of their insides is here.

What was measured, and what stands against it:

| trap | cure |
|---|---|
| Origin is checked only if it is sent | `Engine`: required, exactly once, and one of ours |
| polling, POST, a second request to an open socket | `Engine`: one GET that upgrades, and nothing else |
| a socket that never sends CONNECT stays for ever | `Visitor`: a deadline until it has been accepted |
| a refused, ended or second CONNECT leaves the socket open | `LiveServer`: one CONNECT a socket; then it is closed |
| an empty or non-numeric frame raises out of the library, and the socket stays half open | `TextSocket` |
| binary attachments are kept without a limit; events named `disconnect` call handlers | `packets.TextPacket` |
| each malformed packet logs a traceback | counted instead; the third one closes |
| a reader that stops reading blocks the writer, and with it the end of the socket, for ever | `TextSocket.send` |
| a line lost while `connect` waits is never reported | `LiveServer._handle_connect` looks again |
| a handler that waits holds up the answers to our pings | `LiveServer`: events return at once, acks come later |
| compression lets the length of a message tell of its words, and costs CPU | `TextSocket`: none |
| the libraries print to stderr by themselves | a logger of our own, without their words |
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs

import engineio
import socketio
from aiohttp import WSMsgType, hdrs, web
from socketio import packet

from server.clock import Alarm, Clock
from server.realtime.limits import FRAMES, Bucket, Sockets
from server.realtime.packets import TextPacket, Unreadable

PATH = "live"
LARGEST_PACKET = 64 * 1024
PING_EVERY = 5
PONG_WITHIN = 5
CONNECT_WITHIN = timedelta(seconds=5)
SENT_WITHIN = 10.0
"""Seconds that one packet may take to be written before the reader is given up."""
MALFORMED_AT_MOST = 2
"""One more closes the socket."""

_VISITOR = web.RequestKey("visitor", object)
_library_log = logging.getLogger("server.realtime.library")
_library_log.setLevel(logging.ERROR)  # their `info` and `warning` lines quote packets


class Hearer(Protocol):
    """What the edge does with a socket that has passed the guards."""

    async def connect(self, sid: str, visitor: Visitor, auth: object) -> None:
        """May somebody in?  Raises socketio's `ConnectionRefusedError`."""
        ...

    def joined(self, sid: str) -> None:
        """They are in, and can be told things."""
        ...

    def heard(self, sid: str, event: str, body: object, ack: int | None) -> None:
        """One event, in order.  Must not wait."""
        ...

    def unreadable(self, sid: str | None, visitor: Visitor) -> None:
        """Something that is no packet of ours.  `sid` is None before somebody is in."""
        ...

    def left(self, sid: str) -> None: ...


@dataclass(eq=False, slots=True)
class Visitor:
    """One open socket, from its upgrade to its end."""

    request: web.Request = field(repr=False)
    frames: Bucket
    deadline: Alarm | None = None
    sid: str | None = None
    """What Socket.IO calls them, once they have asked to come in."""
    connects: int = 0
    malformed: int = 0

    def accepted(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()

    def abort(self) -> None:
        """Cut the wire.  A browser of ours comes back by itself after that."""
        if self.request.transport is not None:
            self.request.transport.abort()

    def strike(self) -> bool:
        """One more malformed packet; True if that was one too many."""
        self.malformed += 1
        return self.malformed > MALFORMED_AT_MOST


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # python-engineio has no types
    """Engine.IO that takes WebSockets from our own pages only."""

    def __init__(
        self,
        *,
        origins: frozenset[str],
        sockets: Sockets,
        clock: Clock,
        address_of: Callable[[web.Request], str],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._origins = origins
        self._open = sockets
        self._clock = clock
        self._address_of = address_of
        self._async: dict[str, Any] = {**vars(self)["_async"], "websocket": TextSocket}

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        if not _is_upgrade(request):
            return web.Response(status=400, text="Only a WebSocket is answered here.\n")
        origin = request.headers.getall(hdrs.ORIGIN, [])
        if len(origin) != 1 or origin[0] not in self._origins:
            return web.Response(status=403, text="Only our own pages are answered here.\n")
        address = self._address_of(request)
        if not self._open.enter(address):
            return web.Response(status=503, text="Too many connections are open.\n", headers={hdrs.RETRY_AFTER: "5"})
        visitor = Visitor(request, Bucket(FRAMES, self._clock))
        request[_VISITOR] = visitor
        visitor.deadline = self._clock.call_at(self._clock.now() + CONNECT_WITHIN, visitor.abort)
        try:
            answer: web.StreamResponse = await super().handle_request(request)
            return answer
        finally:
            visitor.accepted()
            self._open.leave(address)


def _is_upgrade(request: web.Request) -> bool:
    if request.method != hdrs.METH_GET or request.headers.get(hdrs.UPGRADE, "").lower() != "websocket":
        return False
    query = parse_qs(request.query_string)
    return query.get("EIO") == ["4"] and query.get("transport") == ["websocket"] and "sid" not in query


def visitor_of(environ: dict[str, Any]) -> Visitor:
    """The socket of a request, as the libraries carry it about."""
    request: web.Request = environ["aiohttp.request"]
    visitor = request[_VISITOR]
    assert isinstance(visitor, Visitor)
    return visitor


class TextSocket:
    """The WebSocket as Engine.IO uses it: text in, text out, one at a time, and never for ever."""

    _FIRST = frozenset("134")
    """The Engine.IO packets a browser sends on a WebSocket: close, pong, message."""

    def __init__(self, handler: Callable[[TextSocket], Awaitable[None]], server: Engine) -> None:
        self._handler = handler
        self._socket = web.WebSocketResponse(max_msg_size=server.max_http_buffer_size, compress=False, timeout=2.0)
        self._visitor: Visitor | None = None

    async def __call__(self, environ: dict[str, Any]) -> web.StreamResponse:
        self._visitor = visitor_of(environ)
        await self._socket.prepare(environ["aiohttp.request"])
        try:
            await self._handler(self)
        finally:
            self._visitor.abort()  # whatever the library left half open
        return self._socket

    async def wait(self) -> str:
        """The next packet.  Raises OSError, which ends the socket, for everything that is none."""
        assert self._visitor is not None
        message = await self._socket.receive()
        if message.type is not WSMsgType.TEXT or message.data[:1] not in self._FIRST or message.data == "":
            raise OSError
        if not self._visitor.frames.take():
            raise OSError
        text: str = message.data
        return text

    async def send(self, data: str) -> None:
        assert self._visitor is not None
        try:
            async with asyncio.timeout(SENT_WITHIN):
                await self._socket.send_str(data)
        except TimeoutError:
            self._visitor.abort()
            raise

    async def close(self) -> None:
        await self._socket.close()


class LiveServer(socketio.AsyncServer):  # type: ignore[misc]  # python-socketio has no types
    """Socket.IO that tells a `Hearer` what arrives, in order, and leaves acks to it."""

    def __init__(self, hearer: Hearer, **engine: Any) -> None:
        super().__init__(
            async_mode="aiohttp",
            async_handlers=False,  # True carries out one browser's events out of order
            serializer=TextPacket,
            namespaces=["/"],
            logger=_library_log,
            engineio_logger=_library_log,
            transports=["websocket"],
            allow_upgrades=False,
            max_http_buffer_size=LARGEST_PACKET,
            ping_interval=PING_EVERY,
            ping_timeout=PONG_WITHIN,
            cors_allowed_origins=[],  # `Engine` has checked, and no other site is ever answered
            **engine,
        )
        self._hearer = hearer
        self.on("connect", self._connect)
        self.on("disconnect", self._disconnect)

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    def visitor(self, eio_sid: str) -> Visitor | None:
        environ = self.environ.get(eio_sid)
        return None if environ is None else visitor_of(environ)

    def eio_sid(self, sid: str) -> str | None:
        """The Engine.IO name of somebody's socket."""
        found: str | None = self.manager.eio_sid_from_sid(sid, "/")
        return found

    def engine_socket(self, eio_sid: str | None) -> Any:
        return self.eio.sockets.get(eio_sid)

    async def say_goodbye(self, sid: str) -> None:
        """End the Socket.IO connection in words; the browser does not come back by itself."""
        eio_sid = self.eio_sid(sid)
        if eio_sid is not None:
            await self._send_packet(eio_sid, TextPacket(packet.DISCONNECT, namespace="/"))

    # ---- overrides -----------------------------------------------------------------------------------------

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object) -> None:
        visitor = visitor_of(environ)
        visitor.sid = sid
        await self._hearer.connect(sid, visitor, auth)

    async def _disconnect(self, sid: str, _reason: str) -> None:
        self._hearer.left(sid)

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        visitor = self.visitor(eio_sid)
        if visitor is None:
            return
        try:
            if not isinstance(data, str) or not data:
                raise Unreadable
            await super()._handle_eio_message(eio_sid, data)
        except Unreadable:
            sid = self.manager.sid_from_eio_sid(eio_sid, "/")
            self._hearer.unreadable(sid if self.manager.is_connected(sid, "/") else None, visitor)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: object) -> None:
        visitor = self.visitor(eio_sid)
        if visitor is None:
            return
        visitor.connects += 1
        if visitor.connects > 1:
            visitor.abort()
            return
        with contextlib.suppress(engineio.exceptions.SocketIsClosedError):  # as below
            await super()._handle_connect(eio_sid, namespace, data)
        socket = self.engine_socket(eio_sid)
        if socket is None or socket.closed or socket.closing:
            # it went while we looked who it was, when the library would tell nobody of it
            if visitor.sid is not None:
                self._hearer.left(visitor.sid)
                await self.manager.disconnect(visitor.sid, "/", ignore_queue=True)
        elif visitor.sid is not None and self.manager.is_connected(visitor.sid, "/"):
            visitor.accepted()
            self._hearer.joined(visitor.sid)
        # else refused: the deadline closes the socket, should the browser not

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        visitor = self.visitor(eio_sid)
        await super()._handle_disconnect(eio_sid, namespace, reason)
        if visitor is not None:
            visitor.abort()

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: list[Any]) -> None:  # noqa: A002
        sid = self.manager.sid_from_eio_sid(eio_sid, "/")
        if self.manager.is_connected(sid, "/"):
            self._hearer.heard(sid, data[0], data[1], id)
