"""From a link to the circle and out again."""

from __future__ import annotations

import pytest

from server.room import commands as c
from server.room import errors as x
from server.room import events as e
from server.room.ids import CIRCLE, holding_of
from server.room.state import Departure, Door, Mode, Phase, Role, Willing
from tests.room.builders import (
    FAY,
    FINN,
    INA,
    NOBODY,
    OBI,
    OLAF,
    OTTO,
    SAM,
    VERA,
    a_meeting,
    device_of,
    doors_open,
    in_circle,
)

# ---- the question ---------------------------------------------------------------------------------------------------


def test_whoever_connects_stands_before_the_door_and_in_no_place() -> None:
    vera = doors_open().connect(VERA).person(VERA)
    assert (vera.door, vera.willing, vera.place) == (Door.ARRIVING, Willing.UNASKED, None)


@pytest.mark.parametrize("willing", [Willing.YES, Willing.NOT_SURE, Willing.NO])
def test_every_answer_leads_to_ones_own_holding_place(willing: Willing) -> None:
    vera = doors_open().arrive(VERA, willing=willing).person(VERA)
    assert (vera.door, vera.willing, vera.place) == (Door.WAITING, willing, holding_of(VERA))


def test_no_answer_is_no_answer() -> None:
    doors_open().connect(VERA).refuses(c.AnswerDoor(VERA, Willing.UNASKED), x.NotWilling)


def test_the_question_is_asked_when_the_doors_are_open() -> None:
    a_meeting().connect(FAY, VERA).refuses(c.AnswerDoor(VERA, Willing.YES), x.WrongPhase)


def test_a_changed_mind_keeps_ones_place_among_the_waiting() -> None:
    meeting = doors_open().arrive(VERA, willing=Willing.NOT_SURE)
    since = meeting.person(VERA).waiting_since
    meeting.do(c.AnswerDoor(VERA, Willing.YES), after=60)
    assert meeting.person(VERA).waiting_since == since


def test_facilitators_are_in_when_they_connect() -> None:
    fay = a_meeting().connect(FAY).person(FAY)
    assert (fay.door, fay.place) == (Door.ADMITTED, CIRCLE)


# ---- being brought in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("willing", [Willing.NOT_SURE, Willing.NO])
def test_only_a_yes_is_brought_in(willing: Willing) -> None:
    doors_open().arrive(VERA, willing=willing).refuses(c.Admit(FAY, VERA), x.NotWilling)


def test_a_call_gives_notice_before_it_moves() -> None:
    meeting = doors_open().arrive(VERA).do(c.Admit(FAY, VERA))
    assert meeting.wait(9.9).person(VERA).place == holding_of(VERA)
    assert meeting.wait(0.1).person(VERA).place == CIRCLE


def test_a_called_person_may_come_at_once() -> None:
    assert doors_open().arrive(VERA).do(c.Admit(FAY, VERA), c.EnterNow(VERA)).person(VERA).place == CIRCLE


def test_not_yet_is_an_answer() -> None:
    meeting = doors_open().arrive(VERA).do(c.Admit(FAY, VERA), c.NotYet(VERA))
    assert meeting.person(VERA).not_yet
    assert meeting.wait(60).person(VERA).place == holding_of(VERA)
    assert not meeting.do(c.Admit(FAY, VERA)).person(VERA).not_yet


def test_nobody_comes_in_uncalled() -> None:
    meeting = doors_open().arrive(VERA)
    meeting.refuses(c.EnterNow(VERA), x.NotCalled)
    meeting.refuses(c.NotYet(VERA), x.NotCalled)


def test_nobody_is_called_twice() -> None:
    doors_open().arrive(VERA).do(c.Admit(FAY, VERA)).refuses(c.Admit(FAY, VERA), x.AlreadyCalled)


def test_nobody_is_called_whose_line_is_down() -> None:
    doors_open().arrive(VERA).disconnect(VERA).refuses(c.Admit(FAY, VERA), x.LineDown)


def test_nobody_is_called_who_does_not_wait() -> None:
    doors_open().connect(VERA).refuses(c.Admit(FAY, VERA), x.NotWaiting)
    doors_open(FAY, FINN).refuses(c.Admit(FAY, FINN), x.NotHere)


def test_people_come_in_the_order_that_was_set() -> None:
    meeting = doors_open().arrive(OLAF, SAM)
    refusal = meeting.refuses(c.Admit(FAY, SAM), x.OutOfOrder)
    assert refusal.detail == {"first": VERA}
    meeting.do(c.SetArrivalOrder(FAY, (OLAF, SAM, VERA, OTTO, INA, OBI)))
    meeting.refuses(c.Admit(FAY, SAM), x.OutOfOrder)
    assert meeting.do(c.Admit(FAY, OLAF), c.EnterNow(OLAF)).person(OLAF).place == CIRCLE


def test_the_order_names_everyone_once() -> None:
    for order in [(VERA,), (VERA, VERA, OLAF, OTTO, INA, OBI), (VERA, SAM, OLAF, OTTO, INA, OBI, FAY)]:
        doors_open().refuses(c.SetArrivalOrder(FAY, order), x.OrderIncomplete)


@pytest.mark.parametrize("out_of_the_way", [c.Refuse(FAY, VERA), c.Leave(VERA), c.WithdrawConsent(VERA)], ids=repr)
def test_who_does_not_come_today_holds_nobody_up(out_of_the_way: c.Command) -> None:
    meeting = doors_open().arrive(SAM, VERA).do(out_of_the_way)
    assert meeting.do(c.Admit(FAY, SAM)).person(SAM).called_at is not None


def test_who_has_been_in_today_does_not_wait_for_the_others() -> None:
    meeting = in_circle(OLAF).disconnect(OLAF).wait(180).arrive(OLAF)
    assert meeting.do(c.Admit(FAY, OLAF), c.EnterNow(OLAF)).person(OLAF).place == CIRCLE


def test_a_call_into_a_paused_meeting_lapses() -> None:
    meeting = in_circle(OLAF).arrive(VERA).do(c.Admit(FAY, VERA), c.Pause(OLAF))
    meeting.refuses(c.EnterNow(VERA), x.CannotEnterNow)
    assert meeting.happens(c.Tick(), after=10) == [e.CallDeclined(VERA)]
    vera = meeting.person(VERA)
    assert (vera.door, vera.called_at, vera.not_yet) == (Door.WAITING, None, False)


def test_a_call_into_a_circle_without_a_guard_lapses() -> None:
    meeting = doors_open().arrive(VERA).do(c.Admit(FAY, VERA), c.SetMedia(FAY, up=False))
    meeting.refuses(c.EnterNow(VERA), x.CannotEnterNow)
    assert meeting.wait(10).person(VERA).door is Door.WAITING


def test_the_facilitator_who_is_with_a_called_person_comes_along() -> None:
    meeting = doors_open().arrive(VERA).do(c.Visit(FAY, VERA), c.Admit(FAY, VERA)).wait(10)
    assert meeting.room.phase is Phase.DOORS_OPEN
    assert (meeting.person(VERA).place, meeting.person(FAY).place) == (CIRCLE, CIRCLE)


def test_a_doubt_takes_back_the_call() -> None:
    meeting = doors_open().arrive(VERA).do(c.Admit(FAY, VERA), c.AnswerDoor(VERA, Willing.NOT_SURE))
    assert meeting.wait(60).person(VERA).place == holding_of(VERA)


def test_a_lost_line_lets_the_call_lapse() -> None:
    meeting = doors_open().arrive(VERA).do(c.Admit(FAY, VERA)).disconnect(VERA).wait(10)
    assert (meeting.person(VERA).door, meeting.person(VERA).called_at) == (Door.WAITING, None)


# ---- going ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quick", "departure"), [(False, Departure.LEFT), (True, Departure.QUICK_EXIT)], ids=["leave", "quick exit"]
)
def test_leaving_takes_effect_at_once_and_everywhere(quick: bool, departure: Departure) -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA)).unmute(VERA).show(VERA)
    vera = meeting.do(c.Leave(VERA, quick)).person(VERA)
    assert (vera.door, vera.place, vera.departure) == (Door.LEFT, None, departure)
    assert not vera.microphone
    assert not vera.camera
    assert meeting.room.floor.turn is None


def test_going_needs_no_line() -> None:
    meeting = in_circle(VERA).disconnect(VERA)
    assert meeting.copy().do(c.Leave(VERA)).person(VERA).door is Door.LEFT
    assert meeting.do(c.WithdrawConsent(VERA)).person(VERA).door is Door.WITHDRAWN


def test_everything_else_needs_one() -> None:
    in_circle(VERA).disconnect(VERA).refuses(c.Pause(VERA), x.NotConnected)


def test_one_can_withdraw_before_one_ever_came() -> None:
    assert a_meeting().do(c.WithdrawConsent(VERA)).person(VERA).door is Door.WITHDRAWN


def test_who_left_comes_to_the_door_again() -> None:
    meeting = in_circle(VERA).do(c.Leave(VERA), c.Connect(VERA, device_of(VERA)))
    vera = meeting.person(VERA)
    assert (vera.door, vera.willing, vera.departure) == (Door.ARRIVING, Willing.UNASKED, None)


def test_who_withdrew_stays_withdrawn_until_they_answer_anew() -> None:
    meeting = in_circle(VERA).do(c.WithdrawConsent(VERA)).disconnect(VERA).connect(VERA)
    assert meeting.person(VERA).door is Door.WITHDRAWN
    assert meeting.do(c.AnswerDoor(VERA, Willing.YES)).person(VERA).door is Door.WAITING


@pytest.mark.parametrize("barred", [c.Refuse(FAY, VERA), c.Remove(FAY, VERA)], ids=repr)
def test_who_was_sent_away_stays_away_until_a_facilitator_says_otherwise(barred: c.Command) -> None:
    meeting = doors_open().arrive(VERA).do(barred).disconnect(VERA).connect(VERA)
    assert meeting.person(VERA).place is None
    meeting.refuses(c.AnswerDoor(VERA, Willing.YES), x.WrongDoor)
    assert meeting.do(c.AllowReturn(FAY, VERA)).person(VERA).door is Door.ARRIVING
    meeting.refuses(c.AllowReturn(FAY, VERA), x.NotBarred)


def test_the_return_of_somebody_absent_is_allowed_beforehand() -> None:
    meeting = doors_open().arrive(VERA).do(c.Remove(FAY, VERA)).disconnect(VERA).do(c.AllowReturn(FAY, VERA))
    assert meeting.person(VERA).door is Door.AWAY


def test_only_who_is_here_is_removed_and_only_who_is_at_the_door_refused() -> None:
    meeting = in_circle(VERA)
    meeting.refuses(c.Remove(FAY, OLAF), x.NotHere)
    meeting.refuses(c.Refuse(FAY, VERA), x.NotWaiting)
    meeting.refuses(c.Remove(FAY, FAY), x.NotHere)


def test_people_are_seen_off_one_by_one_in_the_closing() -> None:
    meeting = in_circle(VERA, OLAF, phase=Phase.CLOSING).do(c.SeeOff(FAY, VERA))
    assert (meeting.person(VERA).door, meeting.person(VERA).departure) == (Door.LEFT, Departure.SEEN_OFF)
    meeting.refuses(c.SeeOff(FAY, VERA), x.NotHere)
    assert meeting.person(OLAF).place == CIRCLE


def test_nobody_unknown_does_anything() -> None:
    meeting = in_circle(VERA)
    for command in (
        c.Leave(NOBODY),
        c.Admit(FAY, NOBODY),
        c.Visit(FAY, NOBODY),
        c.GrantFloor(FAY, NOBODY),
        c.DenyRequest(FAY, NOBODY),
        c.ClearSignal(FAY, NOBODY),
        c.Connect(NOBODY, device_of(NOBODY)),
        c.Disconnect(NOBODY, device_of(NOBODY)),
        c.SetMedia(NOBODY, up=True),
    ):
        if isinstance(command, c.GrantFloor):
            meeting.do(c.SetMode(FAY, Mode.CHAIRED))
        assert meeting.refuses(command, x.UnknownPerson).detail == {"person": NOBODY}


def test_a_participant_is_not_told_by_a_refusal_whether_somebody_belongs_to_the_meeting() -> None:
    meeting = doors_open().arrive(VERA)
    for stranger in (OLAF, NOBODY):
        assert meeting.refuses(c.Admit(VERA, stranger), x.NotYourRole).detail == {"role": Role.VICTIM}
        assert meeting.refuses(c.ClearSignal(VERA, stranger), x.NotYours).detail == {}
        assert meeting.refuses(c.SendMessage(VERA, stranger), x.NoSuchRecipient).detail == {}
