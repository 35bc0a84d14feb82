"""What a line can carry: voices first, then the first pictures, then the others.  Pure.

Down to somebody that is of the plan; up from them it is of what others want of them, as a plan with one publisher.
A subscriber stands on one step of a ladder.  It goes down when more is sent than the line carries, by the subscriber's
own account or because its queue is full (`congestion.py`), and up one step after a good while.  An account that is low
only because little was sent proves nothing, and one lags for some seconds behind a picture that has just begun.  So it
is believed when it has not risen for three seconds; and going up is tried without proof, more rarely each time that it
fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import IntEnum
from functools import cache
from math import inf
from typing import Final, NamedTuple

from signalling.congestion import is_ours
from signalling.plan import Flow, Layer, PeerId
from signalling.planning import Wanted

GOOD_FOR: Final = 4
"""Seconds without congestion before a step up that the account proves."""
AGAIN: Final = 16
"""Seconds before a step up that nothing proves; pictures that come and go are worse than none."""
LONGEST: Final = 64
"""Seconds between two attempts at most."""
STRAINED: Final = 3
"""Seconds in a row with more sent than an account that does not rise, before a step down; one comes each second."""
PLAIN: Final = 0.6
"""The sum of the shares lost in a full queue in two seconds in a row that needs no third one: a voice is among them."""
DEAF: Final = 120
"""Seconds for which no full queue is believed in, once it has turned out that a line loses whatever is sent."""
SETTLES: Final = 3
"""Seconds after a step down in which nothing is concluded: reports and round trips are still about what was before."""
SMALLEST: Final = 30_000
"""bit/s for which a line up is taken to have room where it is to carry a picture: the least that Chromium plans for one
(libwebrtc's `kDefaultMinVideoBitrateBps`), though through a full queue it may bring nothing at the moment."""
PROVEN: Final = 1.25
"""An account that is higher by this than what the next step costs lets it be taken however often it failed before."""


class Step(IntEnum):
    VOICES = 0
    FIRST_LOW = 1
    FIRST_ALONE = 2
    OTHERS_LOW = 3
    ALL = 4


class Rates(NamedTuple):
    """What one publisher's tracks really bring, in bit/s; 0 for what does not arrive."""

    audio: float = 0
    high: float = 0
    low: float = 0


RatesOf = Callable[[PeerId], Rates]
"""Asked only where something is to be decided: there are many publishers, and most lines carry all of them."""


class Second(NamedTuple):
    """One second of a subscriber's line, in bit/s."""

    sent: float
    """What really went out."""
    lost: float | None
    """The share of it that was lost, where a queue is full; None where none is."""
    estimate: int | None
    """The account."""

    def strained(self, last: int | None) -> bool:
        """Too much was sent; `last` is the account of the second before."""
        return self.lost is not None or (
            self.estimate is not None and last is not None and self.sent > self.estimate <= last
        )

    @property
    def carried(self) -> float:
        """What the line carries at most."""
        through = inf if self.lost is None else self.sent * (1 - self.lost)
        return through if self.estimate is None else min(through, self.estimate)


class Share(NamedTuple):
    """Where a subscriber stands; `good`, `wait`, `strained`, `settling`, `deaf` are seconds."""

    step: Step = Step.ALL
    good: int = 0
    wait: int = AGAIN
    last: int | None = None
    """The account a second ago in bit/s."""
    strained: int = 0
    lost: float = 0.0
    """The sum of what was lost in the strained seconds."""
    blamed: tuple[float, float] | None = None
    """For what the last step down was taken: (bit/s sent, share lost in a queue that seemed full)."""
    settling: int = 0
    deaf: int = 0
    """So long no full queue is believed in: the line loses whatever is sent."""

    @property
    def on_trial(self) -> bool:
        """What is lost now tells whether the last step down was right."""
        return self.blamed is not None and self.good < GOOD_FOR


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


def cost(flows: Mapping[PeerId, Flow], rates_of: RatesOf) -> float:
    """bit/s.  A high layer that does not arrive costs what is shown instead, the low one."""
    total = 0.0
    for publisher, flow in flows.items():
        rate = rates_of(publisher)
        total += rate.audio if flow.audio else 0
        if flow.video is not Layer.NONE:
            total += rate.high if flow.video is Layer.HIGH and rate.high else rate.low
    return total


def next_share(share: Share, flows: Mapping[PeerId, Flow], rates_of: RatesOf, seen: Second) -> Share:
    """To be asked once a second."""
    if share.settling:
        return share._replace(last=seen.estimate, settling=share.settling - 1)
    if share.deaf:
        share, seen = share._replace(deaf=share.deaf - 1), seen._replace(lost=None)
    if not seen.strained(share.last):
        return _rested(share, flows, rates_of, seen)
    share = share._replace(last=seen.estimate, strained=share.strained + 1, lost=share.lost + (seen.lost or 0.0))
    plain = share.strained > 1 and share.lost >= PLAIN and not share.on_trial
    return _lowered(share, flows, rates_of, seen) if plain or share.strained >= STRAINED else share


_SELF: Final = PeerId("")


def next_share_above(share: Share, wanted: Wanted, rates: Rates, lost: float | None) -> Share:
    """What a person's own line carries of what is `wanted` of them; to be asked once a second.

    `rates` are of what came; `lost` is the share of it that was lost in a full queue.  While pictures that were given
    up still come, nothing is concluded: a browser is told so over the line that they fill.
    """
    carried = carried_above(wanted, share.step)
    if share.settling and ((rates.high and not carried.high) or (rates.low and not carried.low)):
        share = share._replace(settling=share.settling + 1)
    sent = 1 / (1 - min(lost or 0.0, 0.99))
    own = Rates(rates.audio * sent, (rates.high + rates.low) * sent, max(rates.low * sent, SMALLEST))
    seen = Second(own.audio + own.high, lost, None)
    return next_share(share, _above(wanted), lambda _: own, seen)


def carried_above(wanted: Wanted, step: Step) -> Wanted:
    """What a publisher on this step is asked to send of what is `wanted` of them."""
    video = on_step(_above(wanted), step)[_SELF].video
    return Wanted(wanted.audio, video is Layer.HIGH, video is not Layer.NONE)


@cache
def _above(wanted: Wanted) -> Mapping[PeerId, Flow]:
    video = Layer.HIGH if wanted.high else Layer.LOW if wanted.low else Layer.NONE
    return {_SELF: Flow(wanted.audio, video, first=True)}


def _lowered(share: Share, flows: Mapping[PeerId, Flow], rates_of: RatesOf, seen: Second) -> Share:
    blamed = (seen.sent, share.lost / share.strained) if seen.lost is not None else None
    if share.blamed and blamed and share.on_trial and not is_ours(share.blamed, blamed):
        return Share(last=seen.estimate, deaf=DEAF)
    now = on_step(flows, share.step)
    lower = [step for step in reversed(Step) if step < share.step and on_step(flows, step) != now]
    if not lower:
        return share._replace(good=0, strained=0, lost=0.0)
    fits = next((step for step in lower if cost(on_step(flows, step), rates_of) <= seen.carried), lower[-1])
    wait = min(share.wait * 2, LONGEST) if share.good < share.wait else AGAIN
    return Share(fits, 0, wait, seen.estimate, blamed=blamed, settling=SETTLES, deaf=share.deaf)


def _rested(share: Share, flows: Mapping[PeerId, Flow], rates_of: RatesOf, seen: Second) -> Share:
    share = share._replace(last=seen.estimate, good=share.good + 1, strained=0, lost=0.0)
    if share.step is Step.ALL or share.good < GOOD_FOR:
        return share
    now = on_step(flows, share.step)
    higher = next((step for step in Step if step > share.step and on_step(flows, step) != now), None)
    if higher is None:
        return share
    price = cost(on_step(flows, higher), rates_of)
    proven = seen.estimate is not None and price > cost(now, rates_of) and price * PROVEN <= seen.estimate
    if share.good >= share.wait or proven:
        return share._replace(step=higher, good=0, blamed=None)
    return share
