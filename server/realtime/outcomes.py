"""What became of the commands that people gave: counted by kind, and by nothing else."""

from __future__ import annotations

from typing import Final

from server.host.jobs import Done, Fault, Outcome
from server.host.refusals import Busy, Stalled

DONE, REFUSED, BUSY, STALLED, FAULT = "done", "refused", "busy", "stalled", "fault"
MALFORMED, TOO_MANY = "malformed", "too_many"
"""These two never reached a room: wrong in form, and faster than anybody may give them."""


class Outcomes:
    def __init__(self) -> None:
        self.counts: Final = dict.fromkeys((DONE, REFUSED, BUSY, STALLED, FAULT, MALFORMED, TOO_MANY), 0)

    def count(self, kind: str) -> None:
        self.counts[kind] += 1

    def came(self, outcome: Outcome) -> None:
        """A room's answer."""
        match outcome:
            case Done():
                self.count(DONE)
            case Fault():
                self.count(FAULT)
            case Busy():
                self.count(BUSY)
            case Stalled():
                self.count(STALLED)
            case _:
                self.count(REFUSED)
