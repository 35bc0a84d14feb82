"""GET /metrics on a port of its own: the pages' is everybody's, this one is for whoever looks after the program."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import AsyncIterator

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler


class MetricsPortTaken(Exception):
    """The port for figures cannot be used; the message says why."""


@contextlib.asynccontextmanager
async def serve(registry: CollectorRegistry, host: str, port: int, token: str) -> AsyncIterator[int]:
    """Open inside the block; the port that was taken comes out.  With a `token` only for who shows it (RFC 6750).

    Raises `MetricsPortTaken`.
    """
    app = web.Application()
    app.router.add_get("/metrics", _guarded(make_aiohttp_handler(registry), token))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise MetricsPortTaken(error.strerror or "it cannot be opened") from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _guarded(handler: Handler, token: str) -> Handler:
    async def guard(request: web.Request) -> web.StreamResponse:
        kind, _, shown = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if token and not (
            kind.lower() == "bearer" and hmac.compare_digest(shown.strip().encode("utf-8", "replace"), token.encode())
        ):
            return web.Response(status=401, text="Show the token.\n", headers={hdrs.WWW_AUTHENTICATE: "Bearer"})
        return await handler(request)

    return guard
