"""When a room cannot record anything: what is kept, and when it is tried again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta

from server.clock import Alarm, Clock
from server.host.jobs import Job

FIRST_RETRY = timedelta(milliseconds=250)
LAST_RETRY = timedelta(seconds=5)


class Stall:
    """Off until `begin`; then `due` comes true after a pause that doubles with each `back_off`, until `over`."""

    def __init__(self, clock: Clock, wake: Callable[[], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._alarm: Alarm | None = None
        self._pause = FIRST_RETRY
        self.on = False
        self.due = False
        self.kept: deque[Job] = deque()
        """What is carried out first when the journal is back, in the order in which it came."""

    def begin(self) -> None:
        self.on = True
        self._pause = FIRST_RETRY
        self._arm()

    def back_off(self) -> None:
        self._pause = min(2 * self._pause, LAST_RETRY)
        self._arm()

    def over(self) -> None:
        self.on = False
        self.cancel()

    def cancel(self) -> None:
        self.due = False
        if self._alarm is not None:
            self._alarm.cancel()

    def _arm(self) -> None:
        self.due = False
        self._alarm = self._clock.call_at(self._clock.now() + self._pause, self._ring)

    def _ring(self) -> None:
        self.due = True
        self._wake()
