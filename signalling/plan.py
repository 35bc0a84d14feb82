"""What the media plane is told: who receives what from whom.  It knows nothing of the reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NewType

PeerId = NewType("PeerId", str)
RoomId = NewType("RoomId", str)


class Layer(IntEnum):
    NONE = 0
    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class Flow:
    audio: bool = False
    video: Layer = Layer.NONE
    first: bool = False
    """On a thin line this picture is kept before those that are not first."""


MediaPlan = Mapping[PeerId, Mapping[PeerId, Flow]]
"""subscriber -> publisher -> flow.  A pair that is not in it is shut."""


class Quality(StrEnum):
    GOOD = "good"
    POOR = "poor"
    LOST = "lost"


def without_pictures(plan: MediaPlan, subscribers: Collection[PeerId]) -> MediaPlan:
    """The same plan, but only voices go to these."""
    return {
        s: {p: Flow(audio=flow.audio) for p, flow in flows.items()} if s in subscribers else flows
        for s, flows in plan.items()
    }


def narrowed(old: MediaPlan, new: MediaPlan) -> dict[PeerId, dict[PeerId, Flow]]:
    """`old AND new`: what both plans allow.  Applying it shuts everything that `new` no longer allows."""
    plan: dict[PeerId, dict[PeerId, Flow]] = {}
    for subscriber, flows in new.items():
        before = old.get(subscriber, {})
        kept = {}
        for publisher, flow in flows.items():
            was = before.get(publisher)
            if was is None:
                continue
            video = min(flow.video, was.video)
            both = Flow(flow.audio and was.audio, video, flow.first and video is not Layer.NONE)
            if both != Flow():
                kept[publisher] = both
        if kept:
            plan[subscriber] = kept
    return plan
