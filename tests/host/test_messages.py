"""Messages between one person and the facilitators: read, or said not to have been read; never stored."""

from __future__ import annotations

import asyncio
from typing import Any

from server.host.jobs import Done, Outcome
from server.host.messages import UNREAD_AT_MOST
from server.host.refusals import NotDelivered
from server.room import commands as c
from server.room.errors import NoFacilitatorHere
from server.room.events import Fact, MeetingPlanned
from server.room.ids import PersonId
from server.room.state import Role, Timings
from tests.host.fakes import FAY, MEETING, OTT, SEATS, VIC, FakeInvited, Stage, settle

GIA = PersonId("gia")


async def send(
    stage: Stage, sender: PersonId, text: str, to: PersonId | None = None, id_: str = ""
) -> asyncio.Future[Outcome]:
    live = await stage.open()
    reply = live.submit(c.SendMessage(sender, to), id_ or f"t{len(text)}{hash(text)}", text)
    await settle()
    return reply


def inbox(stage: Stage, person: PersonId) -> list[Any]:
    return stage.lines[person].of("message")


async def show(stage: Stage, person: PersonId) -> None:
    """This person's browser shows everything that has come."""
    live = await stage.open()
    for message in inbox(stage, person):
        live.received(person, message["id"])
    await settle()


async def test_the_sender_is_answered_when_a_reader_has_it(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    reply = await send(stage, VIC, "Slower, please")
    assert not reply.done()
    assert inbox(stage, VIC) == []
    await show(stage, FAY)
    assert isinstance(reply.result(), Done)
    told = inbox(stage, FAY)[0]
    assert (told["text"], told["label"], told["mine"], told["to"]) == ("Slower, please", "Vic", False, None)
    assert inbox(stage, VIC) == [{**told, "mine": True}]
    assert inbox(stage, OTT) == []


async def test_what_nobody_shows_is_taken_back_and_said(stage: Stage) -> None:
    await stage.begin(VIC)
    reply = await send(stage, VIC, "Hello?")
    await stage.clock.pass_(seconds=2.9)
    assert not reply.done()
    await stage.clock.pass_(seconds=0.2)
    assert isinstance(reply.result(), NotDelivered)
    await stage.go(FAY)
    await stage.arrive(FAY)
    assert inbox(stage, FAY) == [], "its sender believes that nobody has read it"


async def test_a_reader_who_comes_back_in_time_gets_it(stage: Stage) -> None:
    await stage.begin(VIC)
    reply = await send(stage, VIC, "Hello?")
    await stage.go(FAY)
    await stage.clock.pass_(seconds=1)
    await stage.arrive(FAY)
    assert [message["text"] for message in inbox(stage, FAY)] == ["Hello?"]
    await show(stage, FAY)
    assert isinstance(reply.result(), Done)


async def test_a_second_reader_gets_it_later(stage: Stage) -> None:
    stage.journal.facts.clear()
    seats = (*SEATS, c.Seat(GIA, Role.FACILITATOR))
    stage.journal.facts.append(Fact(MeetingPlanned(seats, Timings()), stage.clock.now()))
    stage.invitations.rows.append(FakeInvited(GIA, Role.FACILITATOR, None, "Gia"))
    await stage.begin(VIC)
    await stage.arrive(GIA)
    reply = await send(stage, VIC, "Hello?")
    await show(stage, FAY)
    assert isinstance(reply.result(), Done)
    await stage.go(GIA)
    await stage.clock.pass_(seconds=30)
    await stage.arrive(GIA)
    assert [message["text"] for message in inbox(stage, GIA)] == ["Hello?"]
    # what one facilitator writes the other one sees, but it is delivered when the person has it
    answer = await send(stage, FAY, "Take your time", VIC)
    assert [message["to"] for message in inbox(stage, GIA)] == [None, VIC]
    await show(stage, GIA)
    assert not answer.done()
    await show(stage, VIC)
    assert isinstance(answer.result(), Done)


async def test_a_resend_while_it_is_on_its_way_stays_one_message(stage: Stage) -> None:
    await stage.begin(VIC)
    first = await send(stage, VIC, "Hello?", id_="x")
    again = await send(stage, VIC, "Hello?", id_="x")
    assert len(inbox(stage, FAY)) == 1
    await show(stage, FAY)
    assert isinstance(first.result(), Done)
    assert isinstance(again.result(), Done)


async def test_a_resend_of_what_was_delivered_is_answered(stage: Stage) -> None:
    await stage.begin(VIC)
    await send(stage, VIC, "Hello?", id_="x")
    await show(stage, FAY)
    await stage.go(FAY)
    again = await send(stage, VIC, "Hello?", id_="x")
    assert isinstance(again.result(), Done)


async def test_a_resend_after_a_restart_carries_the_same_id(stage: Stage) -> None:
    await stage.begin(VIC)
    await send(stage, VIC, "Hello?", id_="x")
    first = inbox(stage, FAY)[0]["id"]
    facts = len(stage.journal.facts)
    stage.start_again()
    await stage.arrive(FAY)
    await stage.arrive(VIC)
    facts = len(stage.journal.facts)
    reply = await send(stage, VIC, "Hello?", id_="x")
    assert inbox(stage, FAY)[0]["id"] == first
    assert len(stage.journal.facts) == facts
    await show(stage, FAY)
    assert isinstance(reply.result(), Done)


async def test_without_a_facilitator_it_is_refused_at_once(stage: Stage) -> None:
    await stage.begin(VIC)
    await stage.go(FAY)
    reply = await send(stage, VIC, "Hello?")
    assert isinstance(reply.result(), NoFacilitatorHere)


async def test_nobody_can_acknowledge_for_another(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    reply = await send(stage, VIC, "Hello?")
    live = await stage.open()
    live.received(OTT, inbox(stage, FAY)[0]["id"])
    live.received(VIC, inbox(stage, FAY)[0]["id"])
    await settle()
    assert not reply.done()


async def test_a_browser_that_never_acknowledges_keeps_a_bounded_number(stage: Stage) -> None:
    await stage.begin(VIC)
    for n in range(UNREAD_AT_MOST + 20):
        await send(stage, VIC, f"message {n}")
    assert len(inbox(stage, FAY)) == UNREAD_AT_MOST + 20
    await stage.go(FAY)
    await stage.arrive(FAY)
    again = [message["text"] for message in inbox(stage, FAY)]
    assert again == [f"message {n}" for n in range(20, UNREAD_AT_MOST + 20)]


async def test_no_text_reaches_the_journal(stage: Stage) -> None:
    await stage.begin(VIC)
    await send(stage, VIC, "a secret")
    await show(stage, FAY)
    assert "a secret" not in repr(stage.journal.facts)
    assert (await stage.registry.open(MEETING)).room.seq == len(stage.journal.facts)
