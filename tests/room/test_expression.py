"""Microphones, cameras, wordless signals, and messages."""

from __future__ import annotations

import pytest

from server.room import commands as c
from server.room import errors as x
from server.room import recipients
from server.room.state import Mode, Signal
from tests.room.builders import FAY, FINN, NOBODY, OBI, OLAF, VERA, doors_open, in_circle

# ---- devices --------------------------------------------------------------------------------------------------------


def test_an_observer_has_no_microphone_but_may_be_seen() -> None:
    meeting = in_circle(OBI)
    meeting.refuses(c.SetMicrophone(OBI, on=True), x.NotYourRole)
    assert meeting.show(OBI).person(OBI).camera


def test_who_has_no_place_has_nothing_to_open() -> None:
    doors_open().connect(VERA).refuses(c.SetMicrophone(VERA, on=True), x.WrongDoor)


def test_the_same_wish_twice_is_carried_out_once() -> None:
    meeting = in_circle(VERA).unmute(VERA).show(VERA)
    assert meeting.happens(c.SetMicrophone(VERA, on=True)) == []
    assert meeting.happens(c.SetCamera(VERA, on=True)) == []


# ---- signals --------------------------------------------------------------------------------------------------------


def test_a_signal_stays_until_it_is_taken_back_or_answered() -> None:
    meeting = in_circle(VERA).do(c.SendSignal(VERA, Signal.NOT_SAFE))
    assert meeting.person(VERA).signal_at == meeting.now
    assert meeting.copy().do(c.ClearSignal(VERA, VERA)).person(VERA).signal is None
    assert meeting.do(c.ClearSignal(FAY, VERA)).person(VERA).signal is None
    meeting.refuses(c.ClearSignal(FAY, VERA), x.NoSignal)


def test_a_signal_outlasts_its_senders_going() -> None:
    meeting = in_circle(VERA).do(c.SendSignal(VERA, Signal.NOT_SAFE), c.Leave(VERA, quick=True))
    assert meeting.person(VERA).signal is Signal.NOT_SAFE


def test_who_has_gone_can_still_signal() -> None:
    meeting = in_circle(VERA).do(c.WithdrawConsent(VERA), c.SendSignal(VERA, Signal.NOT_SAFE))
    assert meeting.person(VERA).signal is Signal.NOT_SAFE


def test_a_signal_is_nobody_elses_to_answer() -> None:
    in_circle(VERA, OLAF).do(c.SendSignal(VERA, Signal.NOT_SAFE)).refuses(c.ClearSignal(OLAF, VERA), x.NotYours)


def test_a_facilitator_who_left_answers_none() -> None:
    meeting = in_circle(VERA, facilitators=(FAY, FINN)).do(c.SendSignal(VERA, Signal.NOT_SAFE), c.Leave(FINN))
    meeting.refuses(c.ClearSignal(FINN, VERA), x.WrongDoor)


# ---- messages -------------------------------------------------------------------------------------------------------


def test_a_participant_writes_to_all_the_facilitators_who_are_here() -> None:
    meeting = in_circle(VERA, OLAF, facilitators=(FAY, FINN))
    assert recipients(meeting.room, VERA, None) == {VERA, FAY, FINN}
    assert recipients(meeting.disconnect(FINN).room, VERA, None) == {VERA, FAY}


def test_a_facilitator_writes_to_one_person_and_the_others_facilitate_along() -> None:
    meeting = in_circle(VERA, OLAF, facilitators=(FAY, FINN))
    assert recipients(meeting.room, FAY, VERA) == {FAY, FINN, VERA}


def test_participants_write_to_nobody_else() -> None:
    meeting = in_circle(VERA, OLAF)
    for to in (OLAF, FAY, VERA, NOBODY):
        with pytest.raises(x.NoSuchRecipient):
            recipients(meeting.room, VERA, to)


def test_a_facilitator_writes_to_one_who_is_here() -> None:
    meeting = in_circle(VERA, OLAF, facilitators=(FAY, FINN)).do(c.WithdrawConsent(OLAF)).disconnect(VERA)
    for to in (OLAF, VERA, OBI, FINN, NOBODY, None):
        with pytest.raises(x.NoSuchRecipient):
            recipients(meeting.room, FAY, to)
        meeting.refuses(c.SendMessage(FAY, to), x.NoSuchRecipient)


def test_without_a_facilitator_a_message_has_no_reader() -> None:
    meeting = in_circle(VERA).disconnect(FAY)
    meeting.refuses(c.SendMessage(VERA), x.NoFacilitatorHere)


def test_who_withdrew_writes_nothing() -> None:
    in_circle(VERA).do(c.WithdrawConsent(VERA)).refuses(c.SendMessage(VERA), x.WrongDoor)


# ---- shares of the time ---------------------------------------------------------------------------------------------


def test_the_clock_runs_while_one_is_heard() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).unmute(VERA)
    assert meeting.person(VERA).speaking_since is None
    meeting.do(c.GrantFloor(FAY, VERA), after=10)
    assert meeting.person(VERA).speaking_since == meeting.now
    meeting.do(c.RequestFloor(OLAF), after=20).do(c.ReleaseFloor(VERA), after=5)
    assert meeting.person(VERA).spoken.total_seconds() == 25
    assert meeting.person(VERA).speaking_since is None


def test_the_clock_stops_with_the_line_and_with_the_guard() -> None:
    meeting = in_circle(VERA, mode=Mode.OPEN).unmute(VERA)
    lost = meeting.copy().disconnect(VERA).wait(20).connect(VERA)
    assert lost.person(VERA).spoken.total_seconds() == 1
    assert lost.person(VERA).speaking_since is not None
    frozen = meeting.copy().do(c.SetMedia(FAY, up=False), after=30)
    assert frozen.person(VERA).spoken.total_seconds() == 30


def test_private_talk_is_in_nobodys_share() -> None:
    meeting = doors_open().arrive(VERA).do(c.Visit(FAY, VERA)).unmute(FAY, VERA).wait(60)
    assert meeting.person(VERA).speaking_since is None
    assert meeting.person(FAY).speaking_since is None
