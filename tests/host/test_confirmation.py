"""Nothing goes on before what was to be shut is shut: also when media is forwarded in another process."""

from __future__ import annotations

import asyncio

from server.host.jobs import Done
from server.host.refusals import Kept
from server.room import commands as c
from server.room.state import Mode, Phase
from signalling.plan import RoomId
from tests.host.fakes import FAY, MEETING, OTT, VIC, Stage, settle


async def test_nothing_is_recorded_or_told_before_the_plane_has_confirmed_that_it_is_shut(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    facts, told = len(stage.journal.facts), len(stage.lines[OTT].of("view"))
    stage.plane.unconfirmed = asyncio.Event()
    reply = (await stage.open()).submit(c.SetMode(FAY, Mode.QUIET), "quiet")
    await settle()
    assert not stage.plane.hears(OTT, VIC), "it is sent at once"
    assert len(stage.journal.facts) == facts
    assert len(stage.lines[OTT].of("view")) == told
    assert not reply.done()
    stage.plane.unconfirmed.set()
    await settle()
    assert isinstance(reply.result(), Done)
    assert len(stage.journal.facts) > facts
    assert len(stage.lines[OTT].of("view")) > told


async def test_a_stop_is_sent_while_another_command_waits_for_its_confirmation(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.plane.unconfirmed = asyncio.Event()
    live = await stage.open()
    first = live.submit(c.SetCamera(FAY, False), "first")
    await settle()
    pause = live.submit(c.Pause(VIC), "pause")
    assert not stage.plane.hears(OTT, VIC), "not even one turn of the event loop later"
    await settle()
    assert not first.done()
    assert not pause.done()
    stage.plane.unconfirmed.set()
    await settle()
    assert isinstance(pause.result(), Done)
    assert (await stage.room()).phase is Phase.PAUSED


async def test_a_stop_that_cannot_be_recorded_is_answered_when_it_is_confirmed(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.down = True
    assert isinstance(await stage.give(c.SetCamera(VIC, False)), Kept)
    stage.plane.unconfirmed = asyncio.Event()
    reply = (await stage.open()).submit(c.WithdrawConsent(VIC), "w")
    assert not stage.plane.hears(OTT, VIC)
    await settle()
    assert not reply.done(), "it would promise that nobody hears them"
    stage.plane.unconfirmed.set()
    await settle()
    assert isinstance(reply.result(), Kept)


async def test_a_room_is_not_closed_before_it_is_confirmed_that_nothing_is_forwarded(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.plane.unconfirmed = asyncio.Event()
    closing = asyncio.create_task((await stage.open()).close())
    await settle()
    assert stage.plane.plans[RoomId(MEETING)][-1] == {}
    assert not closing.done()
    stage.plane.unconfirmed.set()
    await closing
