"""The plane's clock: fifty beats a second, less those in which nothing is due; none holds up media for long."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
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


class Beats:
    """Those in which nothing is due are left out: four of five, with up to fifty people whose lines are good.

    That is a fifth of what their connections cost without media.
    """

    def __init__(self) -> None:
        self._hurried = asyncio.Event()

    def hurry(self) -> None:
        """Something has come up that cannot wait: the next beat is not left out."""
        self._hurried.set()

    async def each(self, until_due: Callable[[int], int]) -> AsyncIterator[tuple[int, float, float]]:
        """(number of the beat, monotonic time, by how many seconds it is late), for ever.

        `until_due` says after which beat how many more it takes until something is due; at least 1.
        """
        loop = asyncio.get_running_loop()
        beat, due = 0, monotonic()
        now = due
        while True:
            self._hurried.clear()
            ahead = until_due(beat)
            due = max(due + ahead * TICK, now)
            timer = loop.call_at(due, self._hurried.set)
            await self._hurried.wait()
            timer.cancel()
            if (early := due - monotonic()) > 0:
                sooner = int(early / TICK)
                ahead, due = ahead - sooner, due - sooner * TICK
                await asyncio.sleep(due - monotonic())
            beat, now = beat + ahead, monotonic()
            yield beat, now, now - due


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
