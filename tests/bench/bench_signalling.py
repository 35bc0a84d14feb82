"""The live edge's figures for `make bench` (`signalling` says how they are made)."""

from __future__ import annotations

import json

from tests.bench import signalling
from tests.bench.signalling_people import EVERY, ROLES

SOON = 100.0
"""ms to nearly every answer while fifty rooms are led as fast as the edge lets their facilitators."""


async def test_fifty_rooms_are_told_everything_soon_enough() -> None:
    found = await signalling.run()
    print(json.dumps(found))
    led, busy = found["led"], found["busy"]
    assert led["commands_per_second"] > 0.9 * signalling.ROOMS / EVERY, "nobody had to wait for a turn"
    assert led["deliveries_per_second"] > 0.98 * len(ROLES) * led["commands_per_second"], "everybody saw every change"
    assert led["ack_p99_ms"] < SOON
    assert busy["deliveries_per_second"] > led["deliveries_per_second"], "and there is room for more"
