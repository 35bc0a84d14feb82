"""Anyone can pause everyone (R10), and nobody is taken back over their own head."""

from __future__ import annotations

import pytest

from server.room import audience
from server.room import commands as c
from server.room import errors as x
from server.room.ids import CIRCLE, PersonId, holding_of
from server.room.state import Door, Mode, Phase
from tests.room.builders import FAY, FINN, INA, OBI, OLAF, SAM, VERA, device_of, doors_open, in_circle


@pytest.mark.parametrize("person", [VERA, SAM, OLAF, INA, OBI, FAY])
def test_anyone_in_the_circle_pauses_everyone(person: PersonId) -> None:
    meeting = in_circle(VERA, SAM, OLAF, INA, OBI, mode=Mode.OPEN).unmute(VERA, OLAF).show(VERA, OLAF)
    meeting.do(c.Pause(person))
    assert meeting.room.phase is Phase.PAUSED
    for participant in (VERA, SAM, OLAF, INA, OBI):
        assert meeting.person(participant).place == holding_of(participant)
        assert not meeting.person(participant).microphone
    assert audience(meeting.room) == {}


@pytest.mark.parametrize("phase", [Phase.DOORS_OPEN, Phase.UNDER_WAY, Phase.CLOSING])
def test_a_pause_ends_where_it_began(phase: Phase) -> None:
    meeting = in_circle(VERA, phase=phase).do(c.Pause(VERA), c.SetReady(VERA, ready=True), c.Resume(FAY))
    assert (meeting.room.phase, meeting.room.resume_to) == (phase, None)


def test_a_pause_of_a_pause_is_refused() -> None:
    in_circle(VERA).do(c.Pause(VERA)).refuses(c.Pause(VERA), x.WrongPhase)


def test_who_is_not_in_the_circle_pauses_nothing() -> None:
    in_circle(OLAF).arrive(VERA).refuses(c.Pause(VERA), x.WrongDoor)


def test_resuming_waits_for_each_party_and_for_nobody_else() -> None:
    meeting = in_circle(VERA, SAM, OLAF, INA).do(c.Pause(VERA))
    assert meeting.refuses(c.Resume(FAY), x.NotReady).detail == {"waiting_for": (VERA, OLAF)}
    meeting.do(c.SetReady(VERA, ready=True), c.SetReady(OLAF, ready=True), c.SetReady(VERA, ready=False))
    assert meeting.refuses(c.Resume(FAY), x.NotReady).detail == {"waiting_for": (VERA,)}
    meeting.do(c.SetReady(VERA, ready=True), c.Resume(FAY))
    assert {meeting.person(p).place for p in (VERA, SAM, OLAF, INA)} == {CIRCLE}


def test_each_pause_asks_anew_who_is_ready() -> None:
    meeting = in_circle(VERA).do(c.Pause(VERA), c.SetReady(VERA, ready=True), c.Resume(FAY), c.Pause(VERA))
    meeting.refuses(c.Resume(FAY), x.NotReady)


def test_a_party_whose_line_is_down_is_waited_for_until_they_are_removed_or_their_place_runs_out() -> None:
    meeting = in_circle(VERA, OLAF).do(c.Pause(VERA), c.SetReady(VERA, ready=True)).disconnect(OLAF)
    meeting.refuses(c.Resume(FAY), x.NotReady)
    assert meeting.copy().do(c.Remove(FAY, OLAF), c.Resume(FAY)).room.phase is Phase.UNDER_WAY
    assert meeting.wait(180).do(c.Resume(FAY)).room.phase is Phase.UNDER_WAY
    assert meeting.person(OLAF).door is Door.AWAY


def test_who_was_ready_when_their_line_dropped_goes_back_with_the_others() -> None:
    meeting = in_circle(VERA).do(c.Pause(VERA), c.SetReady(VERA, ready=True)).disconnect(VERA).do(c.Resume(FAY))
    assert meeting.person(VERA).place == CIRCLE


def test_only_a_facilitator_who_guards_the_circle_resumes() -> None:
    meeting = in_circle(VERA).do(c.Pause(VERA), c.SetReady(VERA, ready=True))
    meeting.copy().do(c.Visit(FAY, VERA)).refuses(c.Resume(FAY), x.NotInCircle)
    meeting.do(c.SetMedia(FAY, up=False)).refuses(c.Resume(FAY), x.NoMedia)


def test_back_on_the_same_device_one_stays_in_ones_holding_place() -> None:
    meeting = in_circle(VERA).do(c.Pause(VERA)).disconnect(VERA).connect(VERA)
    assert (meeting.person(VERA).door, meeting.person(VERA).place) == (Door.ADMITTED, holding_of(VERA))


def test_a_pause_does_not_touch_who_waits() -> None:
    meeting = in_circle(OLAF).arrive(VERA).unmute(VERA)
    before = meeting.view_bytes(VERA)
    assert meeting.do(c.Pause(OLAF)).view_bytes(VERA) == before
    assert meeting.person(VERA).microphone


def test_during_a_pause_a_facilitator_talks_with_each_in_private() -> None:
    meeting = in_circle(VERA, OLAF).do(c.Pause(VERA), c.Visit(FAY, VERA)).unmute(FAY, VERA)
    heard = audience(meeting.room)
    assert heard.keys() == {FAY, VERA}
    assert heard[FAY].keys() == {VERA}


def test_a_resume_ends_the_other_facilitators_visit_in_silence() -> None:
    meeting = in_circle(VERA, facilitators=(FAY, FINN)).do(c.Pause(VERA), c.Visit(FINN, VERA)).unmute(FINN)
    meeting.do(c.SetReady(VERA, ready=True), c.Resume(FAY))
    assert meeting.person(FINN).place == CIRCLE
    assert not meeting.person(FINN).microphone


def test_the_meeting_can_be_ended_out_of_a_pause() -> None:
    meeting = in_circle(VERA, OLAF).arrive(SAM).do(c.Pause(VERA), c.EndMeeting(FAY))
    assert meeting.room.phase is Phase.ENDED
    assert all(p.place is None for p in meeting.room.people.values())
    assert meeting.person(VERA).door is Door.LEFT


def test_nothing_happens_in_a_meeting_that_is_over() -> None:
    meeting = in_circle(VERA).do(c.EndMeeting(FAY)).disconnect(VERA, FAY).connect(VERA, FAY)
    assert (meeting.person(VERA).door, meeting.person(FAY).door) == (Door.LEFT, Door.LEFT)
    meeting.refuses(c.EndMeeting(FAY), x.WrongDoor)
    assert doors_open().do(c.EndMeeting(FAY), c.Connect(OLAF, device_of(OLAF))).person(OLAF).door is Door.AWAY
