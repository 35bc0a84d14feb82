"""What has not arrived from one track, and when to ask for it (RFC 4585 6.2.1).  Pure.

Sequence numbers here are extended: they do not wrap.
"""

from __future__ import annotations

from typing import Final

LARGEST_GAP: Final = 200
"""A larger jump is a restart, not a loss: nothing is asked for."""
OLDEST: Final = 400
"""Packets behind the newest one; the subscribers' history is 512 long."""
LATEST: Final = 1.0
"""Seconds for which a packet of somebody who repeats none may still be under way, or one may wait to be asked for."""
AT_ONCE: Final = 20
"""Requests that may follow upon one another; each packet that comes allows one more ..."""
QUEUED_SHARE: Final = 0.25
"""... or, where packets wait in a queue, so much of one: there, what is sent again is what fills it.

Without these limits a voice alone was sent twice for ever over 64 kbit/s, and half of that lost.  Where three packets
of ten are lost without a queue, two requests for each are needed.
"""
_TRIES: Final = 8
_LEAST_WAIT: Final = 0.04
_MOST_WAIT: Final = 0.5


class Losses:
    """The packets that are missing.  Each is asked for up to 8 times, about one round trip apart."""

    __slots__ = ("_allowed", "_received", "asked", "missing", "repaired")

    def __init__(self) -> None:
        self._allowed, self._received = float(AT_ONCE), 0
        self.asked = 0
        """Requests for single packets so far."""
        self.repaired = 0
        """Packets that came after they had been asked for."""
        self.missing: dict[int, list[float]] = {}
        """Extended number -> [times asked, when to ask next]."""

    def gap(self, first: int, end: int, now: float) -> None:
        """`first` up to, not including, `end` were skipped.

        While as many are missing as are ever asked for, no more are noted: whoever skips 199 numbers with each packet
        would fill the memory before the next beat, which would then take long.
        """
        if end - first < LARGEST_GAP and len(self.missing) < OLDEST:
            for number in range(first, end):
                self.missing[number] = [0, now]

    def arrived(self, number: int) -> bool:
        """A late packet came: was it missing?  A second copy is not."""
        entry = self.missing.pop(number, None)
        if entry is None:
            return False
        self.repaired += entry[0] > 0
        return True

    def was_asked(self, number: int) -> bool:
        """Has it been asked for?  A retransmission that nobody asked for is a probe and must not be forwarded."""
        entry = self.missing.get(number)
        return entry is not None and entry[0] > 0

    def due(self, newest: int, now: float, round_trip: float, received: int, *, queued: bool = False) -> list[int]:
        """The extended numbers to ask for now; if not all may be, the newest, which are likeliest to come in time.

        What is too old, was asked for too often, or could not be asked for in time is given up.  `received`: packets
        that came so far.
        """
        ask: list[int] = []
        share = QUEUED_SHARE if queued else 1.0
        self._allowed = min(self._allowed + share * (received - self._received), share * AT_ONCE)
        self._received = received
        wait = min(max(1.2 * round_trip, _LEAST_WAIT), _MOST_WAIT)
        for number, entry in reversed(list(self.missing.items())):
            if entry[0] >= _TRIES or newest - number > OLDEST or (entry[0] == 0 and now - entry[1] > LATEST):
                del self.missing[number]
            elif now >= entry[1] and len(ask) + 1 <= self._allowed:
                entry[0] += 1
                entry[1] = now + wait
                ask.append(number)
        self._allowed -= len(ask)
        self.asked += len(ask)
        return ask[::-1]

    def prune(self, newest: int, now: float) -> None:
        """Forget what will not come late any more, for a publisher who cannot be asked."""
        too_late = now - LATEST
        for number in [n for n, (_, since) in self.missing.items() if newest - n > OLDEST or since < too_late]:
            del self.missing[number]
