"""Is the queue before a line full?  By what is lost, and how long answers take.  Pure.

Chromium gives no account (REMB) of what a line carries while little is sent over it, and over a thin line little is.
What it reports in any case is what was lost.  Where packets are lost and wait as well, for longer than they ever did,
they are most likely lost because too many are sent.

From a publisher it is the same: over 64 kbit/s Chromium goes on trying pictures, of which next to nothing comes, and
every tenth packet of the voice is lost for it.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from signalling.rtcp import Block

WINDOW: Final = 3
"""Seconds that are looked at together: browsers report of each picture once a second, but of a voice every five, and a
picture that tries and stops fills a queue in one second and not in the next.
"""
LESS: Final = 0.8
"""Of what was sent before; what is more than that proves nothing."""
LOSSY: Final = 0.15
"""Share of packets that are lost in a full queue before a subscriber ..."""
LOSSY_ABOVE: Final = 0.08
"""... and before us, where each loss is seen."""
QUEUED: Final = 0.2
"""s by which the round trip is longer than the shortest one."""


def is_ours(before: tuple[float, float], after: tuple[float, float]) -> bool:
    """Was a queue full of what we send?  Each is (bit/s sent, share lost), before less was sent and after.

    Through a full queue as much gets as before; where packets are lost on the way, whatever is sent, as large a share
    is lost as before.  What is nearer to what was seen, is so; where no less was sent, it is ours.
    """
    (sent, lost), (sent_after, lost_after) = before, after
    if sent_after > LESS * sent:
        return True
    if_full = max(0.0, 1 - sent * (1 - lost) / max(1.0, sent_after))
    return abs(lost_after - if_full) < abs(lost_after - lost)


class Congestion:
    __slots__ = ("_due", "_least", "_missed", "_reported", "_seconds", "lossy")

    def __init__(self, least: float = LOSSY) -> None:
        """`least`: the share of packets that is lost in a full queue."""
        self.lossy = False
        """So much was lost as through a full queue: whether it is one, a round trip tells."""
        self._least = least
        self._due = self._missed = 0
        self._seconds: deque[tuple[int, int]] = deque(maxlen=WINDOW)
        self._reported: dict[int, tuple[int, int]] = {}

    def reported(self, block: Block) -> None:
        """One block of a receiver report: how many packets were to come so far, and how many did not."""
        due, missed = self._reported.get(block.ssrc, (block.highest, block.lost))
        self._reported[block.ssrc] = block.highest, block.lost
        self._due += max(0, block.highest - due)
        self._missed += max(0, block.lost - missed)

    def lost(self, queued: float) -> float | None:
        """The share of packets that was lost, where a queue is full; None where none is.  To be called once a second.

        `queued` is by how many seconds the round trip is longer than the shortest one was.
        """
        self._seconds.append((self._due, self._missed))
        self._due = self._missed = 0
        due, missed = map(sum, zip(*self._seconds, strict=True))
        loss = min(1.0, missed / due) if due else 0.0
        self.lossy = loss >= self._least
        return loss if self.lossy and queued >= QUEUED else None
