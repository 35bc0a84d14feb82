"""The facilitators' small picture of each line: who is told of it, when, and what survives what."""

from __future__ import annotations

from typing import Any

import pytest

from server.host import telling
from server.room import commands as c
from server.room.ids import PersonId
from server.room.state import Room, Willing
from server.room.view import Surroundings
from signalling.plan import PeerId, Quality
from tests.host.fakes import FAY, OTT, VIC, FakeLine, Stage, settle

Spells = list[tuple[str | None, str]]


async def becomes(stage: Stage, person: PersonId, quality: Quality) -> None:
    peer = PeerId(f"m.{person}")
    stage.plane.qualities[peer] = quality
    stage.link.quality_changed(peer, quality)
    await settle()


async def pictures(stage: Stage, person: PersonId, *, paused: bool) -> None:
    peer = PeerId(f"m.{person}")
    stage.link.pictures_paused(peer, stage.plane.up[peer], [PeerId("m.fay")] if paused else [], [])
    await settle()


def shown(line: FakeLine, person: PersonId) -> Spells:
    """What a console shows after all that its browser was told."""
    spells: list[Any] = []
    for told in line.of("lines"):
        spells = ([] if told["whole"] else spells) + told["people"].get(person, [])
    return [(spell["line"], spell["pictures"]) for spell in spells]


async def test_a_facilitator_sees_a_line_weaken_and_recover(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    line = stage.lines[FAY]
    assert shown(line, VIC) == [("good", "all")]
    begun = stage.clock.now().timestamp()
    for change in (
        becomes(stage, VIC, Quality.POOR),
        pictures(stage, VIC, paused=True),
        becomes(stage, VIC, Quality.GOOD),
        pictures(stage, VIC, paused=False),
    ):
        await stage.clock.pass_(seconds=30)
        await change
    assert shown(line, VIC) == [
        ("good", "all"),
        ("poor", "all"),
        ("poor", "paused"),
        ("good", "paused"),
        ("good", "all"),
    ]
    newest = line.of("lines")[-1]
    since = round((begun + 120) * 1000)
    assert newest["people"] == {VIC: [{"since": since, "line": "good", "pictures": "all"}]}, "what has changed, no more"
    assert shown(line, OTT) == [("good", "all")]


async def test_nobody_but_those_who_lead_is_told_anything_of_it(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    before = {person: list(stage.lines[person].told) for person in (VIC, OTT)}
    told = len(stage.lines[FAY].of("lines"))
    await pictures(stage, OTT, paused=True)
    for person, quality in ((OTT, Quality.POOR), (FAY, Quality.POOR), (OTT, Quality.GOOD)):
        await becomes(stage, person, quality)
    stage.plane.lose(OTT)
    await settle()
    assert len(stage.lines[FAY].of("lines")) > told + 3
    assert stage.lines[VIC].told == before[VIC], "not a byte, and nothing at that moment"
    assert not stage.lines[OTT].of("lines"), "not of their own line either"


async def test_it_goes_beside_the_views_and_makes_none_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.begin(VIC, OTT)
    made: list[PersonId] = []
    make = telling.view_bytes

    def watched(room: Room, reader: PersonId, around: Surroundings) -> bytes:
        made.append(reader)
        return make(room, reader, around)

    monkeypatch.setattr(telling, "view_bytes", watched)
    told = len(stage.lines[FAY].of("lines"))
    await pictures(stage, VIC, paused=True)
    assert len(stage.lines[FAY].of("lines")) == told + 1
    assert made == []


async def test_nothing_is_told_while_no_line_changes(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    told = len(stage.lines[FAY].of("lines"))
    await stage.must(c.Pause(VIC))
    await stage.must(c.SetReady(VIC, True))
    await stage.clock.pass_(minutes=3)
    assert len(stage.lines[FAY].of("lines")) == told


async def test_a_line_that_drops_and_comes_back_has_one_history(stage: Stage) -> None:
    await stage.begin(VIC)
    await becomes(stage, VIC, Quality.POOR)
    device = stage.lines[VIC].device
    await stage.clock.pass_(seconds=5)
    await stage.go(VIC)
    stage.plane.lose(VIC)
    await stage.clock.pass_(seconds=5)
    await becomes(stage, VIC, Quality.GOOD)
    await stage.arrive(VIC, device)
    await stage.clock.pass_(seconds=5)
    await stage.join_media(VIC)
    assert shown(stage.lines[FAY], VIC) == [("good", "all"), ("poor", "all"), ("lost", "all"), ("good", "all")]


async def test_a_new_connection_begins_with_pictures(stage: Stage) -> None:
    await stage.begin(VIC)
    await pictures(stage, VIC, paused=True)
    assert shown(stage.lines[FAY], VIC)[-1] == ("good", "paused")
    await stage.join_media(VIC)
    assert shown(stage.lines[FAY], VIC)[-1] == ("good", "all")


async def test_a_facilitator_sees_who_chose_voices_only(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    for on in (False, True, False):
        (await stage.open()).show_pictures(VIC, stage.lines[VIC], on)
        await settle()
    assert [pictures for _, pictures in shown(stage.lines[FAY], VIC)] == ["all", "off", "all", "off"]
    await stage.join_media(VIC)
    assert shown(stage.lines[FAY], VIC)[-1] == ("good", "all"), "a new connection says anew what it wants"
    assert shown(stage.lines[FAY], OTT) == [("good", "all")]


async def test_who_leaves_has_a_gap_and_not_a_loss(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.clock.pass_(seconds=5)
    await stage.must(c.Leave(OTT))
    await settle()
    assert shown(stage.lines[FAY], OTT) == [("good", "all"), (None, "all")]


async def test_a_facilitator_who_comes_back_is_given_it_whole(stage: Stage) -> None:
    await stage.begin(VIC)
    await stage.clock.pass_(seconds=20)
    await becomes(stage, VIC, Quality.POOR)
    device = stage.lines[FAY].device
    await stage.go(FAY)
    await stage.clock.pass_(seconds=20)
    again = await stage.arrive(FAY, device)
    kinds = [kind for kind, _ in again.told]
    first = again.of("lines")[0]
    assert first["whole"]
    assert kinds.index("view") < kinds.index("lines")
    assert [spell["line"] for spell in first["people"][VIC]] == ["good", "poor"]
    await stage.clock.pass_(minutes=6)
    last = await stage.arrive(FAY, device)
    assert [spell["line"] for spell in last.of("lines")[0]["people"][VIC]] == ["poor"], "older than the picture"


async def test_a_facilitator_who_has_left_is_told_no_more(stage: Stage) -> None:
    await stage.begin(VIC)
    line = stage.lines[FAY]
    await stage.must(c.Leave(FAY))
    told = len(line.of("lines"))
    await becomes(stage, VIC, Quality.POOR)
    assert len(line.of("lines")) == told


async def test_a_line_that_flutters_for_an_hour_stays_small(stage: Stage) -> None:
    await stage.begin(VIC)
    for _ in range(300):
        await stage.clock.pass_(seconds=1)
        await becomes(stage, VIC, Quality.LOST)
        await stage.clock.pass_(seconds=1)
        await becomes(stage, VIC, Quality.POOR)
    again = await stage.arrive(FAY, stage.lines[FAY].device)
    assert 90 <= len(shown(again, VIC)) <= 100


async def test_somebody_at_the_door_is_seen_by_the_facilitator_alone(stage: Stage) -> None:
    await stage.arrive(FAY)
    await stage.join_media(FAY)
    await stage.must(c.OpenDoors(FAY))
    waiting = await stage.arrive(VIC)
    await stage.must(c.AnswerDoor(VIC, Willing.YES))
    await stage.join_media(VIC)
    told = list(waiting.told)
    await stage.arrive(OTT)
    await stage.must(c.AnswerDoor(OTT, Willing.YES))
    await stage.join_media(OTT)
    await becomes(stage, OTT, Quality.POOR)
    assert shown(stage.lines[FAY], OTT)[-1] == ("poor", "all")
    assert waiting.told == told
