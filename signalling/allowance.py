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
    each: int
    """How many for ever, in each 0.1 s."""


MEDIA: Final = Rate(250, 125)
"""Packets.  A voice, a high and a low picture are under 200 a second; a key frame of a shared screen is some 150 at
once, and a line that was stuck for a second gives up what it held.  300 forwarded to eleven people took up to 49 ms.
"""
REPORTS: Final = Rate(100, 50)
"""RTCP datagrams.  Browsers stay under 150 a second."""
KNOWN: Final = Rate(40, 15)
"""STUN and DTLS from addresses of the connection.  Each may cost 0.2 ms; browsers stay under 50 a second."""
STRANGERS: Final = Rate(40, 10)
"""STUN from elsewhere that names the connection: the first check from each of a browser's addresses is that."""


class Allowance:
    """`left` is there for the hot path, which counts by itself."""

    __slots__ = ("_rate", "left")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self.left = rate.burst

    def take(self) -> bool:
        """False when there is nothing left."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True

    def renew(self) -> None:
        """To be called every 0.1 s."""
        self.left = min(self.left + self._rate.each, self._rate.burst)
