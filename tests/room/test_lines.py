"""Lines drop and come back, and devices change; that is not the same as people coming and going."""

from __future__ import annotations

import pytest

from server.room import commands as c
from server.room.ids import CIRCLE, holding_of
from server.room.state import Departure, Door, Mode, Phase, Willing
from tests.room.builders import FAY, FINN, OLAF, VERA, a_meeting, device_of, doors_open, in_circle

OLD, NEW = device_of(VERA), device_of(VERA, 2)


def test_a_dropped_line_keeps_the_place_for_a_while() -> None:
    meeting = in_circle(VERA).disconnect(VERA).wait(179)
    assert meeting.person(VERA).place == CIRCLE
    assert meeting.connect(VERA).wait(600).person(VERA).place == CIRCLE


def test_after_that_one_comes_through_the_door_again() -> None:
    meeting = in_circle(VERA).disconnect(VERA).wait(180)
    vera = meeting.person(VERA)
    assert (vera.door, vera.place, vera.departure) == (Door.AWAY, None, Departure.LINE_LOST)
    assert meeting.connect(VERA).person(VERA).door is Door.ARRIVING


def test_who_waits_keeps_their_place_as_well() -> None:
    meeting = doors_open().arrive(VERA).disconnect(VERA).connect(VERA)
    assert (meeting.person(VERA).door, meeting.person(VERA).willing) == (Door.WAITING, Willing.YES)
    assert meeting.disconnect(VERA).wait(180).person(VERA).door is Door.AWAY


def test_who_only_arrives_has_nothing_to_keep() -> None:
    meeting = doors_open().connect(VERA).disconnect(VERA)
    assert (meeting.person(VERA).door, meeting.person(VERA).lost_at) == (Door.AWAY, None)


@pytest.mark.parametrize("admitted", [True, False], ids=["admitted", "waiting"])
def test_another_device_comes_through_the_door_again(admitted: bool) -> None:
    meeting = in_circle(VERA) if admitted else doors_open().arrive(VERA)
    vera = meeting.unmute(VERA).show(VERA).do(c.Connect(VERA, NEW)).person(VERA)
    assert (vera.door, vera.willing, vera.place, vera.device) == (Door.ARRIVING, Willing.UNASKED, None, NEW)
    assert (vera.microphone, vera.camera, vera.media) == (False, False, False)


def test_another_device_ends_the_turn() -> None:
    meeting = in_circle(VERA, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA), c.Connect(VERA, NEW))
    assert meeting.room.floor.turn is None


def test_the_same_device_keeps_turn_and_microphone() -> None:
    meeting = in_circle(VERA, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA)).unmute(VERA)
    before = meeting.room.floor.turn
    meeting.disconnect(VERA).connect(VERA)
    assert meeting.room.floor.turn == before
    assert meeting.person(VERA).microphone


def test_what_is_told_of_an_older_device_says_nothing() -> None:
    meeting = doors_open().connect(VERA).do(c.Connect(VERA, NEW))
    assert meeting.happens(c.Disconnect(VERA, OLD)) == []
    assert meeting.person(VERA).connected
    assert meeting.happens(c.Disconnect(VERA, NEW)) != []
    assert meeting.happens(c.Disconnect(VERA, NEW)) == []


def test_the_same_news_twice_is_no_news() -> None:
    meeting = doors_open().connect(VERA)
    assert meeting.happens(c.Connect(VERA, OLD)) == []
    assert meeting.happens(c.SetMedia(VERA, up=True)) == []


def test_a_facilitator_takes_over_on_another_device_at_once() -> None:
    meeting = in_circle(VERA, facilitators=(FAY, FINN)).unmute(FAY).connect(FAY, device=2)
    fay = meeting.person(FAY)
    assert (fay.door, fay.place, fay.device) == (Door.ADMITTED, CIRCLE, device_of(FAY, 2))
    assert not fay.microphone


def test_a_facilitator_who_left_is_in_again_when_they_connect() -> None:
    meeting = doors_open(FAY, FINN).do(c.Leave(FAY))
    assert meeting.person(FAY).place is None
    assert meeting.do(c.Connect(FAY, device_of(FAY))).person(FAY).place == CIRCLE


def test_a_facilitators_place_runs_out_too() -> None:
    meeting = doors_open(FAY, FINN).disconnect(FAY).wait(180)
    assert (meeting.person(FAY).door, meeting.person(FAY).place) == (Door.AWAY, None)


def test_one_can_come_before_the_doors_are_open() -> None:
    assert a_meeting().connect(VERA).person(VERA).door is Door.ARRIVING


def test_absence_in_a_pause_counts_as_well() -> None:
    meeting = in_circle(VERA, OLAF).do(c.Pause(VERA)).disconnect(OLAF)
    assert meeting.person(OLAF).place == holding_of(OLAF)
    assert meeting.wait(180).person(OLAF).door is Door.AWAY
    assert meeting.room.phase is Phase.PAUSED
