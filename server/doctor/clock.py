"""The clock, as far as it can be known without asking strangers for the time.

Sessions, links and the passwords for the relay go by it.  Whether it is *right* nobody on this machine can say; what
can be seen is whether it is absurd, whether it jumps, whether a time service keeps it, and whether it agrees with what
belongs to this deployment.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import time
from datetime import UTC, datetime, timedelta

import aiohttp

from server.doctor.case import Case
from server.doctor.findings import Finding, attention, broken, ok
from server.doctor.origin import ask

ABOUT = "clock"
BORN = datetime(2026, 11, 1, tzinfo=UTC)
"""The program did not exist before this."""
ABSURD = datetime(2100, 1, 1, tzinfo=UTC)
JUMP = 0.5
"""Seconds."""
APART = timedelta(seconds=30)
_TIME_ERROR = 5
_TIMEX = 256
"""Bytes; more than `struct timex` has on any Linux."""


async def clock(case: Case) -> list[Finding]:
    now = datetime.now(UTC)
    if not BORN < now < ABSURD:
        return [broken(ABOUT, f"It says {now:%d %B %Y}, which cannot be.", "Set it, and let a time service keep it.")]
    wall, steady = time.time(), time.monotonic()
    await asyncio.sleep(0.3)
    if abs((time.time() - wall) - (time.monotonic() - steady)) > JUMP:
        return [broken(ABOUT, "It jumped while I looked.", "Only one time service should set it.")]
    for who, then in {
        "a file in the data directory": _newest(case),
        "the program's address": await _origin(case),
    }.items():
        if then is not None and then - datetime.now(UTC) > APART:
            return [
                broken(
                    ABOUT,
                    f"It is behind {who} by {_length(then - datetime.now(UTC))}.",
                    "Set it, and let a time service keep it (timedatectl set-ntp true).",
                )
            ]
    if _kept() is False:
        return [
            attention(
                ABOUT,
                "No time service keeps it, and whether it is right I cannot know.",
                "timedatectl set-ntp true; a relay takes the program's passwords only while the clocks agree.",
            )
        ]
    kept = "A time service keeps it. " if _kept() else ""
    return [ok(ABOUT, f"{kept}It says {now:%d %B %Y, %H:%M} UTC; whether that is right only you can see.")]


def _newest(case: Case) -> datetime | None:
    """When something in the data directory was last written: never later than now."""
    try:
        times = [file.stat().st_mtime for file in case.settings.data_dir.iterdir()]
    except OSError:
        return None
    return datetime.fromtimestamp(max(times), UTC) if times else None


async def _origin(case: Case) -> datetime | None:
    if not case.runs:
        return None
    try:
        return (await ask(case.settings.origin)).date
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return None


def _kept() -> bool | None:
    """Whether somebody tells the kernel the time (adjtimex(2), asked and not set); None where it cannot be asked."""
    if sys.platform != "linux":
        return None
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX))
    return None if state < 0 else state != _TIME_ERROR


def _length(length: timedelta) -> str:
    seconds = length.total_seconds()
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 36000 else f"{seconds / 3600:.0f} h"
