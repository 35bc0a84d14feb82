"""Is the queue before a subscriber's line full?  By what the browser reports, and how long answers take.  Pure.

Chromium gives no account (REMB) of what a line carries while little is sent over it, and over a thin line little is.
What it reports in any case is what was lost.  Where packets are lost and wait as well, for longer than they ever did,
they are most likely lost because too many are sent.
"""

from __future__ import annotations

from typing import Final

from signalling.rtcp import Block

FRESH: Final = 3
"""Seconds for which a report speaks: browsers give one of each picture a second, but of a voice only every five."""
LESS: Final = 0.8
"""Of what was sent before; what is more than that proves nothing."""
LOSSY: Final = 0.15
"""Share of packets."""
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
    __slots__ = ("_age", "_due", "_loss", "_missed", "_reported")

    def __init__(self) -> None:
        self._due = self._missed = 0
        self._loss, self._age = 0.0, 0
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
        self._age += 1
        if self._due:
            self._loss, self._age = min(1.0, self._missed / self._due), 0
        elif self._age >= FRESH:
            self._loss = 0.0
        self._due = self._missed = 0
        return self._loss if self._loss >= LOSSY and queued >= QUEUED else None
