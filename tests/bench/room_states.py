"""Every state of a meeting of four: `python -m tests.bench.room_states`.

A facilitator, a victim, a supporter of the victim and an offender.  What a state is and what is checked in each stands
in `tests.room.states` and `tests.room.exhaustive`.
"""

from __future__ import annotations

import sys
import time

from tests.room.exhaustive import Search
from tests.room.states import CAST


def report() -> str:
    """Search them all, and say how many there are.  Raises `Broken` with the shortest way to a broken promise."""
    began = time.process_time()
    search = Search(CAST)
    search.run()
    return (
        f"a facilitator, a victim, a supporter and an offender: {len(search.reached):,} states,"
        f" {search.transitions:,} transitions, no promise broken, {time.process_time() - began:.0f} s of CPU"
    )


if __name__ == "__main__":
    sys.stdout.write(report() + "\n")
