"""GET /health: whether this process can serve, for a container's or a proxy's watchdog.  It tells nothing else."""

from __future__ import annotations

from aiohttp import web

from server.http.edge import EDGE
from server.store import StoreDown


async def health(request: web.Request) -> web.Response:
    try:
        await request.app[EDGE].database.check()
    except StoreDown:
        return web.json_response({"status": "no database"}, status=503)
    return web.json_response({"status": "ok"})
