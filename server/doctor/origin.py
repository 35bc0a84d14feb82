"""The address that people open, asked as their browsers ask it: by its name, through the proxy, with TLS checked."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from server.doctor.case import Case
from server.doctor.certificate import SOON
from server.doctor.findings import Finding, attention, broken, ok
from server.settings import PREFIX

ABOUT = "address"
_LIVE = "/live/?EIO=4&transport=websocket"


@dataclass(frozen=True, slots=True)
class Answer:
    ours: bool
    """It is /health of a program like this one."""
    until: datetime | None
    """How long the certificate is good."""
    date: datetime | None
    """The time by the clock of who answered."""


async def ask(origin: str) -> Answer:
    """Raises aiohttp.ClientError, OSError or TimeoutError."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
        http.get(f"{origin}/health", allow_redirects=False) as answer,
    ):
        certificate = None
        if answer.connection is not None and answer.connection.transport is not None:
            certificate = answer.connection.transport.get_extra_info("peercert")
        try:
            told = await answer.json()
            ours = isinstance(told, dict) and told.get("status") in ("ok", "no database")
        except (aiohttp.ContentTypeError, ValueError):
            ours = False
        date = answer.headers.get("Date")
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC) if certificate else None
    return Answer(ours, until, parsedate_to_datetime(date) if date else None)


async def address(case: Case) -> list[Finding]:
    origin = case.settings.origin
    if not case.runs:
        return [
            attention(ABOUT, f"{origin} was not asked, because the program does not run.", "Start it, and ask again.")
        ]
    try:
        answer = await ask(origin)
        if not answer.ours:
            return [
                broken(
                    ABOUT,
                    f"{origin} is answered by something else than the program.",
                    f"Point its proxy at port {case.settings.port}, or set {PREFIX}PUBLIC_URL.",
                )
            ]
        await _live(origin)
    except aiohttp.ClientConnectorCertificateError as fault:
        return [_untrusted(origin, fault.certificate_error, own=case.settings.tls)]
    except aiohttp.ClientConnectorDNSError:
        return [broken(ABOUT, f"The name in {origin} is not known to this machine.", "Look at its DNS entry.")]
    except aiohttp.WSServerHandshakeError as refused:
        return [
            broken(
                ABOUT,
                f"{origin} shows the pages, and turns live messages away ({refused.status}): nobody can come in.",
                "Let the proxy pass WebSockets on (Upgrade and Connection) and keep the Host and Origin as they are.",
            )
        ]
    except (aiohttp.ClientError, OSError, TimeoutError):
        return [
            attention(
                ABOUT,
                f"{origin} cannot be reached from this machine.",
                "If it can from outside (some routers do not let a machine reach its own public address), all is well; "
                "otherwise look at the proxy, the firewall and DNS.",
            )
        ]
    if answer.until is not None and (days := (answer.until - datetime.now(UTC)).days) < SOON:
        return [
            attention(
                ABOUT, f"The certificate of {origin} runs out in {days} days.", "Look why it has not been renewed yet."
            )
        ]
    return [ok(ABOUT, f"{origin} leads to the program, for pages and for live messages.")]


async def _live(origin: str) -> None:
    """Open a live line and let it go.  Raises WSServerHandshakeError when the way is shut."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
        http.ws_connect(f"{origin}{_LIVE}", headers={"Origin": origin}) as line,
    ):
        await line.receive(5)


def _untrusted(origin: str, fault: Exception, *, own: bool) -> Finding:
    why = getattr(fault, "verify_message", "") or "it is not trusted"
    where = "the program's own certificate" if own else "the proxy's certificate"
    return broken(
        ABOUT,
        f"Browsers warn at {origin}: {why}.",
        f"Look at {where}: is it the right one, whole, in time, and signed by somebody whom browsers know?",
    )
