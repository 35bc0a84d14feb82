"""The whole search of the room's states, and the room's own speed, for `make bench`."""

from __future__ import annotations

from tests.bench import room_speed, room_states


def test_no_promise_is_broken_in_any_state_of_a_meeting_of_four() -> None:
    print("\n" + room_states.report())


def test_a_command_and_a_view_cost_next_to_nothing() -> None:
    found = room_speed.measure()
    print("\n" + room_speed.table(found))
    assert found["step"] < 500
    assert found["view of a facilitator"] < 20_000
