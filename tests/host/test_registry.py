"""Finding a room, rebuilding it from its history, letting it go."""

from __future__ import annotations

import asyncio

import pytest

from server.clock import SystemClock, milliseconds
from server.host.refusals import Closed, Stalled
from server.host.registry import NoSuchMeeting
from server.room import commands as c
from server.room.ids import MeetingId, PersonId
from server.room.state import Door, Phase, Role, Willing
from signalling.plan import RoomId
from tests.host.fakes import FAY, MEETING, OTT, START, VIC, FakeInvited, Stage, settle


async def test_everybody_who_asks_at_once_gets_the_same_room(stage: Stage) -> None:
    rooms = await asyncio.gather(*(stage.registry.open(MEETING) for _ in range(20)))
    assert len(set(rooms)) == 1
    assert len(stage.registry) == 1


async def test_one_who_gives_up_takes_the_room_from_nobody(stage: Stage) -> None:
    first = asyncio.create_task(stage.registry.open(MEETING))
    await asyncio.sleep(0)
    second = asyncio.create_task(stage.registry.open(MEETING))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).room.phase is Phase.SCHEDULED
    assert await stage.registry.open(MEETING) is second.result()


async def test_an_unknown_meeting_has_no_room(stage: Stage) -> None:
    with pytest.raises(NoSuchMeeting):
        await stage.registry.open(MeetingId("other"))
    assert len(stage.registry) == 0


async def test_a_meeting_cannot_be_opened_while_the_store_is_down(stage: Stage) -> None:
    stage.journal.down = True
    with pytest.raises(Stalled):
        await stage.registry.open(MEETING)
    stage.journal.down = False
    assert (await stage.registry.open(MEETING)).room.phase is Phase.SCHEDULED


async def test_a_restart_in_mid_meeting_brings_everyone_back_to_where_they_were(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    before = await stage.room()
    assert stage.plane.hears(VIC, OTT)
    stage.start_again()
    room = await stage.room()
    assert room.recovering_since is not None
    assert not any(person.connected or person.media for person in room.people.values())
    assert room.phase is Phase.UNDER_WAY
    for person in (VIC, OTT, FAY):
        await stage.arrive(person)
    assert not stage.plane.hears(VIC, OTT), "nobody guards without sound and picture"
    for person in (FAY, VIC, OTT):
        await stage.join_media(person)
    after = await stage.room()
    assert {p.id: (p.door, p.place) for p in after.people.values()} == {
        p.id: (p.door, p.place) for p in before.people.values()
    }
    assert after.floor == before.floor
    assert after.recovering_since is None


async def test_a_restart_is_recorded_before_anybody_is_let_in(stage: Stage) -> None:
    await stage.begin(VIC)
    stage.start_again()
    stage.journal.down = True
    with pytest.raises(Stalled):
        await stage.registry.open(MEETING)
    stage.journal.down = False
    live = await stage.registry.open(MEETING)
    assert live.room.recovering_since is not None


async def test_a_restart_without_a_facilitator_freezes_in_time(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.start_again()
    await stage.arrive(VIC)
    await stage.arrive(OTT)
    await stage.clock.pass_(seconds=19)
    assert (await stage.room()).phase is Phase.UNDER_WAY
    await stage.clock.pass_(seconds=2)
    assert (await stage.open()).room.phase is Phase.FROZEN
    assert stage.lines[VIC].now["phase"] == "frozen"


async def test_deadlines_fire_by_themselves(stage: Stage) -> None:
    await stage.begin()
    await stage.must(c.SetArrivalOrder(FAY, (VIC, OTT, PersonId("sam"))))
    await stage.arrive(VIC)
    await stage.must(c.AnswerDoor(VIC, Willing.YES))
    await stage.must(c.Admit(FAY, VIC))
    await stage.clock.pass_(seconds=9)
    assert not stage.lines[VIC].now["me"]["in_circle"]
    await stage.clock.pass_(seconds=2)
    assert stage.lines[VIC].now["me"]["in_circle"]
    await stage.go(VIC)
    await stage.clock.pass_(minutes=3, seconds=1)
    assert (await stage.room()).people[VIC].door is Door.AWAY


async def test_an_empty_room_is_let_go_after_its_last_deadline_and_found_again(stage: Stage) -> None:
    await stage.begin(VIC)
    live = await stage.open()
    await stage.go(VIC)
    await stage.go(FAY)
    await stage.clock.pass_(minutes=2)
    assert len(stage.registry) == 1, "their places are kept"
    await stage.clock.pass_(minutes=2)
    assert len(stage.registry) == 0
    assert stage.plane.plans[RoomId(MEETING)][-1] == {}
    again = await stage.open()
    assert again is not live
    assert again.room.people[VIC].door is Door.AWAY
    assert len(stage.journal.facts) == again.room.seq, "nobody was connected, so nothing had to be restarted"


async def test_a_room_in_which_somebody_is_stays(stage: Stage) -> None:
    await stage.begin(VIC)
    await stage.go(FAY)
    await stage.clock.pass_(hours=5)
    assert len(stage.registry) == 1


async def test_nobody_comes_and_the_room_goes(stage: Stage) -> None:
    await stage.open()
    await stage.clock.pass_(seconds=31)
    assert len(stage.registry) == 0


async def test_somebody_who_is_invited_during_the_meeting_can_come(stage: Stage) -> None:
    await stage.begin(VIC)
    ira = PersonId("ira")
    stage.invitations.rows.append(FakeInvited(ira, Role.INTERPRETER, VIC, "Ira"))
    await stage.registry.people_changed(MEETING)
    assert stage.lines[FAY].now["console"]["people"][-1]["label"] == "Ira"
    line = await stage.arrive(ira)
    assert line.now["me"]["role"] == "interpreter"


async def test_somebody_who_was_invited_before_the_room_is_live_is_in_it(stage: Stage) -> None:
    ira = PersonId("ira")
    stage.invitations.rows.append(FakeInvited(ira, Role.INTERPRETER, VIC, "Ira"))
    await stage.registry.people_changed(MEETING)
    assert len(stage.registry) == 0, "a page that changes a label opens no room"
    assert ira in (await stage.room()).people


async def test_closing_drops_every_line_and_records_nobodys_going(stage: Stage) -> None:
    await stage.begin(VIC)
    facts = len(stage.journal.facts)
    lines = dict(stage.lines)
    live = await stage.open()
    await stage.registry.close()
    assert all(line.dropped and line.goodbye is None for line in lines.values())
    live.detach(VIC, lines[VIC])
    await settle()
    assert len(stage.journal.facts) == facts
    with pytest.raises(Closed):
        await stage.registry.open(MEETING)


async def test_closing_waits_for_what_is_being_recorded(stage: Stage) -> None:
    await stage.begin(VIC)
    stage.journal.hang = asyncio.Event()
    reply = (await stage.open()).submit(c.Pause(VIC), "pause")
    late = (await stage.open()).submit(c.SetReady(VIC, True), "late")
    await settle()
    closing = asyncio.create_task(stage.registry.close())
    await settle()
    assert not closing.done()
    stage.journal.hang.set()
    await closing
    assert reply.result() is not None
    assert not isinstance(reply.result(), Closed)
    assert isinstance(late.result(), Closed)


async def test_the_system_clock_tells_the_time_of_day_and_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    rung = asyncio.Event()
    clock.call_at(clock.now(), rung.set)
    await asyncio.wait_for(rung.wait(), 1)
    alarm = clock.call_at(clock.now(), lambda: pytest.fail("it was cancelled"))
    alarm.cancel()
    await settle()
    assert milliseconds(START) == 1795251600000
