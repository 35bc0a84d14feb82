"""What is left when a handler did not answer: the calm page of its code, or of a fault that was ours.

Every request is logged here, by the template of its route: never by its path, which may hold an id, nor by its query.
"""

from __future__ import annotations

import asyncio
import secrets
import time

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from server.http.calm import Calm
from server.http.pages import Pages
from server.log import logger
from server.store.errors import StoreDown

_QUIET = frozenset({"/health", "/static/{name}"})
"""Routes whose successes are not worth a line."""


def told_calmly(pages: Pages) -> Middleware:
    """The outermost middleware: nothing but an answer of ours gets past it."""
    log = logger()

    @web.middleware
    async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.monotonic()
        code = None
        try:
            response = await handler(request)
        except Calm as calm:
            code = calm.code
            response = pages.calm(calm)
        except web.HTTPRedirection:
            raise
        except web.HTTPException as refused:
            code = _CODES.get(refused.status, "fault")
            response = pages.calm(Calm(code))
            if hdrs.ALLOW in refused.headers:
                response.headers[hdrs.ALLOW] = refused.headers[hdrs.ALLOW]
        except StoreDown as down:
            code = "not_now"
            log.error("store_down", reason=down.reason.replace(" ", ":"), route=route(request))
            response = pages.calm(Calm("not_now", retry_after=30))
        except asyncio.CancelledError:
            raise
        except Exception:
            code = "fault"
            fault_id = secrets.token_hex(4)
            log.error("fault", fault_id=fault_id, route=route(request), method=request.method, exc_info=True)
            response = pages.calm(Calm("fault", detail=fault_id))
        if response.status >= 400 or route(request) not in _QUIET:
            log.info(
                "request",
                method=request.method if request.method in hdrs.METH_ALL else "other",
                route=route(request),
                status=response.status,
                ms=round((time.monotonic() - began) * 1000, 1),
                **({"code": code} if code else {}),
            )
        return response

    return tell


def route(request: web.Request) -> str:
    """The template of the route, as "/meetings/{meeting}"; "none" where there is no such page."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


_CODES = {
    400: "unreadable",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "not_a_form",
    417: "unreadable",
    429: "too_many",
}
