"""What a thin line gets, and what it keeps longest."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling import Flow, Layer, PeerId
from signalling.allocation import (
    AGAIN,
    GOOD_FOR,
    LONGEST,
    SETTLES,
    STRAINED,
    Rates,
    Second,
    Share,
    Step,
    carried_above,
    cost,
    next_share,
    next_share_above,
    on_step,
    paused,
)
from signalling.planning import Wanted

A, B = PeerId("a"), PeerId("b")
PLAN = {A: Flow(True, Layer.HIGH, True), B: Flow(True, Layer.HIGH)}
RATES = {A: Rates(30_000, 1_000_000, 150_000), B: Rates(0, 1_000_000, 150_000)}

people = st.sampled_from([PeerId(f"p{i}") for i in range(8)])
flows = st.builds(Flow, st.booleans(), st.sampled_from(Layer), st.booleans())
plans = st.dictionaries(people, flows, max_size=8)
rates = st.dictionaries(people, st.builds(Rates, *[st.integers(0, 2_000_000)] * 3), max_size=8)
bits = st.integers(0, 5_000_000)
losses = st.none() | st.floats(0.05, 1)


@given(plans, st.sampled_from(Step))
def test_a_step_only_narrows_and_never_touches_a_voice(plan: dict[PeerId, Flow], step: Step) -> None:
    left = on_step(plan, step)
    assert left.keys() == plan.keys()
    for publisher, flow in plan.items():
        assert left[publisher].audio == flow.audio
        assert left[publisher].video <= flow.video


@given(plans, st.sampled_from(Step))
def test_no_first_picture_is_lowered_before_the_others(plan: dict[PeerId, Flow], step: Step) -> None:
    left = on_step(plan, step)
    if any(flow.first and left[p].video < flow.video for p, flow in plan.items()):
        assert all(left[p].video is Layer.NONE for p, flow in plan.items() if not flow.first)


@given(plans, st.sampled_from(Step))
def test_those_pictures_are_paused_of_which_a_step_leaves_nothing(plan: dict[PeerId, Flow], step: Step) -> None:
    left = on_step(plan, step)
    assert paused(plan, step) == {p for p in plan if plan[p].video and not left[p].video}


@given(plans, rates, st.lists(st.tuples(bits, losses, st.none() | bits), max_size=60))
def test_it_goes_up_only_after_a_good_while_and_one_step_at_a_time(
    plan: dict[PeerId, Flow], each: dict[PeerId, Rates], seconds: list[tuple[int, float | None, int | None]]
) -> None:
    share, steady = Share(), 0
    for sent, lost, estimate in seconds:
        before, share = share, next_share(share, plan, lambda p: each.get(p, Rates()), Second(sent, lost, estimate))
        if share.step > before.step and not share.deaf:
            assert steady >= GOOD_FOR - 1
            between = [on_step(plan, s) for s in Step if before.step < s < share.step]
            assert all(flows == on_step(plan, before.step) for flows in between)
        if share.step < before.step:
            assert lost is not None or (estimate is not None and sent > estimate)
        steady = steady + 1 if share.step == before.step else 0
        assert GOOD_FOR <= share.wait <= LONGEST


@pytest.mark.parametrize(
    ("account", "step"),
    [(1_300_000, Step.OTHERS_LOW), (1_100_000, Step.FIRST_ALONE), (200_000, Step.FIRST_LOW), (100_000, Step.VOICES)],
)
def test_a_congested_line_goes_down_in_one_step_to_what_fits(account: int, step: Step) -> None:
    share = Share()
    for _ in range(STRAINED):
        share = next_share(share, PLAN, RATES.__getitem__, Second(2_030_000, None, account))
        assert share.step is Step.ALL
    assert next_share(share, PLAN, RATES.__getitem__, Second(2_030_000, None, account)).step is step


def test_an_account_that_lags_behind_a_picture_which_has_just_begun_lowers_nothing() -> None:
    share = Share()
    for account in (100_000, 100_000, 160_000, 160_000, 240_000, 360_000, 360_000, 540_000, 800_000, 2_100_000):
        share = next_share(share, PLAN, RATES.__getitem__, Second(2_030_000, None, account))
        assert share.step is Step.ALL


def test_an_account_that_is_low_because_little_was_sent_lowers_nothing() -> None:
    assert next_share(Share(), PLAN, RATES.__getitem__, Second(40_000, None, 60_000)).step is Step.ALL
    growing = Share(last=200_000)
    assert next_share(growing, PLAN, RATES.__getitem__, Second(500_000, None, 300_000)).step is Step.ALL


def test_a_line_that_stays_thin_is_tried_more_and_more_rarely() -> None:
    share, tries = Share(), []
    for second in range(400):
        sent = cost(on_step(PLAN, share.step), RATES.__getitem__)
        before, share = (
            share,
            next_share(share, PLAN, RATES.__getitem__, Second(sent, None, int(min(sent * 1.5, 120_000)))),
        )
        if share.step > before.step:
            tries.append(second)
    gaps = [b - a for a, b in itertools.pairwise(tries)]
    assert gaps == sorted(gaps)
    assert gaps[-1] >= LONGEST


def over(carries: float, loses: float, seconds: int) -> list[Step]:
    """The steps over a line that carries so many bit/s, and of the rest loses a share whatever is sent; no account."""
    share, steps = Share(), []
    for _ in range(seconds):
        sent = cost(on_step(PLAN, share.step), RATES.__getitem__)
        lost = 1 - (1 - loses) * min(1.0, carries / sent)
        share = next_share(share, PLAN, RATES.__getitem__, Second(sent, lost if lost >= 0.05 else None, None))
        steps.append(share.step)
    return steps


@pytest.mark.parametrize("carries", [60_000, 30_000, 20_000], ids=lambda bits: f"{bits} bit/s")
def test_a_full_queue_leaves_the_voices_and_nothing_else_though_there_is_no_account(carries: int) -> None:
    steps = over(carries, 0.0, 300)
    assert steps[STRAINED - 1] is Step.VOICES
    assert steps.count(Step.VOICES) > 250


def test_where_packets_are_lost_whatever_is_sent_pictures_stay_away_for_a_moment_only() -> None:
    steps = over(10_000_000, 0.1, 300)
    assert sum(step is not Step.ALL for step in steps) <= 3 * (SETTLES + STRAINED)
    assert steps[-1] is Step.ALL


# ---- from a publisher ------------------------------------------------------------------------------------------------

ALL_OF_THEM = Wanted(audio=True, high=True, low=True)


@given(st.builds(Wanted, st.booleans(), st.booleans(), st.booleans()), st.sampled_from(Step))
def test_a_publisher_is_never_asked_for_more_than_is_wanted_and_always_for_the_voice(
    wanted: Wanted, step: Step
) -> None:
    carried = carried_above(wanted, step)
    assert carried.audio == wanted.audio
    assert carried.high <= wanted.high
    assert carried.low <= (wanted.low or wanted.high)
    if step is Step.VOICES:
        assert carried == Wanted(wanted.audio)


def above(carries: int, loses: float, seconds: int, wanted: Wanted = ALL_OF_THEM) -> list[Step]:
    """The steps of a publisher whose own line carries so many bit/s and loses a share whatever is sent.

    The queue before it is full for as long as more is sent.
    """
    share, steps = Share(), []
    for _ in range(seconds):
        asked = carried_above(wanted, share.step)
        sends = Rates(50_000 * asked.audio, 600_000 * asked.high, 80_000 * asked.low)
        through = (1 - loses) * min(1.0, carries / (sends.audio + sends.high + sends.low))
        came = Rates(*(through * rate for rate in (sends.audio, sends.high, sends.low)))
        share = next_share_above(share, wanted, came, 1 - through if through < 0.92 else None)
        steps.append(share.step)
    return steps


def test_a_line_that_carries_only_a_voice_is_asked_for_nothing_else_and_tried_ever_more_rarely() -> None:
    steps = above(64_000, 0.0, 300)
    assert steps[STRAINED - 1] is Step.VOICES
    assert steps.count(Step.VOICES) > 260
    tries = [n for n, (a, b) in enumerate(itertools.pairwise(steps)) if b > a]
    assert tries[0] >= AGAIN
    assert all(later - sooner > AGAIN for sooner, later in itertools.pairwise(tries))


def test_a_picture_that_a_full_queue_has_starved_does_not_pass_for_one_that_costs_nothing() -> None:
    share = Share()
    for _ in range(STRAINED):
        share = next_share_above(share, ALL_OF_THEM, Rates(30_000, 17_000, 0), 0.3)
    assert share.step is Step.VOICES


@pytest.mark.parametrize(("lost", "seconds"), [(0.65, 2), (0.35, 2), (0.1, STRAINED)])
def test_the_more_is_lost_the_sooner_pictures_are_given_up(lost: float, seconds: int) -> None:
    share = Share()
    for _ in range(seconds):
        assert share.step is Step.ALL
        share = next_share_above(share, ALL_OF_THEM, Rates(20_000, 40_000, 5_000), lost)
    assert share.step < Step.ALL


def test_nothing_is_concluded_while_pictures_that_were_given_up_still_come() -> None:
    """The browser is told late, over the line that they fill.  Else the line would pass for one that loses anyway."""
    share = Share()
    for _ in range(2):
        share = next_share_above(share, ALL_OF_THEM, Rates(20_000, 60_000, 5_000), 0.65)
    for _ in range(2 * SETTLES):
        share = next_share_above(share, ALL_OF_THEM, Rates(20_000, 20_000, 0), 0.6)
        assert share.step is Step.VOICES
    for _ in range(SETTLES):
        share = next_share_above(share, ALL_OF_THEM, Rates(40_000), 0.2)
    for _ in range(AGAIN):
        share = next_share_above(share, ALL_OF_THEM, Rates(50_000), None)
        assert share.step is Step.VOICES


def test_a_line_does_not_pass_for_one_that_loses_anyway_after_one_bad_second() -> None:
    share = Share(Step.VOICES, wait=AGAIN, blamed=(186_000, 0.65))
    for lost, came in ((0.65, 10_000), (0.65, 10_000), (None, 50_000)):
        share = next_share_above(share, ALL_OF_THEM, Rates(came), lost)
        assert share.step is Step.VOICES
        assert not share.deaf


def test_a_line_that_carries_a_small_picture_too_keeps_it() -> None:
    steps = above(200_000, 0.0, 300)
    assert steps[STRAINED - 1] is Step.FIRST_LOW
    assert Step.VOICES not in steps


def test_a_line_that_loses_packets_whatever_is_sent_has_its_pictures_back_soon() -> None:
    steps = above(10_000_000, 0.1, 300)
    assert sum(step is not Step.ALL for step in steps) <= 3 * (SETTLES + STRAINED)
    assert steps[-1] is Step.ALL


def test_who_is_not_seen_is_not_lowered() -> None:
    assert set(above(20_000, 0.0, 60, Wanted(audio=True))) == {Step.ALL}
