"""Narrow, record, widen, tell: also when the journal is down, hangs, lies, or belongs to somebody else."""

from __future__ import annotations

import asyncio

import pytest

from server.host.course import KEPT_AT_MOST, OF_ONE
from server.host.jobs import Done, Fault
from server.host.refusals import Busy, Closed, Kept, Stalled
from server.room import commands as c
from server.room.events import Fact, SignalCleared
from server.room.ids import DeviceId, MeetingId, PersonId
from server.room.state import Door, Mode, Phase, Signal
from signalling.plan import RoomId
from tests.host.fakes import FAY, MEETING, OTT, VIC, FakeLine, Stage, settle


async def test_the_circle_hears_each_other_once_it_is_recorded(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    assert stage.plane.hears(VIC, OTT)
    assert stage.plane.hears(OTT, VIC)
    assert stage.lines[VIC].now["me"]["in_circle"]
    assert len(stage.journal.facts) == (await stage.room()).seq


async def test_a_failing_journal_silences_at_once_but_tells_nobody(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    before, told = await stage.room(), {person: len(line.of("view")) for person, line in stage.lines.items()}
    stage.journal.down = True
    assert isinstance(await stage.give(c.WithdrawConsent(VIC)), Kept)
    assert not stage.plane.hears(OTT, VIC)
    assert not stage.plane.hears(VIC, OTT)
    assert await stage.room() is before
    assert {person: len(line.of("view")) for person, line in stage.lines.items()} == told
    assert stage.lines[FAY].of("stalled") == [{"on": True}]


async def test_a_stop_that_could_not_be_recorded_holds_and_is_carried_out_later(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.down = True
    await stage.give(c.WithdrawConsent(VIC), id_="w")
    await stage.clock.pass_(seconds=20)
    assert not stage.plane.hears(OTT, VIC)
    assert (await stage.room()).people[VIC].door is Door.ADMITTED
    stage.journal.down = False
    await stage.clock.pass_(seconds=5)
    assert (await stage.room()).people[VIC].door is Door.WITHDRAWN
    assert stage.lines[VIC].now["me"]["door"] == "withdrawn"
    assert stage.lines[FAY].of("stalled") == [{"on": True}, {"on": False}]
    # the sender was told that it stalled and sends it again: answered, not repeated
    facts = len(stage.journal.facts)
    assert isinstance(await stage.give(c.WithdrawConsent(VIC), id_="w"), Done)
    assert len(stage.journal.facts) == facts


async def test_a_grant_is_never_audible_before_it_is_recorded(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.give(c.SetMode(FAY, Mode.CHAIRED))
    await stage.give(c.SetMicrophone(VIC, True))
    assert not stage.plane.hears(OTT, VIC)
    stage.journal.hang = asyncio.Event()
    reply = (await stage.open()).submit(c.GrantFloor(FAY, VIC), "grant")
    await settle()
    assert stage.journal.appends
    assert not stage.plane.hears(OTT, VIC)
    assert stage.lines[VIC].now["holder"] is None
    stage.journal.hang.set()
    await settle()
    assert isinstance(reply.result(), Done)
    assert stage.lines[VIC].now["holder"] == VIC
    await stage.give(c.SetMicrophone(VIC, True))
    assert stage.plane.hears(OTT, VIC)


async def test_a_grant_that_is_not_recorded_is_never_audible_and_is_not_kept(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.give(c.SetMode(FAY, Mode.CHAIRED))
    stage.journal.down = True
    outcome = await stage.give(c.GrantFloor(FAY, VIC))
    assert type(outcome) is Stalled
    stage.journal.down = False
    await stage.clock.pass_(seconds=30)
    assert (await stage.room()).floor.turn is None


async def test_a_hanging_journal_cannot_delay_a_pause(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.hang = asyncio.Event()
    live = await stage.open()
    slow = live.submit(c.SetCamera(FAY, False), "slow")
    await settle()
    pause = live.submit(c.Pause(VIC), "pause")
    # not even one turn of the event loop later
    assert not stage.plane.hears(VIC, OTT)
    assert not stage.plane.sees(OTT, VIC)
    assert not slow.done()
    stage.journal.hang.set()
    stage.journal.hang = None
    await settle()
    assert isinstance(pause.result(), Done)
    assert (await stage.room()).phase is Phase.PAUSED
    # and the slow command's own recording did not open for a moment what the pause had shut
    shut_at = next(i for i, plan in reversed(list(enumerate(stage.plane.plans[RoomId(MEETING)]))) if "m.vic" in plan)
    assert all("m.vic" not in plan for plan in stage.plane.plans[RoomId(MEETING)][shut_at + 1 :])


async def test_a_pause_that_waits_stays_in_effect_while_others_before_it_are_recorded(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    first = stage.journal.hang = asyncio.Event()
    live = await stage.open()
    live.submit(c.SetCamera(FAY, False), "first")
    await settle()
    live.submit(c.SetCamera(FAY, True), "second")
    live.submit(c.Pause(VIC), "pause")
    second = stage.journal.hang = asyncio.Event()
    first.set()
    await settle()
    assert not (await stage.room()).people[FAY].camera, "the first one is recorded, the second one under way"
    assert not stage.plane.hears(VIC, OTT)
    second.set()
    await settle()
    assert (await stage.room()).phase is Phase.PAUSED


async def test_a_resent_stop_of_long_ago_silences_nobody(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.give(c.SetMicrophone(VIC, False), id_="x")
    await stage.must(c.SetMicrophone(VIC, True))
    live = await stage.open()
    again = live.submit(c.SetMicrophone(VIC, False), "x")
    assert stage.plane.hears(OTT, VIC)
    await settle()
    assert isinstance(again.result(), Done)
    assert stage.plane.hears(OTT, VIC)


async def test_a_bug_in_the_store_leaves_the_room_as_it_was(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.must(c.SetMode(FAY, Mode.CHAIRED))
    await stage.must(c.GrantFloor(FAY, VIC))
    await stage.must(c.SetMicrophone(VIC, True))
    stage.journal.broken = True
    for command in (c.GrantFloor(FAY, OTT), c.RevokeFloor(FAY)):
        assert isinstance(await stage.give(command), Fault)
        assert stage.plane.hears(OTT, VIC), "nothing was changed, and so it is told"
    assert (await stage.room()).floor.turn is not None
    stage.journal.broken = False
    await stage.must(c.RevokeFloor(FAY))
    assert not stage.plane.hears(OTT, VIC)


async def test_a_stop_that_changes_nothing_after_all_opens_again(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.hang = asyncio.Event()
    live = await stage.open()
    live.submit(c.SetMicrophone(VIC, False), "off")
    await settle()
    live.submit(c.SetMicrophone(VIC, True), "on")
    stage.journal.hang.set()
    await settle()
    assert stage.plane.hears(OTT, VIC)


async def test_a_lost_line_is_not_lost_when_it_cannot_be_recorded(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.down = True
    await stage.go(FAY)
    assert not stage.plane.hears(VIC, OTT)  # never alone, whatever the journal does
    assert (await stage.room()).phase is Phase.UNDER_WAY
    stage.journal.down = False
    await stage.clock.pass_(seconds=6)
    room = await stage.room()
    assert room.phase is Phase.FROZEN
    assert not room.people[FAY].connected
    assert stage.lines[VIC].now["phase"] == "frozen"


async def test_lines_that_drop_and_come_back_while_stalled_are_replayed_in_order(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.down = True
    await stage.go(VIC)
    line = await stage.arrive(VIC)
    assert line.of("view") == []
    assert line.of("stalled") == [{"on": True}]
    stage.journal.down = False
    await stage.clock.pass_(seconds=6)
    assert (await stage.room()).people[VIC].connected
    assert line.now["me"]["in_circle"]
    assert line.of("stalled") == [{"on": True}, {"on": False}]


async def test_a_store_that_stays_away_for_hours_costs_a_bounded_amount(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    live = await stage.open()
    stage.journal.down = True
    for n in range(KEPT_AT_MOST + 10):
        live.media_up(VIC, n % 2 == 0)
        if n % 50 == 0:
            await settle()
    for _ in range(20):
        await settle()
    assert live.closing
    assert stage.plane.plans[RoomId(MEETING)][-1] == {}
    assert stage.lines[VIC].dropped
    stage.journal.down = False
    assert (await stage.room()).recovering_since is not None


async def test_retries_back_off_and_go_on_for_ever(stage: Stage) -> None:
    await stage.begin(VIC)
    stage.journal.down = True
    await stage.give(c.Pause(VIC))
    appends = stage.journal.appends
    reads = 0
    original = stage.journal.read

    async def counting(stream: MeetingId) -> list[Fact]:
        nonlocal reads
        reads += 1
        return await original(stream)

    stage.journal.read = counting  # type: ignore[method-assign]  # only to count
    await stage.clock.pass_(minutes=10)
    assert 100 <= reads <= 130
    assert stage.journal.appends == appends
    stage.journal.down = False
    await stage.clock.pass_(seconds=5)
    assert (await stage.room()).phase is Phase.PAUSED


async def test_a_journal_that_recorded_and_failed_to_say_so_is_believed(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.lies = True
    assert type(await stage.give(c.SendSignal(VIC, Signal.CANNOT_HEAR), id_="s")) is Stalled
    stage.journal.lies = False
    await stage.clock.pass_(seconds=1)
    assert (await stage.room()).people[VIC].signal is Signal.CANNOT_HEAR
    facts = len(stage.journal.facts)
    assert isinstance(await stage.give(c.SendSignal(VIC, Signal.CANNOT_HEAR), id_="s"), Done)
    assert len(stage.journal.facts) == facts


async def test_an_append_that_takes_too_long_stalls_and_is_waited_for(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.hang = asyncio.Event()
    reply = (await stage.open()).submit(c.SetMicrophone(VIC, False), "off")
    await stage.clock.pass_(seconds=2.5)
    assert isinstance(reply.result(), Kept)
    appends = stage.journal.appends
    await stage.clock.pass_(seconds=60)
    assert stage.journal.appends == appends, "a second append beside one that is still under way"
    assert not stage.plane.hears(OTT, VIC)
    stage.journal.hang.set()
    await stage.clock.pass_(seconds=6)
    assert not (await stage.room()).people[VIC].microphone
    assert stage.journal.appends == appends
    assert stage.lines[VIC].now["me"]["microphone"] is False


async def test_the_room_stops_when_another_host_has_written(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    live = await stage.open()
    stage.journal.facts.append(Fact(SignalCleared(VIC), stage.clock.now()))
    reply = live.submit(c.SetMicrophone(VIC, False), "off")
    await settle()
    assert isinstance(reply.result(), Closed)
    assert live.closing
    assert stage.plane.plans[RoomId(MEETING)][-1] == {}
    assert stage.lines[VIC].dropped
    assert stage.lines[VIC].goodbye is None, "the browser has to come back by itself"
    assert await stage.open() is not live


async def test_another_host_is_noticed_when_the_journal_is_back(stage: Stage) -> None:
    await stage.begin(VIC)
    live = await stage.open()
    stage.journal.down = True
    await stage.give(c.Pause(VIC))
    stage.journal.facts.append(Fact(SignalCleared(VIC), stage.clock.now()))
    stage.journal.down = False
    await stage.clock.pass_(seconds=6)
    assert live.closing


async def test_a_resend_is_answered_and_not_repeated(stage: Stage) -> None:
    await stage.begin(VIC)
    first = await stage.give(c.SendSignal(VIC, Signal.NEED_A_MOMENT), id_="x")
    facts = len(stage.journal.facts)
    again = await stage.give(c.SendSignal(VIC, Signal.NEED_A_MOMENT), id_="x")
    assert first == again == Done(stage.lines[VIC].of("view")[-1]["rev"])
    assert len(stage.journal.facts) == facts


async def test_a_resend_is_answered_after_a_restart_too(stage: Stage) -> None:
    await stage.begin(VIC)
    await stage.give(c.SendSignal(VIC, Signal.NEED_A_MOMENT), id_="x")
    stage.start_again()
    await stage.arrive(VIC)
    facts = len(stage.journal.facts)
    assert isinstance(await stage.give(c.SendSignal(VIC, Signal.NEED_A_MOMENT), id_="x"), Done)
    assert len(stage.journal.facts) == facts


async def test_one_persons_id_does_not_answer_anothers_command(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.give(c.SendSignal(VIC, Signal.NEED_A_MOMENT), id_="same")
    await stage.give(c.SendSignal(OTT, Signal.CANNOT_HEAR), id_="same")
    assert (await stage.room()).people[OTT].signal is Signal.CANNOT_HEAR


async def test_a_fault_fails_one_command_and_leaves_the_room(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.begin(VIC, OTT)
    before = await stage.room()

    def broken(*_: object) -> None:
        raise AssertionError("an invariant")

    monkeypatch.setattr("server.host.media_link.audience", broken)
    assert isinstance(await stage.give(c.SetMode(FAY, Mode.QUIET)), Fault)
    monkeypatch.undo()
    assert await stage.room() is before
    assert isinstance(await stage.give(c.SetMode(FAY, Mode.QUIET)), Done)


async def test_a_media_plane_that_fails_to_shut_fails_the_command_before_it_is_recorded(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    facts = len(stage.journal.facts)
    stage.plane.faulty = True
    assert isinstance(await stage.give(c.SetMode(FAY, Mode.QUIET)), Fault)
    assert len(stage.journal.facts) == facts
    stage.plane.faulty = False
    assert isinstance(await stage.give(c.SetMode(FAY, Mode.QUIET)), Done)
    assert not stage.plane.hears(OTT, VIC)


async def test_a_full_mailbox_is_busy_but_a_dropped_line_still_counts(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    live = await stage.open()
    stage.journal.hang = asyncio.Event()
    replies = [live.submit(c.SetCamera(VIC, n % 2 == 0), f"c{n}") for n in range(80)]
    await settle()
    assert sum(reply.done() and isinstance(reply.result(), Busy) for reply in replies) == 80 - OF_ONE
    live.detach(OTT, stage.lines.pop(OTT))
    stage.journal.hang.set()
    await settle()
    for _ in range(10):
        await settle()
    assert not (await stage.room()).people[OTT].connected
    assert all(reply.done() for reply in replies)


async def test_commands_of_one_person_are_carried_out_in_order(stage: Stage) -> None:
    await stage.begin(VIC)
    live = await stage.open()
    replies = [live.submit(c.SetCamera(VIC, n % 2 == 0), f"c{n}") for n in range(21)]
    for _ in range(10):
        await settle()
    assert [type(reply.result()) for reply in replies] == [Done] * 21
    assert (await stage.room()).people[VIC].camera


async def test_an_unknown_person_is_sent_away(stage: Stage) -> None:
    live = await stage.open()
    line = FakeLine(DeviceId("d"))
    live.attach(PersonId("nobody"), line)
    await settle()
    assert line.goodbye == "session_ended"
    assert line.told == []
