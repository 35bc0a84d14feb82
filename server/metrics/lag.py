"""How late the event loop is: everything in this process waits for it, sound and pictures too."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from prometheus_client import Histogram

EVERY: Final = 0.1
"""Seconds."""


async def watch_lag(lag: Histogram) -> None:
    """Look for ever."""
    while True:
        asked = time.monotonic()
        await asyncio.sleep(EVERY)
        lag.observe(max(0.0, time.monotonic() - asked - EVERY))
