"""How good one person's line is, in three words that they and the facilitators are shown.  Pure.

Turning poor takes two bad seconds and turning good again five good ones, so that the word does not flicker.  Loss is
what the line lost, before repair: repairs hide it from the ear, but not from what comes next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from signalling.plan import Quality

LOST_AFTER: Final = 1.5
"""Seconds without a sign of life."""
BAD_LOSS: Final = 0.05
BAD_ROUND_TRIP: Final = 0.5
BAD_JITTER: Final = 0.08
_BAD_SECONDS: Final = 2
_GOOD_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """One second of a line.  None: nothing to measure it by."""

    silent: float
    """Seconds since the last authenticated packet."""
    loss_up: float | None = None
    """Share of the person's packets that did not reach the server."""
    loss_down: float | None = None
    round_trip: float | None = None
    jitter: float | None = None
    """Of the person's voice, in seconds."""

    @property
    def bad(self) -> bool:
        return (
            (self.loss_up or 0) >= BAD_LOSS
            or (self.loss_down or 0) >= BAD_LOSS
            or (self.round_trip or 0) >= BAD_ROUND_TRIP
            or (self.jitter or 0) >= BAD_JITTER
        )


@dataclass(frozen=True, slots=True)
class Line:
    """The judgement so far."""

    quality: Quality = Quality.GOOD
    streak: int = 0
    """Seconds in a row that speak against it."""


def judged(line: Line, second: Measured) -> Line:
    """The judgement after one more second."""
    if second.silent > LOST_AFTER:
        return Line(Quality.LOST)
    if line.quality is Quality.LOST:
        return Line(Quality.POOR)
    against = second.bad if line.quality is Quality.GOOD else not second.bad
    if not against:
        return Line(line.quality)
    if line.quality is Quality.GOOD:
        return Line(Quality.POOR) if line.streak + 1 >= _BAD_SECONDS else Line(Quality.GOOD, line.streak + 1)
    return Line(Quality.GOOD) if line.streak + 1 >= _GOOD_SECONDS else Line(Quality.POOR, line.streak + 1)
