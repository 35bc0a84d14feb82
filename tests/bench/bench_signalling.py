"""The live edge's figures for `make bench` (`signalling` says how they are made)."""

from __future__ import annotations

import json

from tests.bench import signalling
from tests.bench.signalling_people import ROLES

SOON = 100.0
"""ms to nearly every answer while fifty facilitators each give the floor once a second."""
TOLD = 1000
"""Views a second that one core can tell, with everything that goes before."""


async def test_fifty_rooms_are_told_everything_soon_enough() -> None:
    found = await signalling.run()
    print(json.dumps(found))
    calm, busy = found["calm"], found["busy"]
    assert calm["commands_per_second"] > 0.95 * signalling.ROOMS, "nobody had to wait for a turn"
    assert calm["deliveries_per_second"] > 0.98 * len(ROLES) * calm["commands_per_second"], "all saw every change"
    assert calm["ack_p99_ms"] < SOON
    assert busy["deliveries_per_second"] > TOLD
