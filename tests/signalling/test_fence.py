"""A plan that is older than what a room has had is never let through, in whatever order plans arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalling.fence import Fence
from signalling.plan import RoomId

ROOMS = [RoomId("one"), RoomId("two")]
ARRIVALS = st.lists(st.tuples(st.sampled_from(ROOMS), st.integers(1, 30)), max_size=120)
"""What was sent in the order of its number comes overtaken, twice, or not at all."""


@given(ARRIVALS)
def test_a_rooms_plan_is_the_newest_that_has_arrived(arrivals: list[tuple[RoomId, int]]) -> None:
    fence = Fence()
    stands = dict.fromkeys(ROOMS, 0)
    arrived = dict.fromkeys(ROOMS, 0)
    for room, number in arrivals:
        if fence.passes(room, number):
            assert number > stands[room], "a gate that was shut since would have opened"
            stands[room] = number
        arrived[room] = max(arrived[room], number)
        assert stands == arrived
        assert all(fence.newest(each) == stands[each] for each in ROOMS)


@given(st.permutations(range(1, 12)))
def test_rooms_do_not_hold_up_each_other(order: list[int]) -> None:
    fence = Fence()
    for number in order:
        assert fence.passes(RoomId(str(number)), number)
