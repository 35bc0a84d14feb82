"""Never alone (R6): a circle without a facilitator freezes at once, however it came to that."""

from __future__ import annotations

import pytest

from server.room import audience, next_deadline
from server.room import commands as c
from server.room import events as e
from server.room.ids import CIRCLE, holding_of
from server.room.state import Door, Mode, Phase
from tests.room.builders import FAY, FINN, OBI, OLAF, SAM, VERA, Meeting, device_of, in_circle

LOSSES = {
    "the line drops": c.Disconnect(FAY, device_of(FAY)),
    "the media go down": c.SetMedia(FAY, up=False),
    "they take over on another device": c.Connect(FAY, device_of(FAY, 2)),
    "they leave": c.Leave(FAY),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_loss_of_the_only_guard_freezes_at_once(loss: c.Command | c.Occurrence) -> None:
    meeting = in_circle(VERA, SAM, OLAF, mode=Mode.OPEN).unmute(VERA, OLAF).show(VERA, OLAF)
    events = meeting.happens(loss, after=0)
    assert e.PhaseChanged(Phase.FROZEN) in events
    for person in (VERA, SAM, OLAF):
        assert meeting.person(person).place == holding_of(person)
        assert not meeting.person(person).microphone
    assert audience(meeting.room) == {}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_second_facilitator_keeps_the_circle_guarded(loss: c.Command | c.Occurrence) -> None:
    meeting = in_circle(VERA, OLAF, facilitators=(FAY, FINN)).do(loss)
    assert meeting.room.phase is Phase.UNDER_WAY
    assert meeting.person(VERA).place == CIRCLE


def test_a_second_facilitator_without_media_guards_nobody() -> None:
    meeting = in_circle(VERA, OLAF, facilitators=(FAY, FINN)).do(c.SetMedia(FINN, up=False)).disconnect(FAY)
    assert meeting.room.phase is Phase.FROZEN


def test_a_visit_by_the_only_facilitator_freezes_the_circle() -> None:
    meeting = in_circle(OLAF).arrive(VERA).do(c.Visit(FAY, VERA))
    assert meeting.room.phase is Phase.FROZEN
    assert meeting.person(FAY).place == holding_of(VERA)
    assert meeting.person(OLAF).place == holding_of(OLAF)


def test_a_visit_from_an_empty_circle_freezes_nothing() -> None:
    meeting = in_circle(phase=Phase.DOORS_OPEN).arrive(VERA).do(c.Visit(FAY, VERA))
    assert meeting.room.phase is Phase.DOORS_OPEN


def test_even_one_side_alone_is_not_left_alone() -> None:
    assert in_circle(VERA, SAM).disconnect(FAY).room.phase is Phase.FROZEN
    assert in_circle(OBI).disconnect(FAY).room.phase is Phase.FROZEN


def test_nothing_freezes_where_nobody_meets() -> None:
    assert in_circle().disconnect(FAY).room.phase is Phase.UNDER_WAY


def test_the_turn_ends_and_the_round_is_kept() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA), c.PassPiece(VERA)).disconnect(FAY)
    assert meeting.room.floor.turn is None
    assert meeting.room.floor.passed == {VERA}
    assert meeting.room.floor.come_back == ()


def test_the_return_of_a_facilitator_alone_ends_nothing() -> None:
    meeting = in_circle(VERA).disconnect(FAY).connect(FAY)
    assert meeting.room.phase is Phase.FROZEN
    assert meeting.person(VERA).place == holding_of(VERA)


def test_a_frozen_meeting_is_resumed_as_a_paused_one() -> None:
    meeting = in_circle(VERA, OLAF).disconnect(FAY).connect(FAY)
    meeting.do(c.SetReady(VERA, ready=True), c.SetReady(OLAF, ready=True), c.Resume(FAY))
    assert meeting.room.phase is Phase.UNDER_WAY
    assert meeting.person(OLAF).place == CIRCLE


# ---- a restart of the server ----------------------------------------------------------------------------------------


def restarted() -> Meeting:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA)).unmute(VERA)
    return meeting.do(c.Restart())


def test_a_restart_is_nobodys_absence() -> None:
    meeting = restarted()
    assert meeting.room.phase is Phase.UNDER_WAY
    meeting.connect(VERA, OLAF, FAY)
    assert meeting.room.phase is Phase.UNDER_WAY
    assert meeting.room.recovering_since is None
    assert meeting.person(VERA).microphone
    assert meeting.room.floor.turn is not None
    assert next_deadline(meeting.room) is None


def test_nothing_flows_until_a_guard_is_back() -> None:
    meeting = restarted().connect(VERA, OLAF)
    assert audience(meeting.room) == {}
    assert audience(meeting.connect(FAY).room)[OLAF][VERA].sound


def test_a_facilitator_without_media_does_not_end_the_recovery() -> None:
    meeting = restarted().connect(VERA).do(c.Connect(FAY, device_of(FAY)))
    assert meeting.room.recovering_since is not None
    assert meeting.do(c.SetMedia(FAY, up=True)).room.recovering_since is None


def test_without_a_guard_the_circle_freezes_when_the_recovery_is_over() -> None:
    meeting = restarted().connect(VERA, OLAF)
    assert meeting.wait(15).room.phase is Phase.UNDER_WAY
    assert meeting.wait(5).room.phase is Phase.FROZEN
    assert meeting.room.recovering_since is None


def test_places_run_out_after_a_restart_too() -> None:
    meeting = restarted().connect(FAY, VERA).wait(180)
    assert meeting.person(OLAF).door is Door.AWAY
    assert meeting.person(VERA).door is Door.ADMITTED


def test_a_restart_in_a_pause_has_nothing_to_recover() -> None:
    meeting = in_circle(VERA).do(c.Pause(VERA), c.Restart())
    assert meeting.room.recovering_since is None
    assert meeting.wait(60).room.phase is Phase.PAUSED


def test_a_pause_ends_the_recovery() -> None:
    meeting = restarted().connect(VERA).do(c.Pause(VERA))
    assert (meeting.room.phase, meeting.room.recovering_since) == (Phase.PAUSED, None)
