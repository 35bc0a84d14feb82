"""The headers that every answer carries, whoever made it: a page, an error, a file, or Socket.IO.

They are set where aiohttp prepares an answer, so that no handler can forget them and none can weaken them.  Libraries
for this were tried and refused: a strict one forbids camera and microphone to ourselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from aiohttp import hdrs, web

NO_STORE = "no-store"
IMMUTABLE = "public, max-age=31536000, immutable"

_OURS = ("autoplay", "camera", "clipboard-write", "fullscreen", "microphone", "screen-wake-lock", "speaker-selection")
_NOBODYS = (
    "accelerometer",
    "browsing-topics",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS = ", ".join([*(f"{name}=(self)" for name in _OURS), *(f"{name}=()" for name in _NOBODYS)])


def content_security_policy(origins: frozenset[str]) -> str:
    """Only our own files, our own forms and our own socket; nothing inline, nothing evaluated, nobody's frame.

    The socket is named beside 'self' because older Safari does not count ws: as 'self'.
    """
    sockets = sorted(
        f"ws{origin.removeprefix('http')}" for origin in origins if not (urlsplit(origin).hostname or "").count(":")
    )
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "media-src 'self' blob:",
            " ".join(["connect-src 'self'", *sockets]),
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ]
    )


def security_headers(origins: frozenset[str], *, secure: bool) -> Mapping[str, str]:
    """The exact headers of every answer.  `secure`: browsers reach us by https."""
    headers = {
        "Content-Security-Policy": content_security_policy(origins),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return MappingProxyType(headers)


def on_prepare(headers: Mapping[str, str]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """The signal for `app.on_response_prepare`.  What may be kept in a cache says so itself; all else may not."""

    async def prepare(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(headers)
        if response.headers.get(hdrs.CACHE_CONTROL) != IMMUTABLE:
            response.headers[hdrs.CACHE_CONTROL] = NO_STORE
        response.headers.popall(hdrs.SERVER, None)

    return prepare
