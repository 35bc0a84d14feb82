"""How much of one person is taken: more than any browser sends, and not so much that others have to wait.  Pure.

Everybody's datagrams stand in one line before the server, so whatever one person makes it do is time that all others
wait, also in other rooms.  What goes beyond an allowance is dropped before it costs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rate:
    burst: int
    """How many at once, after a time of rest."""
    per_second: int
    """How many for ever."""


MEDIA: Final = Rate(250, 1250)
"""Packets.  A voice, a high and a low picture are under 200 a second; a key frame of a shared screen is some 150 at
once, and a line that was stuck for a second gives up what it held.  300 forwarded to eleven people took up to 49 ms.
"""
REPORTS: Final = Rate(100, 500)
"""RTCP datagrams.  Browsers stay under 150 a second."""
KNOWN: Final = Rate(40, 150)
"""STUN and DTLS from addresses of the connection.  Each may cost 0.2 ms; browsers stay under 50 a second."""
STRANGERS: Final = Rate(40, 100)
"""STUN from elsewhere that names the connection: the first check from each of a browser's addresses is that."""


class Allowance:
    """A token bucket, filled by the clock."""

    __slots__ = ("_at", "_burst", "_per_second", "left")

    def __init__(self, rate: Rate) -> None:
        self._burst, self._per_second = rate.burst, rate.per_second
        self.left: float = rate.burst
        """As of the last time that something was asked for."""
        self._at = 0.0

    def take(self, now: float) -> bool:
        """One more, at the monotonic time `now` in s.  False when there is nothing left."""
        left = self.left + (now - self._at) * self._per_second
        self._at = now
        if left < 1.0:
            self.left = left
            return False
        self.left = (left if left < self._burst else self._burst) - 1.0
        return True
