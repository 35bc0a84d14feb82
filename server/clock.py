"""The one place where the program learns what time it is.

Everything that waits takes a `Clock`, so that tests can let time pass without waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Alarm(Protocol):
    """Something that is going to happen, unless it is cancelled first."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, in UTC.  It never runs backwards."""
        ...

    def call_at(self, when: datetime, action: Callable[[], None]) -> Alarm:
        """Do something at `when`, or as soon as possible when that is over.  `action` must neither block nor raise."""
        ...


class SystemClock:
    """The time of day when the program started, carried forward by the monotonic clock.

    A step of the machine's clock (NTP, a hand) would otherwise end every grace period at once or stop them all.
    """

    def __init__(self) -> None:
        self._started = datetime.now(UTC)
        self._monotonic = time.monotonic()

    def now(self) -> datetime:
        return self._started + timedelta(seconds=time.monotonic() - self._monotonic)

    def call_at(self, when: datetime, action: Callable[[], None]) -> Alarm:
        delay = (when - self.now()).total_seconds()
        return asyncio.get_running_loop().call_later(max(0.0, delay), action)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch, as times travel to the browser."""
    return round(moment.timestamp() * 1000)
