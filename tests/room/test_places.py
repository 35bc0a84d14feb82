"""The circle, holding places, and visits to them."""

from __future__ import annotations

import pytest

from server.room import audience
from server.room import commands as c
from server.room import errors as x
from server.room.audience import Layer
from server.room.ids import CIRCLE, holding_of
from server.room.state import Mode, Phase
from tests.room.builders import FAY, FINN, OBI, OLAF, VERA, device_of, doors_open, in_circle


def test_a_facilitator_visits_who_waits_and_both_speak_and_see_each_other() -> None:
    meeting = doors_open().arrive(VERA).do(c.Visit(FAY, VERA)).unmute(FAY, VERA).show(FAY, VERA)
    heard = audience(meeting.room)
    assert heard[FAY][VERA].sound
    assert heard[VERA][FAY].sound
    assert heard[FAY][VERA].picture is Layer.HIGH


def test_the_mode_of_the_circle_is_nothing_to_a_holding_place() -> None:
    meeting = in_circle(OLAF, facilitators=(FAY, FINN), mode=Mode.CHAIRED).arrive(VERA).do(c.Visit(FINN, VERA))
    meeting.unmute(VERA).do(c.GrantFloor(FAY, OLAF), c.SetMode(FAY, Mode.QUIET))
    assert meeting.person(VERA).microphone
    assert audience(meeting.room)[FINN][VERA].sound


def test_two_facilitators_can_visit_the_same_person() -> None:
    meeting = doors_open(FAY, FINN).arrive(VERA).do(c.Visit(FAY, VERA), c.Visit(FINN, VERA)).unmute(FAY)
    heard = audience(meeting.room)
    assert {listener for listener, flows in heard.items() if FAY in flows} == {VERA, FINN}


def test_nobody_visits_who_is_not_in_their_holding_place() -> None:
    meeting = in_circle(OLAF, facilitators=(FAY, FINN)).connect(VERA)
    for person in (OLAF, VERA, FINN, OBI):
        meeting.refuses(c.Visit(FAY, person), x.NoHoldingPlace)


def test_nobody_goes_where_they_are() -> None:
    meeting = doors_open().arrive(VERA)
    meeting.refuses(c.ReturnToCircle(FAY), x.AlreadyThere)
    meeting.do(c.Visit(FAY, VERA)).refuses(c.Visit(FAY, VERA), x.AlreadyThere)


def test_from_one_visit_to_the_next() -> None:
    meeting = doors_open().arrive(VERA, OLAF).do(c.Visit(FAY, VERA), c.Visit(FAY, OLAF))
    assert meeting.person(FAY).place == holding_of(OLAF)
    assert meeting.do(c.ReturnToCircle(FAY)).person(FAY).place == CIRCLE


@pytest.mark.parametrize(
    "going",
    [
        c.Leave(VERA, quick=True),
        c.WithdrawConsent(VERA),
        c.Remove(FAY, VERA),
        c.Refuse(FAY, VERA),
        c.Connect(VERA, device_of(VERA, 2)),
    ],
    ids=repr,
)
def test_a_visit_ends_by_itself_when_its_owner_goes_and_closes_the_visitors_microphone(
    going: c.Command | c.Occurrence,
) -> None:
    meeting = in_circle(OLAF, facilitators=(FAY, FINN)).arrive(VERA).do(c.Visit(FINN, VERA)).unmute(FINN)
    meeting.do(going)
    assert meeting.person(FINN).place == CIRCLE
    assert not meeting.person(FINN).microphone


def test_a_visitor_who_returns_by_their_own_hand_keeps_their_microphone_open() -> None:
    meeting = doors_open().arrive(VERA).do(c.Visit(FAY, VERA)).unmute(FAY).do(c.ReturnToCircle(FAY))
    assert meeting.person(FAY).microphone


def test_a_visit_outlasts_a_dropped_line_of_either() -> None:
    meeting = doors_open().arrive(VERA).do(c.Visit(FAY, VERA)).disconnect(VERA).disconnect(FAY)
    assert meeting.connect(FAY).person(FAY).place == holding_of(VERA)


def test_a_visitor_on_another_device_is_back_in_the_circle() -> None:
    meeting = doors_open().arrive(VERA).do(c.Visit(FAY, VERA)).unmute(FAY).connect(FAY, device=2)
    assert meeting.person(FAY).place == CIRCLE
    assert not meeting.person(FAY).microphone


def test_a_move_closes_a_participants_microphone() -> None:
    meeting = doors_open().arrive(VERA).unmute(VERA).do(c.Admit(FAY, VERA), c.EnterNow(VERA))
    assert meeting.room.phase is Phase.DOORS_OPEN
    assert not meeting.person(VERA).microphone
