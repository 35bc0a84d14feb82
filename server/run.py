"""`talkingpiece run`: open everything, say where, and stop when asked to.

The links that are printed here are the only place where a token leaves the program unasked: for the person who started
it, and on the first start only.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from datetime import UTC, datetime
from importlib.metadata import version

from server import app, kept, log
from server.http.static import NotBuilt
from server.metrics import MetricsPortTaken
from server.practice import as_lines, make_practice_meeting
from server.settings import PREFIX, Settings
from server.store import StoreError
from signalling import NoAddress
from signalling.home import WorkerFault


def run(settings: Settings, listening: socket.socket) -> str | None:
    """Serve until SIGINT or SIGTERM.  Returns why not, in a sentence."""
    with listening:
        try:
            asyncio.run(_serve(settings, listening))
        except NotBuilt:
            return "The browser's part of the program is not built yet: `make run` builds it."
        except StoreError as error:
            return kept.in_words(error)
        except NoAddress as nowhere:
            return (
                f"{_udp(settings)} for sound and pictures cannot be used ({nowhere.reason}). "
                f"Perhaps the program runs already; {PREFIX}MEDIA_PORT=10001 chooses another port, "
                f"and {PREFIX}MEDIA_ADDRESSES names the addresses of this machine."
            )
        except MetricsPortTaken as taken:
            return (
                f"Port {settings.metrics_port} of {settings.metrics_host} for figures cannot be used ({taken}). "
                f"{PREFIX}METRICS_PORT chooses another one."
            )
        except WorkerFault:
            return "The processes for sound and pictures could not be started; the log above has more."
        except app.TlsRefused as refused:
            return f"The certificate or its key cannot be used: {refused}."
    return None


def _udp(settings: Settings) -> str:
    if settings.media_workers < 2:
        return f"UDP port {settings.media_port}"
    return f"One of the UDP ports {settings.media_port} to {settings.media_port + settings.media_workers - 1}"


async def _serve(settings: Settings, listening: socket.socket) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    fresh = not settings.data_dir.exists() or not any(settings.data_dir.iterdir())
    async with kept.opened(settings) as store, app.serving(settings, listening, store):
        log.logger().info("started", version=version("talkingpiece"), port=settings.port)
        print(await _greeting(settings, store, fresh=fresh), flush=True)
        await stop.wait()
        log.logger().info("stopping")
    log.logger().info("stopped")


async def _greeting(settings: Settings, store: kept.Store, *, fresh: bool) -> str:
    """What the person at the terminal reads: where to open it, and on the first start everything that they need."""
    now = datetime.now(UTC)
    parts = [f"\nTalking Piece is open at  {settings.origin}\n"]
    first = await store.accounts.needs_setup()
    if first:
        link = f"{settings.origin}/setup#{await store.accounts.issue_setup(now=now)}"
        parts.append(f"Make the first facilitator's account. This link works once, for a day:\n\n  {link}\n")
    if settings.practice and fresh and first:
        made = await make_practice_meeting(store.meetings, store.links, origin=settings.origin, now=now)
        parts.append(f"A practice meeting. Open each link in a window of its own:\n\n{as_lines(made)}\n")
    elif settings.practice:
        parts.append("For a practice meeting, type  talkingpiece practice\n")
    if not settings.secure and not settings.local:
        parts.append("Browsers give no camera and no microphone to this address, because it is not https.\n")
    return "\n".join([*parts, "Ctrl-C stops it."])
