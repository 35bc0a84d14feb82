"""The media plane keeps its lead: `python -m tests.bench.media` with what it has to reach."""

from __future__ import annotations

import json

from tests.bench.media import run

LEAD = 1.25
"""Forwarded packets a CPU second, in those of a tuned Janus, with every feature on."""
CIRCLE = 0.25
"""CPU time of a circle of twelve as the product runs it, in that of Janus forwarding everything."""
DELAY = {"p50": 0.3, "p99": 3.0}
"""ms, added at half load."""
MEMORY = 2.5
"""MB for each participant."""
COLLECTION = 5.0
"""ms that a garbage collection may take."""


def test_the_media_plane_beside_its_peers() -> None:
    result = run(quick=False)
    print(json.dumps(result))
    assert result["ratio_to_janus_tuned"] >= LEAD
    assert result["circle_of_12_cpu_ratio_to_janus"] <= CIRCLE
    assert result["memory_mb_each_participant"] <= MEMORY
    assert result["longest_collection_ms"] <= COLLECTION
    for which, most in DELAY.items():
        assert result["delay_at_half_load_ms"][which] <= most
