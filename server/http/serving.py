"""How connections are taken: with a deadline for the first request, which aiohttp does not have.

A connection that never sends a whole request head would otherwise stay open for ever, and a few thousand of them are
all that a process may have.  (An idle connection between two requests has aiohttp's own deadline.)
"""

from __future__ import annotations

import asyncio
import socket
import ssl

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_protocol import RequestHandler

HEAD_WITHIN = 10.0
"""Seconds from the connection (with TLS: from its handshake) to the end of the first request's head."""


class Deadlines:
    """The connections that have not asked for anything yet."""

    def __init__(self, head_within: float = HEAD_WITHIN) -> None:
        self._head_within = head_within
        self._waiting: dict[RequestHandler, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def begin(self, protocol: RequestHandler) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[protocol] = loop.call_later(self._head_within, self._over, protocol)

    def kept(self) -> Middleware:
        """The outermost middleware of all: a request that has reached it has come in time."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            if waiting := self._waiting.pop(request.protocol, None):
                waiting.cancel()
            return await handler(request)

        return note

    def _over(self, protocol: RequestHandler) -> None:
        del self._waiting[protocol]
        if protocol.transport is None:
            self.begin(protocol)  # still in the TLS handshake, which has a deadline of its own
        elif isinstance(protocol.transport, asyncio.WriteTransport):
            protocol.transport.abort()


class DeadlineSite(web.BaseSite):
    """`SockSite` with `Deadlines`."""

    def __init__(
        self, runner: web.AppRunner, listening: socket.socket, deadlines: Deadlines, context: ssl.SSLContext | None
    ) -> None:
        super().__init__(runner, ssl_context=context, backlog=1024)
        self._listening = listening
        self._deadlines = deadlines

    @property
    def name(self) -> str:
        """What aiohttp calls a site in its own messages."""
        return "deadline-site"

    async def start(self) -> None:
        await super().start()
        server = self._runner.server
        assert server is not None, "the runner was set up"

        def take() -> RequestHandler:
            protocol = server()
            self._deadlines.begin(protocol)
            return protocol

        self._server = await asyncio.get_running_loop().create_server(
            take, sock=self._listening, ssl=self._ssl_context, backlog=self._backlog
        )
