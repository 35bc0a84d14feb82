"""How hard a voice is tried on its worst way: what its publisher is told, so that they protect it.  Pure.

A browser adds in-band FEC to Opus (RFC 6716 2.1.7: each packet carries a rough copy of the one before) in the measure
of the loss that is reported to it.  What is lost towards a listener it would never hear of, and what was repeated on
request counts as received in every report although it came too late to be played when the way is long.  So packets
count as lost here when they were asked for, and the publisher is told of the worst way: its own, or to a listener.
"""

from __future__ import annotations

from typing import Final

EASES: Final = 0.8
"""What is left of a strain a second later: listeners report more rarely than the publisher is told."""
TOLD: Final = 2.0
"""So many times what was lost is told.  Chromium averages over 10 s and protects little below 10 %; told the bare truth
of a line that loses 10 %, it began after 15 s, and told double after 5 s."""
MOST: Final = 0.3
"""A listener's word makes everyone's voice rougher, so never more than this is told."""
FEWEST: Final = 25
"""Packets from which a share is told: half a second of a voice."""


class Strain:
    __slots__ = ("_share",)

    def __init__(self) -> None:
        self._share = 0.0

    def add(self, share: float) -> None:
        """On one of its ways this share of its packets was lost in the last second."""
        self._share = max(self._share, share)

    def told(self) -> float:
        """What to tell the publisher; to be called once a second."""
        share, self._share = min(TOLD * self._share, MOST), min(self._share, MOST) * EASES
        return share


class Way:
    """One way of a voice: what was asked for again on it, of how many packets."""

    __slots__ = ("_missed", "_newest", "_packets")

    def __init__(self) -> None:
        self._missed = self._packets = 0
        self._newest: int | None = None

    def asked(self, seq: int) -> None:
        """This packet is asked for; browsers ask for the same one many times, and that counts once."""
        if self._newest is None or 0 < (seq - self._newest) & 0xFFFF < 0x8000:
            self._newest = seq
            self._missed += 1

    def lost(self, packets: int) -> float:
        """The share that was lost since the last call, if enough was sent to say so; `packets` were sent in all."""
        sent = packets - self._packets
        if sent < FEWEST:
            return 0.0
        missed, self._missed, self._packets = self._missed, 0, packets
        return missed / sent
