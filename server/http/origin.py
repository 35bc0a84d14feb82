"""Who may make us change something: only our own pages (CSRF), under our own name (DNS rebinding).

Three fences, each enough by itself in a browser of today: the session cookies are `SameSite=Strict`; the browser's own
`Sec-Fetch-Site` must say same-origin; and where an old browser does not send it, `Origin` must be ours.  Pages with
forms ask for the referrer policy `same-origin` in a meta tag, because under `no-referrer` a form comes with
`Origin: null`.  Forms of a signed-in account carry a token of their session on top.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from server.http.calm import Calm

SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
CSRF_FIELD = "csrf"


def only_ours(origins: frozenset[str]) -> Middleware:
    """The middleware.  `origins` is every origin that is ours, e.g. {"https://meet.example.org"}."""
    hosts = frozenset(_with_port(origin) for origin in origins)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        # A watchdog asks for /health by an address of its own choosing, and learns nothing from it.
        if request.path != "/health" and _with_port(f"{_scheme(origins)}://{request.host}") not in hosts:
            raise Calm("misdirected")
        if request.method not in SAFE and not is_same_origin(request, origins):
            raise Calm("foreign_origin")
        return await handler(request)

    return check


def is_same_origin(request: web.Request, origins: frozenset[str]) -> bool:
    site = request.headers.getall("Sec-Fetch-Site", [])
    origin = request.headers.getall(hdrs.ORIGIN, [])
    if site:
        return site == ["same-origin"] and (origin in ([], ["null"]) or _ours(origin, origins))
    return _ours(origin, origins)


def csrf_token(session_token: str) -> str:
    """The token that forms of this session carry: derived, so that nothing more needs to be stored."""
    return hmac.new(session_token.encode(), b"talkingpiece form", hashlib.sha256).hexdigest()


def is_csrf_token(given: str, session_token: str) -> bool:
    return hmac.compare_digest(given.encode(), csrf_token(session_token).encode())


def _ours(origin: list[str], origins: frozenset[str]) -> bool:
    return len(origin) == 1 and origin[0] in origins


def _scheme(origins: frozenset[str]) -> str:
    return urlsplit(next(iter(origins))).scheme


def _with_port(origin: str) -> str:
    """host:port in lower case with the port always said; "" for what is none."""
    try:
        parts = urlsplit(origin)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return ""
    return f"{(parts.hostname or '').lower()}:{port}"
