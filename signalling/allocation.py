"""What of the plan a line can carry: voices first, then the first pictures, then the others.  Pure.

A subscriber stands on one step of a ladder.  It goes down at once when more was sent than the line carries by the
subscriber's own account, and up one step after a good while.  An account that is low only because little was sent
proves nothing, so going up is tried without proof, and more rarely each time that it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from signalling.plan import Flow, Layer, PeerId

GOOD_FOR: Final = 4
"""Seconds without congestion before a step up."""
LONGEST: Final = 64
"""Seconds between two attempts at most."""
PROVEN: Final = 1.25
"""An account that is higher by this than what the next step costs lets it be taken however often it failed before."""


class Step(IntEnum):
    VOICES = 0
    FIRST_LOW = 1
    FIRST_ALONE = 2
    OTHERS_LOW = 3
    ALL = 4


@dataclass(frozen=True, slots=True)
class Rates:
    """What one publisher's tracks really bring, in bit/s; 0 for what does not arrive."""

    audio: float = 0
    high: float = 0
    low: float = 0


@dataclass(frozen=True, slots=True)
class Share:
    """Where a subscriber stands; `good` and `wait` are seconds, `last` the account of a second ago in bit/s."""

    step: Step = Step.ALL
    good: int = 0
    wait: int = GOOD_FOR
    last: int | None = None


def on_step(flows: Mapping[PeerId, Flow], step: Step) -> dict[PeerId, Flow]:
    """The flows as this step leaves them: the same sounds, and of each picture no more than before."""
    return {publisher: replace(flow, video=min(flow.video, _most(flow, step))) for publisher, flow in flows.items()}


def _most(flow: Flow, step: Step) -> Layer:
    if step is Step.ALL:
        return Layer.HIGH
    if flow.first and step > Step.VOICES:
        return Layer.LOW if step is Step.FIRST_LOW else Layer.HIGH
    return Layer.LOW if step is Step.OTHERS_LOW else Layer.NONE


def cost(flows: Mapping[PeerId, Flow], rates: Mapping[PeerId, Rates]) -> float:
    """bit/s.  A high layer that does not arrive costs what is shown instead, the low one."""
    total = 0.0
    for publisher, flow in flows.items():
        rate = rates.get(publisher, Rates())
        total += rate.audio if flow.audio else 0
        if flow.video is not Layer.NONE:
            total += rate.high if flow.video is Layer.HIGH and rate.high else rate.low
    return total


def next_share(
    share: Share, flows: Mapping[PeerId, Flow], rates: Mapping[PeerId, Rates], sent: float, estimate: int | None
) -> Share:
    """To be asked once a second.  `sent` is what really went out in it, `estimate` the account, both in bit/s."""
    if estimate is None:
        return share
    falling = share.last is None or estimate <= share.last
    now = on_step(flows, share.step)
    if sent > estimate and falling:
        lower = [step for step in reversed(Step) if step < share.step and on_step(flows, step) != now]
        if not lower:
            return replace(share, good=0, last=estimate)
        fits = next((step for step in lower if cost(on_step(flows, step), rates) <= estimate), lower[-1])
        soon = share.good < share.wait and share.last is not None
        return Share(fits, 0, min(share.wait * 2, LONGEST) if soon else GOOD_FOR, estimate)
    good = share.good + 1
    higher = next((step for step in Step if step > share.step and on_step(flows, step) != now), None)
    if higher is None or good < GOOD_FOR:
        return replace(share, good=good, last=estimate)
    price = cost(on_step(flows, higher), rates)
    proven = price > cost(now, rates) and price * PROVEN <= estimate
    if good >= share.wait or proven:
        return Share(higher, 0, share.wait, estimate)
    return replace(share, good=good, last=estimate)
