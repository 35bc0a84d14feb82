"""Every state of a meeting of three, and that what the search leaves out does not matter.

The whole search, with a supporter, is `python -m tests.bench.room_states`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import get_args

import pytest

from server.room import Refused, Room, step
from server.room import commands as c
from server.room.state import Signal
from tests.room.deletions import DELETIONS
from tests.room.exhaustive import Broken, Search
from tests.room.states import NOW, SMALL_CAST

LEFT_OUT = {
    c.SetMicrophone,
    c.SetCamera,
    c.SendSignal,
    c.SendMessage,
    c.RequestFloor,
    c.SetReady,
    c.SetArrivalOrder,
}
"""Commands that the search never gives."""

WITHOUT_EFFECT = {c.ClearSignal, c.CancelRequest, c.DenyRequest, c.AllowReturn}
"""They take back what is left out: a signal, a request, a refusal."""


@pytest.fixture(scope="module")
def search() -> Search:
    """All the states of a meeting of three."""
    whole = Search(SMALL_CAST)
    whole.run()
    return whole


def test_every_state_of_a_meeting_of_three_keeps_every_promise(
    search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search.complete
    assert len(search.reached) > 30_000
    with capsys.disabled():
        print(f"\n{len(search.reached)} states, {search.transitions} transitions: no promise broken")


@pytest.mark.parametrize(
    "name",
    [
        "losing the last guard does not freeze",
        "the audience forgets the guard",
        "withdrawing does not end the turn",
        "a visit outlives its owner's going",
        "a pause does not move people",
        "a facilitator guards whose line is down",
        "the piece gives the word before it is taken up",
        "who waits is told the phase",
        "a circle without a guard is company",
        "the wait after a restart ends only by time",
        "whoever goes stays where they were",
    ],
)
def test_the_search_notices_a_deletion_and_shows_a_way_to_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    DELETIONS[name](monkeypatch)
    with pytest.raises(Broken) as caught:
        Search(SMALL_CAST).run()
    assert caught.value.way


def some_rooms(search: Search, number: int) -> Iterator[Room]:
    states = random.Random(number).sample(list(search.reached), number)
    return (search.space.room_of(state) for state in states)


def test_a_state_is_all_that_its_number_says(search: Search) -> None:
    for room in some_rooms(search, 1000):
        assert search.space.room_of(search.space.state_of(room)) == room


def test_what_the_search_leaves_out_changes_nothing_that_it_looks_at(search: Search) -> None:
    accepted: set[type[c.Command]] = set()
    for room in some_rooms(search, 1000):
        state = search.space.state_of(room)
        for command in left_out(room):
            try:
                after, _ = step(room, command, NOW)
            except Refused:
                continue
            accepted.add(type(command))
            assert search.space.state_of(after) == state
    assert accepted == LEFT_OUT


def left_out(room: Room) -> Iterator[c.Command]:
    for person in room.people:
        yield from (c.SetMicrophone(person, on=True), c.SetCamera(person, on=True), c.SendMessage(person))
        yield from (c.SendSignal(person, Signal.NOT_SAFE), c.RequestFloor(person), c.SetReady(person, ready=False))
        yield c.SetArrivalOrder(person, tuple(reversed(room.arrival_order)))
        for other in room.people:
            yield c.SendMessage(person, other)


def test_the_search_gives_every_other_command(search: Search) -> None:
    given = {type(did) for room in some_rooms(search, 1000) for did, _ in search.space.after(room)}
    assert given & {*get_args(c.Command)} == {*get_args(c.Command)} - LEFT_OUT - WITHOUT_EFFECT
