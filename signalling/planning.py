"""What follows from a plan, before any socket is touched.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from signalling.plan import Flow, Layer, MediaPlan, PeerId

NOTHING = Flow()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What anybody may receive of one person; the person's browser need not send the rest.

    The low layer is wanted whenever a picture is wanted at all: it is what a viewer falls back to at once when the
    publisher's line cannot carry the high one.
    """

    audio: bool = False
    high: bool = False
    low: bool = False


def settled(plan: MediaPlan) -> dict[PeerId, dict[PeerId, Flow]]:
    """The plan as a value of our own: nobody flows to themselves, and pairs in which nothing flows are gone."""
    own = {}
    for subscriber, flows in plan.items():
        kept = {p: f for p, f in flows.items() if f != NOTHING and p != subscriber}
        if kept:
            own[subscriber] = kept
    return own


def wanted_of(plan: MediaPlan) -> Mapping[PeerId, Wanted]:
    """Publisher -> what is wanted of them.  Who is not in it is not wanted at all."""
    flows = [each for flows in plan.values() for each in flows.items()]
    audio = {publisher for publisher, flow in flows if flow.audio}
    high = {publisher for publisher, flow in flows if flow.video is Layer.HIGH}
    low = {publisher for publisher, flow in flows if flow.video is not Layer.NONE}
    return {p: Wanted(p in audio, p in high, p in low) for p, _ in flows}


def changed(old: MediaPlan, new: MediaPlan) -> set[PeerId]:
    """The subscribers for whom something is different."""
    return {s for s in old.keys() | new.keys() if old.get(s, {}) != new.get(s, {})}
