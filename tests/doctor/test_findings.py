"""How findings are written."""

from __future__ import annotations

import json

from server.doctor.findings import as_json, attention, broken, conclusion, is_well, line, ok

WELL = ok("disk", "There is room.")
ODD = attention("relay", "There is none.", "Start one.")
WRONG = broken("clock", "It stands still.", "Wind it up.")


def test_a_finding_is_one_line_with_its_cure() -> None:
    assert line(WELL) == "ok         disk         There is room."
    assert line(ODD) == "attention  relay        There is none. Start one."
    assert line(WRONG) == "broken     clock        It stands still. Wind it up."


def test_the_conclusion_counts_in_words() -> None:
    assert conclusion([WELL]) == "All is well, as far as can be seen from here."
    assert conclusion([WELL, ODD]) == "Nothing is broken; 1 thing wants attention."
    assert conclusion([ODD, WRONG, ODD, WRONG]) == "2 things are broken, 2 want attention."


def test_only_what_is_broken_fails() -> None:
    assert is_well([WELL, ODD])
    assert not is_well([WELL, WRONG])
    told = json.loads(as_json([ODD, WRONG]))
    assert told["ok"] is False
    assert told["findings"][0] == {
        "about": "relay",
        "state": "attention",
        "says": "There is none.",
        "cure": "Start one.",
    }
