"""What of the plan a line can carry: voices first, then the first pictures, then the others.  Pure.

A subscriber stands on one step of a ladder.  It goes down when more is sent than the line carries by the subscriber's
own account, and up one step after a good while.  An account that is low only because little was sent proves nothing,
and one lags for some seconds behind a picture that has just begun.  So it is believed when it has not risen for three
seconds; and going up is tried without proof, more rarely each time that it fails.
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
STRAINED: Final = 3
"""Seconds in a row with more sent than an account that does not rise, before a step down; one comes each second."""
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
    """Where a subscriber stands; `good`, `wait`, `strained` are seconds, `last` the account a second ago in bit/s."""

    step: Step = Step.ALL
    good: int = 0
    wait: int = GOOD_FOR
    last: int | None = None
    strained: int = 0


def on_step(flows: Mapping[PeerId, Flow], step: Step) -> Mapping[PeerId, Flow]:
    """The flows as this step leaves them: the same sounds, and of each picture no more than before."""
    if step is Step.ALL:
        return flows
    return {publisher: replace(flow, video=min(flow.video, _most(flow, step))) for publisher, flow in flows.items()}


def paused(flows: Mapping[PeerId, Flow], step: Step) -> frozenset[PeerId]:
    """Whose picture there is, and this step does not carry."""
    if step is Step.ALL:
        return frozenset()
    return frozenset(p for p, flow in flows.items() if flow.video is not Layer.NONE is _most(flow, step))


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
    now = on_step(flows, share.step)
    strained = share.strained + 1 if sent > estimate and share.last is not None and estimate <= share.last else 0
    if strained >= STRAINED:
        lower = [step for step in reversed(Step) if step < share.step and on_step(flows, step) != now]
        if not lower:
            return replace(share, good=0, last=estimate, strained=0)
        fits = next((step for step in lower if cost(on_step(flows, step), rates) <= estimate), lower[-1])
        soon = share.good < share.wait
        return Share(fits, 0, min(share.wait * 2, LONGEST) if soon else GOOD_FOR, estimate)
    if strained:
        return replace(share, last=estimate, strained=strained)
    good = share.good + 1
    higher = next((step for step in Step if step > share.step and on_step(flows, step) != now), None)
    if higher is None or good < GOOD_FOR:
        return replace(share, good=good, last=estimate, strained=0)
    price = cost(on_step(flows, higher), rates)
    proven = price > cost(now, rates) and price * PROVEN <= estimate
    if good >= share.wait or proven:
        return Share(higher, 0, share.wait, estimate)
    return replace(share, good=good, last=estimate, strained=0)
