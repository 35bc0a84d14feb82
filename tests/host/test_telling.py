"""Who is told what, and when: a message that comes at a telling moment tells, whatever stands in it (R8)."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest

from server.host import telling
from server.host.telling import view_bytes
from server.room import commands as c
from server.room import view_for
from server.room.ids import DeviceId, PersonId
from server.room.state import Door, Mode, Phase, Role, Room, Signal, Willing
from server.room.view import Surroundings, View
from signalling.plan import PeerId, Quality
from tests.host.fakes import FAY, OTT, SAM, SEATS, VIC, FakeLine, Stage, settle


async def waiting_victim(stage: Stage) -> FakeLine:
    await stage.arrive(FAY)
    await stage.join_media(FAY)
    await stage.must(c.OpenDoors(FAY))
    line = await stage.arrive(VIC)
    await stage.must(c.AnswerDoor(VIC, Willing.YES))
    await stage.join_media(VIC)
    return line


async def test_a_waiting_victim_is_told_nothing_at_all_while_the_other_side_comes_in(stage: Stage) -> None:
    line = await waiting_victim(stage)
    told = list(line.told)
    seen_by_fay = len(stage.lines[FAY].of("view"))
    await stage.arrive(OTT)
    await stage.must(c.SendSignal(OTT, Signal.CANNOT_HEAR))
    await stage.must(c.AnswerDoor(OTT, Willing.NOT_SURE))
    await stage.must(c.AnswerDoor(OTT, Willing.YES))
    await stage.join_media(OTT)
    await stage.must(c.SetMicrophone(OTT, True))
    await stage.must(c.Visit(FAY, OTT))
    await stage.must(c.ReturnToCircle(FAY))
    await stage.must(c.SetArrivalOrder(FAY, (OTT, VIC, SAM)))
    await stage.must(c.Admit(FAY, OTT))
    await stage.clock.pass_(seconds=11)
    assert (await stage.room()).people[OTT].door is Door.ADMITTED
    await stage.must(c.SetMode(FAY, Mode.CHAIRED))
    await stage.must(c.GrantFloor(FAY, OTT))
    await stage.must(c.Begin(FAY))
    stage.plane.qualities[PeerId("m.ott")] = Quality.POOR
    stage.link.quality_changed(PeerId("m.ott"), Quality.POOR)
    await stage.must(c.Pause(OTT))
    await stage.must(c.SetReady(OTT, True))
    await stage.must(c.Resume(FAY))
    stage.plane.lose(OTT)
    await settle()
    await stage.go(OTT)
    await stage.clock.pass_(minutes=4)
    assert (await stage.room()).people[OTT].door is Door.AWAY
    assert line.told == told
    assert len(stage.lines[FAY].of("view")) >= seen_by_fay + 15, "it did happen, and the facilitator saw it"


async def test_a_stall_does_not_show_itself_to_who_waits(stage: Stage) -> None:
    line = await waiting_victim(stage)
    await stage.arrive(OTT)
    told = list(line.told)
    stage.journal.down = True
    await stage.go(OTT)
    await stage.clock.pass_(seconds=30)
    stage.journal.down = False
    await stage.clock.pass_(seconds=6)
    assert line.told == told
    assert stage.lines[FAY].of("stalled") == [{"on": True}, {"on": False}]


async def test_views_are_numbered_by_what_this_line_was_told(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    for line in stage.lines.values():
        views = line.of("view")
        assert [view["rev"] for view in views] == list(range(1, len(views) + 1))
        assert all(json.dumps(a["view"]) != json.dumps(b["view"]) for a, b in pairwise(views))
    line = stage.lines[VIC]
    await stage.go(VIC)
    again = await stage.arrive(VIC, line.device)
    assert again.of("view")[0]["rev"] == 1


async def test_a_command_that_changes_nobodys_view_moves_nobodys_screen(stage: Stage) -> None:
    await stage.begin(VIC)
    await stage.must(c.SendSignal(VIC, Signal.NEED_A_MOMENT))
    told = {person: len(line.told) for person, line in stage.lines.items()}
    await stage.must(c.SetMicrophone(VIC, True))
    assert {person: len(line.told) for person, line in stage.lines.items()} == told


async def test_a_new_label_is_told_to_those_who_see_it(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.invitations.rows[1] = type(stage.invitations.rows[1])(VIC, Role.VICTIM, None, "June")
    await stage.registry.people_changed((await stage.open()).meeting)
    assert [seat["label"] for seat in stage.lines[OTT].now["here"] if seat["id"] == VIC] == ["June"]


async def test_one_view_that_cannot_be_made_keeps_nobody_else_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.begin(VIC, OTT)
    make = view_for

    def broken(room: object, reader: object, around: object) -> object:
        assert reader != VIC, "broken for one"
        return make(room, reader, around)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(telling, "view_for", broken)
    told = len(stage.lines[VIC].told)
    await stage.must(c.SetMode(FAY, Mode.QUIET))
    assert stage.lines[OTT].now["mode"] == "quiet"
    assert len(stage.lines[VIC].told) == told


async def test_telling_a_circle_gives_way_to_media_before_each_person(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.begin(VIC, OTT)
    make, order = view_for, list[str]()

    def watched(room: Room, reader: PersonId, around: Surroundings) -> View:
        order.append(reader)
        asyncio.get_running_loop().call_soon(order.append, "media")
        return make(room, reader, around)

    monkeypatch.setattr(telling, "view_for", watched)
    await stage.must(c.SetMode(FAY, Mode.QUIET))
    assert order[:6] == [FAY, "media", VIC, "media", OTT, "media"]


async def test_a_label_changed_while_people_are_told_is_not_undone_by_the_rest_of_the_telling(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    live = await stage.open()
    mode = asyncio.create_task(stage.must(c.SetMode(FAY, Mode.QUIET)))
    for _ in range(100):
        if stage.lines[FAY].now["mode"] == "quiet":
            break
        await asyncio.sleep(0)
    assert stage.lines[FAY].now["mode"] == "quiet"
    assert stage.lines[OTT].now["mode"] != "quiet", "the telling is under way"
    live.relabel({VIC: "June"})
    await mode
    await settle()
    assert stage.lines[OTT].now["mode"] == "quiet"
    assert [seat["label"] for seat in stage.lines[OTT].now["here"] if seat["id"] == VIC] == ["June"]


async def test_the_view_travels_with_the_names_of_its_fields(stage: Stage) -> None:
    await stage.begin(VIC)
    room = await stage.room()
    view = json.loads(view_bytes(room, FAY, Surroundings({VIC: "Jüne"}, {})))
    assert view["phase"] == Phase.UNDER_WAY.value
    assert [row["id"] for row in view["console"]["people"]] == [seat.id for seat in SEATS]
    assert "Jüne" in {row["label"] for row in view["console"]["people"]}


async def test_another_device_takes_over(stage: Stage) -> None:
    await stage.begin(VIC)
    phone = stage.lines[VIC]
    tablet = await stage.arrive(VIC, "vic-tablet")
    assert phone.goodbye == "elsewhere"
    assert tablet.now["me"]["door"] == "arriving"
    told = len(phone.told)
    (await stage.open()).detach(VIC, phone)
    await settle()
    assert (await stage.room()).people[VIC].connected, "the end of the older line says nothing of the person"
    await stage.must(c.AnswerDoor(VIC, Willing.YES))
    assert tablet.now["me"]["door"] == "waiting"
    assert len(phone.told) == told


async def test_a_second_window_of_the_same_device_takes_over_in_place(stage: Stage) -> None:
    await stage.begin(VIC)
    first = stage.lines[VIC]
    second = await stage.arrive(VIC, first.device)
    assert first.goodbye == "elsewhere"
    assert second.now["me"]["in_circle"]


async def test_nobody_is_told_before_their_arrival_is_recorded(stage: Stage) -> None:
    await stage.begin(VIC)
    line = FakeLine(DeviceId("ott-phone"))
    live = await stage.open()
    live.attach(OTT, line)
    live.relabel({OTT: "Otto"})
    assert line.told == []
    await settle()
    assert line.now["me"]["label"] == "Otto"
