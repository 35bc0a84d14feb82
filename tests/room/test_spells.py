"""The history of one line: what begins a spell, what is forgotten, and what is a gap and not a loss."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from server.room import commands as c
from server.room.spells import MOST, SPAN, History, line_now, noted, recent
from server.room.view import Line, Spell, Surroundings
from tests.room.builders import FAY, OLAF, VERA, a_meeting, in_circle

MINUTE = 60_000
GOOD, POOR, LOST = Line.GOOD, Line.POOR, Line.LOST
Seconds = list[tuple[Line | None, bool]]


def history(*changes: tuple[int, Line | None, bool]) -> History:
    found: History = ()
    for now, line, paused in changes:
        found = noted(found, line, paused, now)
    return found


def test_a_line_that_stays_as_it_is_is_one_spell_and_the_very_same_history() -> None:
    one = history((0, GOOD, False))
    assert one == (Spell(0, GOOD, paused=False),)
    assert noted(one, GOOD, False, 60 * MINUTE) is one


def test_each_change_begins_a_spell() -> None:
    assert history((0, GOOD, False), (1, POOR, False), (2, POOR, True), (3, LOST, False), (4, GOOD, False)) == (
        Spell(0, GOOD, paused=False),
        Spell(1, POOR, paused=False),
        Spell(2, POOR, paused=True),
        Spell(3, LOST, paused=False),
        Spell(4, GOOD, paused=False),
    )


def test_where_nothing_comes_it_does_not_matter_whether_pictures_were_paused() -> None:
    assert history((0, POOR, True), (1, LOST, True))[-1] == Spell(1, LOST, paused=False)
    assert noted((), None, True, 0) == ()


def test_what_ended_five_minutes_ago_is_forgotten_and_what_lasts_is_not() -> None:
    old = history((0, GOOD, False), (MINUTE, POOR, False))
    assert recent(old, MINUTE + SPAN - 1) == old
    assert recent(old, MINUTE + SPAN) == (Spell(MINUTE, POOR, paused=False),)
    assert recent(old, 100 * MINUTE) == (Spell(MINUTE, POOR, paused=False),)
    assert noted(old, GOOD, False, MINUTE + SPAN) == (
        Spell(MINUTE, POOR, paused=False),
        Spell(MINUTE + SPAN, GOOD, paused=False),
    )


def test_who_never_had_a_line_has_no_history_and_who_left_soon_has_none_either() -> None:
    assert noted((), None, False, 0) == ()
    left = history((0, GOOD, False), (MINUTE, None, False))
    assert left[-1].line is None
    assert recent(left, MINUTE + SPAN) == ()


@given(some.lists(some.tuples(some.sampled_from([None, *Line]), some.booleans()), max_size=2 * MOST))
def test_it_stays_small_in_order_and_true_of_now(seconds: Seconds) -> None:
    found: History = ()
    for second, (line, paused) in enumerate(seconds):
        found = noted(found, line, paused, second * 1000)
        assert len(found) <= MOST
        assert all(a.since < b.since and (a.line, a.paused) != (b.line, b.paused) for a, b in pairwise(found))
        assert (found[-1].line if found else None) is line


# ---- what the line of a person is ------------------------------------------------------------------------------------


def test_only_who_has_sound_and_pictures_has_a_line_to_judge() -> None:
    around = Surroundings({}, {FAY: GOOD, VERA: POOR})
    meeting = in_circle(VERA, OLAF)
    people = meeting.room.people
    assert [line_now(people[p], around) for p in (FAY, VERA, OLAF)] == [GOOD, POOR, None]


def test_a_dropped_socket_is_a_lost_line_and_to_leave_is_not() -> None:
    around = Surroundings({}, {VERA: GOOD})
    meeting = in_circle(VERA, OLAF)
    assert line_now(meeting.copy().disconnect(VERA).room.people[VERA], around) is LOST
    assert line_now(meeting.copy().do(c.Leave(VERA)).room.people[VERA], around) is None
    assert line_now(a_meeting().connect(FAY, VERA).room.people[VERA], around) is None, "not at the door yet"
