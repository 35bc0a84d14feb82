"""The one door: commands in, facts out, deadlines for the host."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.room import commands as c
from server.room import decide, next_deadline, replay, step
from server.room import events as e
from server.room.evolve import REMEMBERED_COMMANDS
from server.room.ids import CommandId
from server.room.rules import RULES, as_markdown
from server.room.state import Mode, Room
from tests.room.builders import FAY, OLAF, START, VERA, a_meeting, doors_open, in_circle

ID = CommandId("a command")


def test_a_resent_command_is_answered_and_not_repeated() -> None:
    meeting = in_circle(VERA)
    assert meeting.happens(c.SendMessage(VERA), command_id=ID) != []
    before = meeting.room
    assert step(meeting.room, c.SendMessage(VERA), meeting.now, ID) == (before, ())


def test_a_resent_command_is_answered_even_when_it_would_be_refused_now() -> None:
    meeting = in_circle(VERA)
    meeting.happens(c.Pause(VERA), command_id=ID)
    assert meeting.happens(c.Pause(VERA), command_id=ID) == []


def test_only_so_many_commands_are_remembered() -> None:
    meeting = in_circle(VERA)
    for number in range(REMEMBERED_COMMANDS + 1):
        meeting.happens(c.SendMessage(VERA), command_id=CommandId(str(number)))
    assert len(meeting.room.recent[VERA]) == REMEMBERED_COMMANDS
    assert meeting.happens(c.SendMessage(VERA), command_id=CommandId("1")) == []
    assert meeting.happens(c.SendMessage(VERA), command_id=CommandId("0")) != []


def test_a_command_with_several_facts_is_remembered_once() -> None:
    meeting = in_circle(VERA, OLAF)
    assert len(meeting.happens(c.Pause(VERA), command_id=ID)) > 1
    assert meeting.room.recent == {VERA: (ID,)}


def test_facts_say_who_did_what_by_which_command_and_when() -> None:
    meeting = in_circle(VERA)
    _, facts = step(meeting.room, c.Pause(VERA), meeting.now, ID)
    assert {(fact.actor, fact.command, fact.at) for fact in facts} == {(VERA, ID, meeting.now)}
    _, facts = step(meeting.room, c.Restart(), meeting.now)
    assert {fact.actor for fact in facts} == {None}


def test_the_journal_alone_makes_the_room() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, OLAF), c.Pause(VERA), c.Restart())
    assert replay(meeting.journal) == meeting.room
    assert meeting.room.seq == len(meeting.journal)


def test_decide_tells_what_step_does() -> None:
    meeting = in_circle(VERA, OLAF).unmute(FAY)
    _, facts = step(meeting.room, c.Leave(FAY), meeting.now)
    assert list(decide(meeting.room, c.Leave(FAY), meeting.now)) == [fact.event for fact in facts]


def test_what_does_nothing_leaves_the_very_same_room() -> None:
    meeting = in_circle(VERA)
    assert step(meeting.room, c.Tick(), meeting.now)[0] is meeting.room


def test_an_empty_room_waits_for_nothing() -> None:
    assert next_deadline(Room()) is None
    assert next_deadline(a_meeting().connect(VERA).room) is None


def test_the_nearest_deadline_is_the_next() -> None:
    meeting = in_circle(OLAF).arrive(VERA).do(c.Admit(FAY, VERA))
    assert next_deadline(meeting.room) == meeting.now + timedelta(seconds=10)
    meeting.disconnect(OLAF).do(c.NotYet(VERA))
    lost_at = meeting.person(OLAF).lost_at
    assert lost_at is not None
    assert next_deadline(meeting.room) == lost_at + meeting.room.timings.absence


def test_the_turn_of_a_dropped_line_has_a_deadline() -> None:
    meeting = in_circle(VERA, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA)).disconnect(VERA)
    assert next_deadline(meeting.room) == meeting.now + timedelta(seconds=45)


def test_one_late_tick_does_all_that_is_due() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA)).disconnect(VERA)
    assert meeting.happens(c.Tick(), after=3600)[:3] == [
        e.FloorRevoked(VERA),
        e.PersonPassedOver(VERA),
        e.PersonLeft(VERA, meeting.person(VERA).departure or pytest.fail("went without a reason")),
    ]
    assert next_deadline(meeting.room) is None
    assert meeting.room.floor.come_back == ()


def test_time_that_stands_still_or_goes_back_harms_nobody() -> None:
    meeting = in_circle(VERA, mode=Mode.OPEN).unmute(VERA)
    meeting.do(c.SetMicrophone(VERA, on=False), after=-5)
    assert meeting.person(VERA).spoken == timedelta(0)
    assert meeting.now > START


def test_the_table_of_the_protocol_has_a_row_for_every_command() -> None:
    rows = as_markdown().splitlines()[2:]
    assert len(rows) == len(RULES)
    assert "| `admit` | facilitator | doors_open, under_way, closing | admitted | refused |" in rows
    assert "| `leave` | any | any but ended | arriving, waiting, admitted | allowed |" in rows
    assert "| `pause` | any | doors_open, under_way, closing | admitted | refused |" in rows


def test_a_meeting_with_open_doors_needs_no_tick() -> None:
    assert next_deadline(doors_open().arrive(VERA).room) is None
