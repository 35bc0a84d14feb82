"""The history of one line: what begins a spell, what is forgotten, and what is a gap and not a loss."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as some

from server.room import commands as c
from server.room.spells import MOST, SPAN, History, line_now, noted, recent
from server.room.view import Line, Pictures, Spell, Surroundings
from tests.room.builders import FAY, OLAF, VERA, a_meeting, in_circle

MINUTE = 60_000
GOOD, POOR, LOST = Line.GOOD, Line.POOR, Line.LOST
ALL, PAUSED, OFF = Pictures
Seconds = list[tuple[Line | None, Pictures]]


def history(*changes: tuple[int, Line | None, Pictures]) -> History:
    found: History = ()
    for now, line, pictures in changes:
        found = noted(found, line, pictures, now)
    return found


def test_a_line_that_stays_as_it_is_is_one_spell_and_the_very_same_history() -> None:
    one = history((0, GOOD, ALL))
    assert one == (Spell(0, GOOD, ALL),)
    assert noted(one, GOOD, ALL, 60 * MINUTE) is one


def test_each_change_begins_a_spell() -> None:
    changes = (0, GOOD, ALL), (1, POOR, ALL), (2, POOR, PAUSED), (3, LOST, ALL), (4, GOOD, ALL), (5, GOOD, OFF)
    assert history(*changes) == (
        Spell(0, GOOD, ALL),
        Spell(1, POOR, ALL),
        Spell(2, POOR, PAUSED),
        Spell(3, LOST, ALL),
        Spell(4, GOOD, ALL),
        Spell(5, GOOD, OFF),
    )


def test_where_nothing_comes_it_does_not_matter_whether_pictures_were_paused() -> None:
    assert history((0, POOR, PAUSED), (1, LOST, PAUSED))[-1] == Spell(1, LOST, ALL)
    assert noted((), None, OFF, 0) == ()


def test_what_ended_five_minutes_ago_is_forgotten_and_what_lasts_is_not() -> None:
    old = history((0, GOOD, ALL), (MINUTE, POOR, ALL))
    assert recent(old, MINUTE + SPAN - 1) == old
    assert recent(old, MINUTE + SPAN) == (Spell(MINUTE, POOR, ALL),)
    assert recent(old, 100 * MINUTE) == (Spell(MINUTE, POOR, ALL),)
    assert noted(old, GOOD, ALL, MINUTE + SPAN) == (
        Spell(MINUTE, POOR, ALL),
        Spell(MINUTE + SPAN, GOOD, ALL),
    )


def test_who_never_had_a_line_has_no_history_and_who_left_soon_has_none_either() -> None:
    assert noted((), None, ALL, 0) == ()
    left = history((0, GOOD, ALL), (MINUTE, None, ALL))
    assert left[-1].line is None
    assert recent(left, MINUTE + SPAN) == ()


@settings(deadline=None)
@given(some.lists(some.tuples(some.sampled_from([None, *Line]), some.sampled_from(Pictures)), max_size=2 * MOST))
def test_it_stays_small_in_order_and_true_of_now(seconds: Seconds) -> None:
    found: History = ()
    for second, (line, pictures) in enumerate(seconds):
        found = noted(found, line, pictures, second * 1000)
        assert len(found) <= MOST
        assert all(a.since < b.since and (a.line, a.pictures) != (b.line, b.pictures) for a, b in pairwise(found))
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
