"""Who belongs to a meeting, and in which order they arrive."""

from __future__ import annotations

import pytest

from server.room import commands as c
from server.room import errors as x
from server.room.state import Role
from tests.room.builders import FAY, INA, NOBODY, OBI, OLAF, OTTO, SAM, SEATS, VERA, Meeting, a_meeting, doors_open


def test_the_harmed_side_arrives_first_and_the_responsible_side_last() -> None:
    seats = tuple(reversed(SEATS))
    assert a_meeting(seats).room.arrival_order == (SAM, VERA, OBI, INA, OTTO, OLAF)


def test_a_meeting_is_planned_once() -> None:
    a_meeting().refuses(c.Plan(SEATS), x.AlreadyPlanned)


def test_nobody_has_two_seats() -> None:
    Meeting().refuses(c.Plan((SEATS[0], SEATS[0])), x.PersonExists)
    a_meeting().refuses(c.AddPerson(SEATS[2]), x.PersonExists)


@pytest.mark.parametrize(
    "seat",
    [
        c.Seat(NOBODY, Role.SUPPORTER),
        c.Seat(NOBODY, Role.SUPPORTER, FAY),
        c.Seat(NOBODY, Role.SUPPORTER, SAM),
        c.Seat(NOBODY, Role.INTERPRETER),
        c.Seat(NOBODY, Role.INTERPRETER, INA),
        c.Seat(NOBODY, Role.INTERPRETER, OBI),
        c.Seat(NOBODY, Role.INTERPRETER, NOBODY),
        c.Seat(NOBODY, Role.VICTIM, OLAF),
        c.Seat(NOBODY, Role.FACILITATOR, VERA),
    ],
    ids=repr,
)
def test_nobody_is_attached_to_whom_their_role_cannot_be_attached_to(seat: c.Seat) -> None:
    a_meeting().refuses(c.AddPerson(seat), x.WrongAttachment)
    Meeting().refuses(c.Plan((*SEATS, seat)), x.WrongAttachment)


def test_a_supporter_may_be_seated_before_their_party() -> None:
    seats = (c.Seat(SAM, Role.SUPPORTER, VERA), c.Seat(VERA, Role.VICTIM), c.Seat(FAY, Role.FACILITATOR))
    assert a_meeting(seats).room.arrival_order == (SAM, VERA)


@pytest.mark.parametrize(
    ("seat", "place"),
    [
        (c.Seat(NOBODY, Role.INTERPRETER, SAM), 2),
        (c.Seat(NOBODY, Role.OBSERVER), 3),
        (c.Seat(NOBODY, Role.SUPPORTER, OLAF), 6),
    ],
    ids=repr,
)
def test_somebody_invited_later_sits_last_and_arrives_with_their_side(seat: c.Seat, place: int) -> None:
    room = a_meeting().do(c.AddPerson(seat)).room
    assert list(room.people)[-1] == NOBODY
    assert room.arrival_order.index(NOBODY) == place


def test_a_facilitator_invited_later_is_in_no_order_of_arrival() -> None:
    room = a_meeting().do(c.AddPerson(c.Seat(NOBODY, Role.FACILITATOR))).room
    assert NOBODY not in room.arrival_order


def test_nobody_is_added_to_a_meeting_that_is_over() -> None:
    ended = doors_open().do(c.EndMeeting(FAY))
    ended.refuses(c.AddPerson(c.Seat(NOBODY, Role.OBSERVER)), x.WrongPhase)
