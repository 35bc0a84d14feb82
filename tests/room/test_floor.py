"""Who may speak in the circle."""

from __future__ import annotations

import pytest

from server.room import commands as c
from server.room import errors as x
from server.room import events as e
from server.room.floor import may_speak
from server.room.ids import PersonId
from server.room.state import Mode, Phase
from tests.room.builders import FAY, INA, OBI, OLAF, OTTO, SAM, VERA, Meeting, in_circle

EVERYONE = (VERA, SAM, OLAF, OTTO, INA, OBI)


def speakers(meeting: Meeting) -> set[PersonId]:
    return {p.id for p in meeting.room.people.values() if may_speak(meeting.room, p)}


def piece_before(meeting: Meeting) -> PersonId | None:
    turn = meeting.room.floor.turn
    return None if turn is None else turn.holder


# ---- modes ----------------------------------------------------------------------------------------------------------


def test_when_it_is_quiet_only_facilitators_speak() -> None:
    assert speakers(in_circle(*EVERYONE, mode=Mode.QUIET)) == {FAY}


def test_in_open_talk_everyone_speaks_but_the_observers() -> None:
    assert speakers(in_circle(*EVERYONE, mode=Mode.OPEN)) == {FAY, VERA, SAM, OLAF, OTTO, INA}


def test_when_it_is_chaired_the_holder_speaks_and_whoever_interprets() -> None:
    meeting = in_circle(*EVERYONE, mode=Mode.CHAIRED)
    assert speakers(meeting) == {FAY}
    assert speakers(meeting.do(c.GrantFloor(FAY, VERA))) == {FAY, VERA, INA}


def test_the_piece_gives_the_word_only_once_it_is_taken_up() -> None:
    meeting = in_circle(*EVERYONE, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, OLAF))
    assert speakers(meeting) == {FAY}
    assert speakers(meeting.do(c.TakePiece(OLAF))) == {FAY, OLAF, INA}


def test_another_mode_ends_the_turn_and_forgets_the_round() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA), c.PassPiece(VERA))
    assert meeting.room.floor.passed == {VERA}
    floor = meeting.do(c.SetMode(FAY, Mode.CHAIRED), c.SetMode(FAY, Mode.CIRCLE)).room.floor
    assert (floor.turn, floor.passed) == (None, frozenset())


def test_the_same_mode_set_again_ends_the_turn_and_keeps_the_round() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA), c.PassPiece(VERA))
    floor = meeting.do(c.SetMode(FAY, Mode.CIRCLE)).room.floor
    assert floor.turn is None
    assert floor.passed == {VERA}
    assert meeting.happens(c.SetMode(FAY, Mode.CIRCLE)) == []


def test_a_mode_in_which_one_may_not_speak_closes_the_microphone() -> None:
    meeting = in_circle(VERA, mode=Mode.OPEN).unmute(VERA).do(c.SetMode(FAY, Mode.QUIET))
    assert not meeting.person(VERA).microphone


def test_a_mode_in_which_one_may_still_speak_does_not() -> None:
    meeting = in_circle(VERA, mode=Mode.OPEN).unmute(FAY).do(c.SetMode(FAY, Mode.QUIET))
    assert meeting.person(FAY).microphone


# ---- the queue ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.QUIET, Mode.CHAIRED])
def test_requests_wait_in_the_order_in_which_they_came(mode: Mode) -> None:
    meeting = in_circle(*EVERYONE, mode=mode).do(c.RequestFloor(OLAF), c.RequestFloor(VERA))
    assert [request.by for request in meeting.room.floor.queue] == [OLAF, VERA]
    assert meeting.do(c.CancelRequest(OLAF)).view(VERA).me.queue_position == 1


@pytest.mark.parametrize("mode", [Mode.CIRCLE, Mode.OPEN])
def test_there_is_no_queue_where_nobody_is_chosen(mode: Mode) -> None:
    meeting = in_circle(VERA, mode=Mode.CHAIRED).do(c.RequestFloor(VERA), c.SetMode(FAY, mode))
    assert meeting.room.floor.queue == ()
    meeting.refuses(c.RequestFloor(VERA), x.WrongMode)


def test_the_queue_survives_from_quiet_to_chaired() -> None:
    meeting = in_circle(VERA, mode=Mode.QUIET).do(c.RequestFloor(VERA), c.SetMode(FAY, Mode.CHAIRED))
    assert [request.by for request in meeting.room.floor.queue] == [VERA]


def test_one_person_has_one_request() -> None:
    meeting = in_circle(VERA, mode=Mode.CHAIRED).do(c.RequestFloor(VERA))
    meeting.refuses(c.RequestFloor(VERA), x.AlreadyQueued)
    meeting.do(c.GrantFloor(FAY, VERA)).refuses(c.RequestFloor(VERA), x.HoldsFloor)


def test_what_was_not_asked_is_neither_cancelled_nor_denied() -> None:
    meeting = in_circle(VERA, mode=Mode.CHAIRED)
    meeting.refuses(c.CancelRequest(VERA), x.NotQueued)
    meeting.refuses(c.DenyRequest(FAY, VERA), x.NotQueued)


def test_a_denied_request_is_gone() -> None:
    meeting = in_circle(VERA, mode=Mode.CHAIRED).do(c.RequestFloor(VERA), c.DenyRequest(FAY, VERA))
    assert meeting.room.floor.queue == ()


@pytest.mark.parametrize("going", [c.Leave(VERA), c.WithdrawConsent(VERA), c.Remove(FAY, VERA)], ids=repr)
def test_a_request_goes_with_its_owner(going: c.Command) -> None:
    assert in_circle(VERA, mode=Mode.CHAIRED).do(c.RequestFloor(VERA), going).room.floor.queue == ()


# ---- granted --------------------------------------------------------------------------------------------------------


def test_a_grant_takes_the_request_out_of_the_queue() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).do(c.RequestFloor(OLAF), c.RequestFloor(VERA))
    floor = meeting.do(c.GrantFloor(FAY, OLAF)).room.floor
    assert [request.by for request in floor.queue] == [VERA]
    assert floor.turn is not None
    assert floor.turn.taken


def test_a_grant_is_permission_and_opens_no_microphone() -> None:
    assert not in_circle(VERA, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA)).person(VERA).microphone


def test_a_microphone_opened_beforehand_stands_open_when_the_turn_comes() -> None:
    meeting = in_circle(VERA, mode=Mode.CHAIRED).unmute(VERA).do(c.GrantFloor(FAY, VERA))
    assert meeting.person(VERA).microphone


@pytest.mark.parametrize("ending", [c.ReleaseFloor(VERA), c.RevokeFloor(FAY), c.GrantFloor(FAY, OLAF)], ids=repr)
def test_the_end_of_a_turn_closes_the_microphone(ending: c.Command) -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA)).unmute(VERA).do(ending)
    assert not meeting.person(VERA).microphone


def test_the_interpreters_microphone_closes_with_the_turn_too() -> None:
    meeting = in_circle(VERA, INA, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA)).unmute(INA)
    assert meeting.person(INA).microphone
    assert not meeting.do(c.ReleaseFloor(VERA)).person(INA).microphone


def test_an_interpreter_whose_person_went_still_interprets_the_holder() -> None:
    meeting = in_circle(VERA, OLAF, INA, mode=Mode.OPEN).do(c.Leave(OLAF), c.SetMode(FAY, Mode.CHAIRED))
    assert speakers(meeting) == {FAY}
    assert speakers(meeting.do(c.GrantFloor(FAY, VERA))) == {FAY, VERA, INA}


@pytest.mark.parametrize("person", [FAY, INA, OBI])
def test_who_needs_no_floor_is_granted_none(person: PersonId) -> None:
    in_circle(*EVERYONE, mode=Mode.CHAIRED).refuses(c.GrantFloor(FAY, person), x.NeverHolds)


def test_the_floor_goes_to_somebody_who_is_there() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).arrive(SAM)
    meeting.refuses(c.GrantFloor(FAY, SAM), x.NotInCircle)
    meeting.disconnect(VERA).refuses(c.GrantFloor(FAY, VERA), x.LineDown)
    meeting.do(c.GrantFloor(FAY, OLAF)).refuses(c.GrantFloor(FAY, OLAF), x.HoldsFloor)


@pytest.mark.parametrize("mode", [Mode.QUIET, Mode.OPEN])
def test_nothing_is_granted_where_nobody_is_chosen(mode: Mode) -> None:
    in_circle(VERA, mode=mode).refuses(c.GrantFloor(FAY, VERA), x.WrongMode)


def test_only_the_holder_releases() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA))
    meeting.refuses(c.ReleaseFloor(OLAF), x.FloorNotHeld)
    meeting.do(c.ReleaseFloor(VERA)).refuses(c.RevokeFloor(FAY), x.FloorNotHeld)


# ---- a dropped line -------------------------------------------------------------------------------------------------


def test_a_dropped_line_does_not_forfeit_the_turn() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA)).disconnect(VERA)
    assert piece_before(meeting.wait(44.9)) == VERA
    assert piece_before(meeting.connect(VERA)) == VERA
    assert piece_before(meeting.wait(600)) == VERA


def test_after_the_grace_the_turn_goes_to_nobody() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).do(c.RequestFloor(OLAF), c.GrantFloor(FAY, VERA))
    meeting.disconnect(VERA).wait(45)
    assert piece_before(meeting) is None
    assert [request.by for request in meeting.room.floor.queue] == [OLAF]


def test_a_piece_lost_with_the_line_comes_back_at_the_end_of_the_round() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA)).disconnect(VERA).wait(45)
    assert meeting.room.floor.come_back == (VERA,)
    meeting.connect(VERA).do(c.GrantFloor(FAY, OLAF), c.PassPiece(OLAF))
    assert piece_before(meeting) == VERA


# ---- the talking piece ----------------------------------------------------------------------------------------------


def test_the_piece_goes_round_in_seat_order_to_everyone_who_may_hold_it() -> None:
    meeting = in_circle(*EVERYONE, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, OLAF))
    went = []
    while (holder := piece_before(meeting)) is not None:
        went.append(holder)
        meeting.do(c.PassPiece(holder))
    assert went == [OLAF, OTTO, VERA, SAM]
    assert meeting.room.floor.rounds == 1
    assert meeting.room.floor.passed == frozenset()


def test_taking_the_piece_up_opens_the_microphone_by_the_same_hand() -> None:
    meeting = in_circle(VERA, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA), c.TakePiece(VERA))
    assert meeting.person(VERA).microphone
    meeting.refuses(c.TakePiece(VERA), x.AlreadyTaken)


def test_the_piece_is_taken_by_whom_it_lies_before() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA))
    for command in (c.TakePiece(OLAF), c.PassPiece(OLAF), c.ComeBackToMe(OLAF)):
        meeting.refuses(command, x.FloorNotHeld)
    meeting.refuses(c.ReleaseFloor(VERA), x.WrongMode)


def test_come_back_to_me_is_asked_again_after_everyone_else() -> None:
    meeting = in_circle(VERA, SAM, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA), c.ComeBackToMe(VERA))
    meeting.do(c.PassPiece(SAM), c.TakePiece(OLAF), c.PassPiece(OLAF))
    assert piece_before(meeting) == VERA
    assert meeting.room.floor.rounds == 0
    assert piece_before(meeting.do(c.PassPiece(VERA))) is None
    assert meeting.room.floor.rounds == 1


def test_the_last_one_cannot_ask_to_be_asked_again() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA), c.PassPiece(VERA))
    meeting.refuses(c.ComeBackToMe(OLAF), x.NobodyElseLeft)


def test_the_piece_passes_over_a_dropped_line_and_comes_back_to_it() -> None:
    meeting = in_circle(VERA, SAM, OLAF, mode=Mode.CIRCLE).disconnect(SAM).do(c.GrantFloor(FAY, VERA))
    assert meeting.happens(c.PassPiece(VERA)) == [
        e.FloorReleased(VERA),
        e.PersonPassedOver(SAM),
        e.FloorGranted(OLAF),
    ]
    meeting.connect(SAM).do(c.PassPiece(OLAF))
    assert piece_before(meeting) == SAM


def test_a_round_does_not_wait_for_a_line_that_stays_down() -> None:
    meeting = in_circle(VERA, SAM, mode=Mode.CIRCLE).disconnect(SAM).do(c.GrantFloor(FAY, VERA))
    assert meeting.happens(c.PassPiece(VERA))[-1] == e.RoundCompleted()
    assert meeting.room.floor.come_back == ()


def test_a_piece_taken_back_is_not_used_up() -> None:
    meeting = in_circle(VERA, SAM, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA), c.GrantFloor(FAY, SAM))
    meeting.do(c.PassPiece(SAM), c.PassPiece(OLAF))
    assert piece_before(meeting) == VERA


def test_who_comes_in_late_is_asked_in_this_round() -> None:
    meeting = in_circle(VERA, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA)).bring_in(OLAF)
    assert piece_before(meeting.do(c.PassPiece(VERA))) == OLAF


def test_who_goes_is_not_asked_again() -> None:
    meeting = in_circle(VERA, SAM, OLAF, mode=Mode.CIRCLE)
    meeting.do(c.GrantFloor(FAY, VERA), c.ComeBackToMe(VERA), c.Leave(VERA), c.PassPiece(SAM), c.PassPiece(OLAF))
    assert piece_before(meeting) is None


def test_a_pause_ends_the_turn_and_keeps_the_round() -> None:
    meeting = in_circle(VERA, SAM, OLAF, mode=Mode.CIRCLE)
    meeting.do(c.GrantFloor(FAY, VERA), c.PassPiece(VERA), c.TakePiece(SAM), c.Pause(SAM))
    assert meeting.room.floor.turn is None
    meeting.do(c.SetReady(VERA, ready=True), c.SetReady(OLAF, ready=True), c.Resume(FAY))
    meeting.do(c.GrantFloor(FAY, SAM), c.PassPiece(SAM))
    assert piece_before(meeting) == OLAF
    assert piece_before(meeting.do(c.PassPiece(OLAF))) is None


def test_the_floor_can_be_given_while_people_gather_and_while_they_part() -> None:
    for phase in (Phase.DOORS_OPEN, Phase.CLOSING):
        assert piece_before(in_circle(VERA, phase=phase, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA))) == VERA
