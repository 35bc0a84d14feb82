"""What somebody could arrange with the moment in which things happen, and must gain nothing by."""

from __future__ import annotations

import asyncio

from server.host.course import KEPT_AT_MOST, MAILBOX, OF_ONE
from server.host.refusals import Busy, Kept
from server.room import commands as c
from server.room.ids import CommandId
from server.room.state import Door, Willing
from tests.host.fakes import FAY, OTT, VIC, Stage, settle


async def test_a_facilitator_whose_media_died_with_the_server_guards_nobody_after_it(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    for person in (VIC, OTT, FAY):  # every line drops, the media of all live on, and then the server dies
        await stage.go(person)
    assert (await stage.room()).people[FAY].media
    stage.start_again()
    await stage.arrive(FAY)
    assert not (await stage.room()).people[FAY].media


async def test_a_refusal_before_it_does_not_open_what_a_waiting_stop_has_shut(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    live = await stage.open()
    first = stage.journal.hang = asyncio.Event()
    live.submit(c.SetCamera(FAY, False), "under-way")
    await settle()
    live.submit(c.RequestFloor(OTT), "refused in open mode")
    live.submit(c.SetCamera(OTT, False), "recorded after it")
    live.detach(FAY, stage.lines.pop(FAY))
    assert not stage.plane.hears(OTT, VIC)
    second = stage.journal.hang = asyncio.Event()
    first.set()
    await settle()
    assert not stage.plane.hears(OTT, VIC), "the only guard's line is gone, and is not recorded yet"
    second.set()
    await settle()
    assert not stage.plane.hears(OTT, VIC)


async def test_not_yet_holds_when_nothing_can_be_recorded(stage: Stage) -> None:
    await stage.begin(VIC)
    await stage.arrive(OTT)
    await stage.must(c.AnswerDoor(OTT, Willing.YES))
    await stage.must(c.Admit(FAY, OTT))
    stage.journal.down = True
    assert isinstance(await stage.give(c.NotYet(OTT)), Kept)
    await stage.clock.pass_(seconds=20)
    stage.journal.down = False
    await stage.clock.pass_(seconds=10)
    ott = (await stage.room()).people[OTT]
    assert (ott.door, ott.not_yet) == (Door.WAITING, True)


async def test_a_stop_that_is_kept_cannot_be_crowded_out_by_somebody_else(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.down = True
    assert isinstance(await stage.give(c.WithdrawConsent(VIC)), Kept)
    for _ in range(KEPT_AT_MOST + 1):
        await stage.give(c.Pause(OTT))
    stage.journal.down = False
    await stage.clock.pass_(seconds=10)
    assert (await stage.room()).people[VIC].door is Door.WITHDRAWN


async def test_a_stop_is_heard_however_much_somebody_else_has_asked_for(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    live = await stage.open()
    stage.journal.hang = asyncio.Event()
    crowd = [live.submit(c.SetCamera(OTT, number % 2 == 0), f"o{number}") for number in range(MAILBOX)]
    assert sum(reply.done() and isinstance(reply.result(), Busy) for reply in crowd) == MAILBOX - OF_ONE
    pause = live.submit(c.Pause(VIC), "pause")
    assert not stage.plane.hears(OTT, VIC)
    assert not pause.done()
    stage.journal.hang.set()
    await settle()


async def test_others_cannot_make_the_room_forget_what_it_has_answered(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.give(c.SetMicrophone(VIC, False), id_="once")
    await stage.must(c.SetMicrophone(VIC, True))
    for number in range(2 * OF_ONE):
        await stage.give(c.SetCamera(OTT, number % 2 == 0))
    facts = len(stage.journal.facts)
    await stage.give(c.SetMicrophone(VIC, False), id_="once")
    assert len(stage.journal.facts) == facts
    assert CommandId(f"{VIC}.once") in (await stage.room()).recent[VIC]
