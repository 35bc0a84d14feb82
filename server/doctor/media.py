"""Sound through the plane itself: two callers that are no people, ICE, DTLS and SRTP, in and out of the UDP port.

While the program runs it is the program's own plane, by the side door; otherwise one that is made here for the moment,
at the same port.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp

from server.doctor.case import Case
from server.doctor.findings import Finding, attention, broken, ok
from server.doctor.relay import credentials, server_of
from server.doctor.side_door import LISTENER, SPEAKER, OnPlane, Refused, Trial
from server.settings import PREFIX, Settings
from signalling.caller import Caller, Relay
from signalling.errors import NoAddress, Restarting
from signalling.insides import own_addresses
from signalling.plane import MediaPlane

ABOUT = "media"
CONNECT_WITHIN = 8.0
PACKETS = 25
"""Half a second of a voice."""


async def media(case: Case) -> list[Finding]:
    try:
        async with _trial(case) as trial:
            count = await trial.workers()
            ways = (None, *case.settings.turn_urls)
            return [await _through(trial, case.settings, way, n, count) for n in range(count) for way in ways]
    except NoAddress as nowhere:
        return [
            broken(
                ABOUT,
                f"The media plane cannot have its UDP port ({nowhere.reason}), so nothing could be sent through it.",
                "See the media port above.",
            )
        ]


@contextlib.asynccontextmanager
async def _trial(case: Case) -> AsyncIterator[Trial]:
    if case.door is not None:
        yield case.door
        return
    given = case.settings
    plane = MediaPlane(
        addresses=tuple(given.media_hosts) or None, listener=_Deaf(), port=given.media_port, public=given.media_hosts
    )
    await plane.start()
    try:
        yield OnPlane(plane)
    finally:
        await plane.stop()


async def _through(trial: Trial, settings: Settings, relay_url: str | None, worker: int, count: int) -> Finding:
    """One voice from one caller to the other, by this one of `count` workers: directly, or both by the relay."""
    way = f"through {relay_url}" if relay_url else "directly"
    if count > 1:
        way += f" to worker {worker + 1} of {count}"
    callers: list[Caller] = []
    try:
        await trial.begin(worker)
        for peer in (SPEAKER, LISTENER):
            caller = Caller(own_addresses(), _relay(relay_url, settings) if relay_url else None)
            callers.append(caller)
            only_from = settings.turn_relays if relay_url and settings.turn_relays else None
            generation, sdp = await trial.offer(peer, only_from)
            await trial.answer(peer, generation, await caller.answer(sdp))
            await caller.connect(CONNECT_WITHIN)
        speaker, listener = callers
        shut = await _speak(speaker, listener)
        await trial.open()
        heard = await _speak(speaker, listener)
    except Refused as refused:
        if str(refused) == Restarting.code:
            return broken(ABOUT, f"Nothing came {way}: that process does not stay alive.", "Look at the program's log.")
        return attention(
            ABOUT, f"The program is too busy to be tried {way} ({refused}).", "Ask again when no meeting begins."
        )
    except aiohttp.ClientError:
        return broken(ABOUT, f"The program failed while a voice was sent {way}.", "Look at the program's log.")
    except (OSError, TimeoutError):
        return _no_way(way, settings, settings.media_port + worker, by_relay=relay_url is not None)
    finally:
        await trial.end()
        for caller in callers:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(2):
                    await caller.close()
    if shut:
        return broken(
            ABOUT, f"A voice passed {way} though its gate was shut.", "Stop the program, and tell its makers."
        )
    if heard == 0:
        return broken(ABOUT, f"Two callers connected {way}, and heard nothing.", "Look at the program's log.")
    return ok(ABOUT, f"A voice passed {way}, encrypted, when its gate was opened and not before: {heard} of {PACKETS}.")


def _relay(url: str, settings: Settings) -> Relay:
    server = server_of(url)
    return Relay(server.host, server.port, *credentials(settings), tcp=server.tcp, tls=server.tls)


async def _speak(speaker: Caller, listener: Caller) -> int:
    """How many of the packets came."""
    before = listener.heard
    for _ in range(PACKETS):
        await speaker.say()
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    return min(PACKETS, listener.heard - before)


def _no_way(way: str, settings: Settings, port: int, *, by_relay: bool) -> Finding:
    if by_relay:
        return broken(
            ABOUT,
            f"No connection came about {way}.",
            f"coturn has to be allowed to reach UDP port {port} of this machine (allowed-peer-ip), "
            f"and {PREFIX}TURN_RELAYS has to name from where it does.",
        )
    if any(own != called for own, called in settings.media_hosts.items()):
        return attention(
            ABOUT,
            "No connection came about from this machine to the public address of its router.",
            "Many routers do not let a machine reach itself from inside: try a practice meeting from outside.",
        )
    return broken(
        ABOUT,
        f"No connection came about {way}.",
        f"A firewall on this machine may drop UDP port {port}.",
    )


class _Deaf:
    """A plane has to tell somebody."""

    def peer_up(self, *_: object) -> None: ...
    def peer_down(self, *_: object) -> None: ...
    def slots_changed(self, *_: object) -> None: ...
    def wanted(self, *_: object) -> None: ...
    def pictures_paused(self, *_: object) -> None: ...
    def quality_changed(self, *_: object) -> None: ...
