"""Every state of a meeting of four: `python -m tests.bench.room_states`.

A facilitator, a victim, a supporter of the victim and an offender.  What a state is and what is checked in each stands
in `tests.room.states` and `tests.room.exhaustive`.
"""

from __future__ import annotations

import sys
import time

from tests.room.exhaustive import Search
from tests.room.states import CAST


def main() -> None:
    began = time.perf_counter()
    search = Search(CAST)
    search.run()
    took = time.perf_counter() - began
    sys.stdout.write(
        f"a facilitator, a victim, a supporter, an offender: {len(search.reached):,} states,"
        f" {search.transitions:,} transitions, no promise broken, in {took:.0f} s\n"
    )


if __name__ == "__main__":
    main()
