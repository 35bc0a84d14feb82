"""The plane's clock: fifty beats a second, none of which holds up media for long."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from itertools import count
from time import monotonic
from typing import Final, TypeVar

PER_SECOND: Final = 50
TICK: Final = 1 / PER_SECOND
TENTH: Final = 5
"""Beats in 0.1 s."""
SELDOM: Final = 5
"""Seconds between two times of what is done least often."""
TOGETHER: Final = 50
"""People who are looked at in the same beat.  One behind the other they cost a tenth less than each at a time of its
own, with cold caches.
"""
PIECE: Final = 0.0003
"""Seconds.  With fifty people a beat takes 1 to 2 ms on a small machine; every packet that comes then would wait.  Now
it waits for two pieces at most.
"""
MOST: Final = TICK / 2
"""Seconds after which a beat goes on to its end: when the core is full, each turn of media takes some 50 ms."""

T = TypeVar("T")


def phase(others: Iterable[int]) -> int:
    """What to add to the beats' numbers for one more connection, beside those with these phases.

    So not everything is done at once: up to `TOGETHER` have the same beats in each tenth of a second, and what is done
    more rarely than that is spread at random.
    """
    held = Counter(other % TENTH for other in others)
    beat = next((n for n in range(TENTH) if held[n] < TOGETHER), min(range(TENTH), key=held.__getitem__))
    return beat + TENTH * secrets.randbelow(SELDOM * PER_SECOND // TENTH)


async def beats() -> AsyncIterator[tuple[int, float, float]]:
    """(number of the beat from 1, monotonic time, by how many seconds it is late), for ever."""
    due = before = monotonic()
    for beat in count(1):
        due = max(due + TICK, before)
        await asyncio.sleep(due - before)
        now = monotonic()
        yield beat, now, now - before - TICK
        before = now


async def in_pieces(items: Iterable[T]) -> AsyncIterator[T]:
    """The same.  Whenever what is done with them has taken a `PIECE`, media has its turn."""
    began = now = monotonic()
    until = now + PIECE
    for item in items:
        yield item
        now = monotonic()
        if until < now < began + MOST:
            await asyncio.sleep(0)
            until = monotonic() + PIECE
