"""HTTP requests by the template of their route: a path may hold an id, and a query a token."""

from __future__ import annotations

import time

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry, Counter, Histogram

from server.http.faults import route

_SOCKET = 101
"""A WebSocket is answered when it ends: how long that took says how long somebody stayed."""


class Requests:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._count = Counter(
            "talkingpiece_http_requests",
            "Requests that were answered, by the template of their route; a live line counts when it ends",
            ["method", "route", "status"],
            registry=registry,
        )
        self._duration = Histogram(
            "talkingpiece_http_request_duration_seconds",
            "From the request to its answer, by the template of the route",
            ["route"],
            buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
            registry=registry,
        )

    def counted(self) -> Middleware:
        """To stand outside of whatever turns faults into answers."""

        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            began = time.monotonic()
            try:
                response = await handler(request)
            except web.HTTPException as answer:
                self._answered(request, answer.status, time.monotonic() - began)
                raise
            self._answered(request, response.status, time.monotonic() - began)
            return response

        return count

    def _answered(self, request: web.Request, status: int, seconds: float) -> None:
        method = request.method if request.method in hdrs.METH_ALL else "other"
        self._count.labels(method, route(request), str(status)).inc()
        if status != _SOCKET:
            self._duration.labels(route(request)).observe(seconds)
