"""Slots and what follows from a plan."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalling import SLOT_PAIRS, Flow, Layer, PeerId, narrowed
from signalling.planning import NOTHING, Wanted, changed, settled, wanted_of
from signalling.slots import Slots, assign

A, B, C = PeerId("a"), PeerId("b"), PeerId("c")
people = st.sampled_from([PeerId(f"p{i}") for i in range(20)])
flows = st.builds(Flow, st.booleans(), st.sampled_from(Layer))
plans = st.dictionaries(people, st.dictionaries(people, flows, max_size=6), max_size=6)


@given(st.lists(st.lists(people, max_size=14), max_size=12))
def test_slots_keep_their_owners_and_show_whoever_there_is_room_for(turns: list[list[PeerId]]) -> None:
    slots = Slots()
    for publishers in turns:
        before, slots = slots, assign(slots, publishers)
        showing = slots.showing()
        assert len(set(showing.values())) == len(showing) == min(len(set(publishers)), SLOT_PAIRS)
        assert set(showing.values()) <= set(publishers)
        owners = [o for o in slots.owners if o is not None]
        assert len(set(owners)) == len(owners)
        for index, owner in enumerate(before.owners):
            if owner in publishers:
                assert slots.owners[index] == owner, "somebody who is shown keeps their slot"
        assert sorted(slots.by_use) == list(range(SLOT_PAIRS))
        assert assign(slots, publishers) == slots, "the same again changes nothing"


def test_a_new_person_gets_a_slot_that_nobody_had() -> None:
    slots = assign(assign(Slots(), [A, B]), [])
    assert assign(slots, [C, A]).showing() == {0: A, 2: C}


def test_when_all_are_taken_the_one_unused_longest_changes_hands() -> None:
    others = [PeerId(f"x{i}") for i in range(SLOT_PAIRS)]
    slots = assign(Slots(), others)
    slots = assign(slots, others[:4] + others[5:])  # 4 first,
    slots = assign(slots, others[:2] + others[5:])  # then 2 and 3
    slots = assign(slots, [*others[:2], *others[5:], A])
    assert slots.owners[4] == A
    slots = assign(slots, [*others[:2], *others[5:], A, B, C])
    assert {slots.owners[2], slots.owners[3]} == {B, C}


def test_who_is_shown_is_never_pushed_out() -> None:
    others = [PeerId(f"x{i}") for i in range(SLOT_PAIRS)]
    slots = assign(Slots(), others)
    assert assign(slots, [A, *others]).showing() == slots.showing()


@given(plans)
def test_a_settled_plan_says_the_same_without_empty_or_self_pairs(plan: dict[PeerId, dict[PeerId, Flow]]) -> None:
    own = settled(plan)
    pairs = {(s, p): f for s, of in plan.items() for p, f in of.items() if f != NOTHING and s != p}
    assert {(s, p): f for s, of in own.items() for p, f in of.items()} == pairs
    assert all(own.values())
    assert settled(own) == own


@given(plans)
def test_what_is_wanted_is_what_somebody_may_receive(plan: dict[PeerId, dict[PeerId, Flow]]) -> None:
    wanted = wanted_of(plan)
    for of in plan.values():
        for publisher, flow in of.items():
            assert wanted[publisher].audio >= flow.audio
            assert wanted[publisher].low >= (flow.video > Layer.NONE)
            assert wanted[publisher].high >= (flow.video == Layer.HIGH)
    for publisher, want in wanted.items():
        to = [of[publisher] for of in plan.values() if publisher in of]
        assert want == Wanted(
            any(f.audio for f in to), any(f.video == Layer.HIGH for f in to), any(f.video > Layer.NONE for f in to)
        )


@given(plans, plans)
def test_only_who_has_a_difference_is_rearranged(
    old: dict[PeerId, dict[PeerId, Flow]], new: dict[PeerId, dict[PeerId, Flow]]
) -> None:
    for person in old.keys() | new.keys():
        assert (person in changed(old, new)) == (old.get(person, {}) != new.get(person, {}))


@given(plans, plans)
def test_narrowing_never_opens_anything(
    old: dict[PeerId, dict[PeerId, Flow]], new: dict[PeerId, dict[PeerId, Flow]]
) -> None:
    both = narrowed(old, new)
    for subscriber, of in both.items():
        for publisher, flow in of.items():
            for plan in (old, new):
                allowed = plan[subscriber][publisher]
                assert flow.audio <= allowed.audio
                assert flow.video <= allowed.video
    for subscriber in old.keys() & new.keys():
        for publisher in old[subscriber].keys() & new[subscriber].keys():
            a, b = old[subscriber][publisher], new[subscriber][publisher]
            kept = both.get(subscriber, {}).get(publisher, NOTHING)
            assert kept == Flow(a.audio and b.audio, min(a.video, b.video)), "and shuts no more than it must"
