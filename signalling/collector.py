"""Python's collector of cycles, made so that it does not stop sound and pictures.

It goes through all that it looks at in one piece: 24 ms for 50,000 objects on a small machine, and a meeting of twelve
has 30,000.  So it looks often at what is new, which is little, and at the rest when there is nothing to stop.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Final

NEW: Final = 5_000
"""Objects; to look at them takes up to 2.5 ms."""
EVERY: Final = 10.0
"""Seconds between two looks whether it is quiet, and without a packet before it is."""


def calm_the_collector() -> None:
    """To be called when everything has been imported and made: that is never looked at again."""
    gc.collect()
    gc.freeze()
    # What has outlived one look waits for quiet; where there is none all day, until two thousand people have come.
    gc.set_threshold(NEW, 1_000, 1_000)


async def collect_in_quiet(received: Callable[[], int]) -> None:
    """Collect everything when no packet comes, until cancelled.  `received`: how many have come so far."""
    before = -1
    while True:
        now = received()
        if now == before and gc.get_count()[1]:  # something new has outlived a look
            gc.collect()
        before = now
        await asyncio.sleep(EVERY)
