"""What was found, as values; how it is written.  Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    ATTENTION = "attention"
    """It works, or could not be looked at, and somebody should know."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    about: str
    state: State
    says: str
    """A sentence."""
    cure: str = ""
    """What to do, in a sentence; empty when nothing is to be done."""


def ok(about: str, says: str) -> Finding:
    return Finding(about, State.OK, says)


def attention(about: str, says: str, cure: str) -> Finding:
    return Finding(about, State.ATTENTION, says, cure)


def broken(about: str, says: str, cure: str) -> Finding:
    return Finding(about, State.BROKEN, says, cure)


def line(finding: Finding) -> str:
    """One finding for a person."""
    return f"{finding.state:<10} {finding.about:<12} {finding.says} {finding.cure}".rstrip()


INDENT = len(f"{'':<10} {'':<12} ")
"""Where the sentence of a line begins."""


def conclusion(findings: Sequence[Finding]) -> str:
    states = [finding.state for finding in findings]
    wrong, worth = states.count(State.BROKEN), states.count(State.ATTENTION)
    if wrong:
        return f"{_count(wrong, 'thing is', 'things are')} broken, {_count(worth, 'wants', 'want')} attention."
    if worth:
        return f"Nothing is broken; {_count(worth, 'thing wants', 'things want')} attention."
    return "All is well, as far as can be seen from here."


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def is_well(findings: Sequence[Finding]) -> bool:
    return all(finding.state is not State.BROKEN for finding in findings)


def as_json(findings: Sequence[Finding]) -> str:
    """{"ok": whether nothing is broken, "findings": [{"about", "state", "says", "cure"}]}"""
    return json.dumps({"ok": is_well(findings), "findings": [asdict(finding) for finding in findings]})
