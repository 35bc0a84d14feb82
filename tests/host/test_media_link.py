"""Between the room and the media plane: who has a connection, what their browser knows of it, how good it is."""

from __future__ import annotations

import asyncio

import pytest

from server.host.jobs import Done
from server.host.refusals import NoMediaNow
from server.room import commands as c
from server.room.ids import PersonId
from server.room.state import Mode, Willing
from signalling.errors import StaleGeneration
from signalling.plan import PeerId, Quality
from tests.host.fakes import FAY, OTT, VIC, Stage, settle


def peer(person: PersonId) -> PeerId:
    return PeerId(f"m.{person}")


async def connected(stage: Stage) -> set[str]:
    await settle()
    return {str(name).removeprefix("m.") for name in stage.plane.up}


@pytest.mark.parametrize(
    "end",
    [
        c.Leave(VIC),
        c.Leave(VIC, quick=True),
        c.WithdrawConsent(VIC),
        c.Remove(FAY, VIC),
        c.EndMeeting(FAY),
    ],
    ids=lambda command: type(command).__name__,
)
async def test_who_is_no_longer_here_has_no_connection(stage: Stage, end: c.Command) -> None:
    await stage.begin(VIC, OTT)
    await stage.must(end)
    assert "vic" not in await connected(stage)
    assert stage.lines[VIC].of("media")[-1]["kind"] == "closed"
    live = await stage.open()
    assert isinstance(await live.join_media(VIC, stage.lines[VIC]), NoMediaNow)
    assert not (await stage.room()).people[VIC].media


async def test_who_is_refused_at_the_door_has_no_connection(stage: Stage) -> None:
    await stage.begin(OTT)
    await stage.arrive(VIC)
    await stage.must(c.AnswerDoor(VIC, Willing.YES))
    await stage.join_media(VIC)
    await stage.must(c.Refuse(FAY, VIC))
    assert "vic" not in await connected(stage)


async def test_a_line_that_drops_keeps_its_media_connection_shut_and_then_open_again(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    device = stage.lines[VIC].device
    await stage.go(VIC)
    assert not stage.plane.hears(OTT, VIC)
    assert not stage.plane.hears(VIC, OTT)
    assert "vic" in await connected(stage)
    line = await stage.arrive(VIC, device)
    assert line.of("media")[0] == {"kind": "state", "generation": stage.plane.up[peer(VIC)]}
    assert stage.plane.hears(VIC, OTT)


async def test_a_place_that_is_given_up_frees_the_connection(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.go(VIC)
    await stage.clock.pass_(minutes=4)
    assert "vic" not in await connected(stage)


async def test_a_takeover_closes_the_older_devices_connection(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.arrive(VIC, "vic-tablet")
    assert "vic" not in await connected(stage)
    assert not (await stage.room()).people[VIC].media


async def test_a_facilitator_who_takes_over_has_to_join_again_and_the_circle_freezes(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.arrive(FAY, "fay-tablet")
    assert not stage.plane.hears(VIC, OTT)
    assert stage.lines[VIC].now["phase"] == "frozen"
    assert "fay" not in await connected(stage)
    await stage.join_media(FAY)
    assert "fay" in await connected(stage), "the older connection's end did not end the new one"


async def test_an_older_line_cannot_speak_for_the_newer_one(stage: Stage) -> None:
    await stage.begin(VIC)
    older = stage.lines[VIC]
    await stage.arrive(VIC, older.device)
    live = await stage.open()
    assert isinstance(await live.join_media(VIC, older), NoMediaNow)
    assert isinstance(await live.answer_media(VIC, older, "g1", "v=0"), NoMediaNow)


async def test_a_rejoin_replaces_the_connection_without_ending_it(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.join_media(VIC)
    assert (await stage.room()).people[VIC].media
    assert stage.plane.hears(OTT, VIC)


async def test_the_end_of_a_replaced_connection_says_nothing_of_the_person(stage: Stage) -> None:
    await stage.begin(VIC)
    stage.link.peer_down(peer(VIC), "g0")
    await settle()
    assert (await stage.room()).people[VIC].media
    stage.plane.lose(VIC)
    stage.link.peer_up(peer(VIC), "g0")
    await settle()
    assert not (await stage.room()).people[VIC].media


async def test_a_lost_media_connection_of_the_only_guard_freezes(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.plane.lose(FAY)
    assert not stage.plane.hears(VIC, OTT), "before anything was recorded"
    await settle()
    assert stage.lines[OTT].now["phase"] == "frozen"


async def test_somebody_who_goes_while_their_offer_is_made_gets_none(stage: Stage) -> None:
    await stage.begin(VIC)
    gate = asyncio.Event()
    offer = stage.plane.offer

    async def slow(*arguments: object) -> object:
        await gate.wait()
        return await offer(*arguments)  # type: ignore[arg-type]  # passed through

    stage.plane.offer = slow  # type: ignore[method-assign,assignment]
    live = await stage.open()
    joining = asyncio.create_task(live.join_media(VIC, stage.lines[VIC]))
    await settle()
    await stage.must(c.Leave(VIC))
    gate.set()
    assert isinstance(await joining, NoMediaNow)
    assert "vic" not in await connected(stage)
    assert peer(VIC) not in stage.plane.offered


async def test_a_browser_that_was_away_is_told_its_slots_and_wishes_again(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    generation = stage.plane.up[peer(VIC)]
    stage.link.slots_changed(peer(VIC), generation, {0: peer(FAY)})
    stage.link.wanted(peer(VIC), generation, True, True, False)
    stage.link.pictures_paused(peer(VIC), generation, {peer(FAY), peer(OTT)}, {peer(VIC)})
    device = stage.lines[VIC].device
    await stage.go(VIC)
    stage.link.slots_changed(peer(VIC), generation, {0: peer(FAY), 1: peer(OTT)})
    line = await stage.arrive(VIC, device)
    assert line.of("media") == [
        {"kind": "state", "generation": generation},
        {"kind": "slots", "generation": generation, "slots": {"0": FAY, "1": OTT}},
        {"kind": "send", "generation": generation, "audio": True, "high": True, "low": False},
        {"kind": "pictures", "generation": generation, "paused": [FAY, OTT], "resting": [VIC]},
    ]


async def test_a_person_may_want_voices_only_which_shuts_pictures_towards_them_alone(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    live, plane = await stage.open(), stage.plane
    assert plane.sees(VIC, OTT)
    assert isinstance(live.show_pictures(VIC, stage.lines[VIC], False), Done)
    assert not plane.sees(VIC, OTT)
    assert not plane.sees(VIC, FAY)
    assert plane.hears(VIC, OTT)
    assert plane.sees(OTT, VIC)
    await stage.must(c.SetMode(FAY, Mode.QUIET))
    assert not plane.hears(VIC, OTT), "it opens nothing"
    await stage.must(c.SetMode(FAY, Mode.OPEN))
    assert not plane.sees(VIC, OTT), "and holds whatever the room does"
    assert isinstance(live.show_pictures(VIC, stage.lines[VIC], True), Done)
    assert plane.sees(VIC, OTT)


async def test_the_wish_for_voices_only_comes_with_each_connection(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.join_media(VIC, pictures=False)
    assert stage.plane.hears(VIC, OTT)
    assert not stage.plane.sees(VIC, OTT)
    await stage.join_media(VIC)
    assert stage.plane.sees(VIC, OTT)


async def test_an_older_line_cannot_change_what_the_newer_one_is_shown(stage: Stage) -> None:
    await stage.begin(VIC)
    older = stage.lines[VIC]
    await stage.arrive(VIC, older.device)
    assert isinstance((await stage.open()).show_pictures(VIC, older, False), NoMediaNow)


async def test_what_was_said_of_an_older_connection_is_not_told_again(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.link.slots_changed(peer(VIC), stage.plane.up[peer(VIC)], {0: peer(FAY)})
    device = stage.lines[VIC].device
    stage.plane.lose(VIC)
    await stage.go(VIC)
    line = await stage.arrive(VIC, device)
    assert line.of("media") == [{"kind": "state", "generation": None}]


async def test_an_answer_is_for_the_offer_of_its_generation(stage: Stage) -> None:
    await stage.arrive(FAY)
    live = await stage.open()
    assert isinstance(await live.join_media(FAY, stage.lines[FAY]), Done)
    with pytest.raises(StaleGeneration):
        await live.answer_media(FAY, stage.lines[FAY], "g0", "v=0")
    assert not (await stage.room()).people[FAY].media


async def test_quality_is_shown_to_the_person_and_the_facilitators_only(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    told = len(stage.lines[OTT].told)
    stage.plane.qualities[peer(VIC)] = Quality.POOR
    stage.link.quality_changed(peer(VIC), Quality.POOR)
    assert stage.lines[VIC].now["me"]["line"] == "poor"
    rows = {row["id"]: row["line"] for row in stage.lines[FAY].now["console"]["people"]}
    assert rows["vic"] == "poor"
    assert len(stage.lines[OTT].told) == told


async def test_what_the_plane_says_of_strangers_is_ignored(stage: Stage) -> None:
    await stage.begin(VIC)
    facts = len(stage.journal.facts)
    for name in ("", "m", "m.", "m.nobody", "other.vic", "..."):
        stage.link.peer_up(PeerId(name), "g")
        stage.link.peer_down(PeerId(name), "g")
        stage.link.slots_changed(PeerId(name), "g", {})
        stage.link.wanted(PeerId(name), "g", True, True, True)
        stage.link.quality_changed(PeerId(name), Quality.LOST)
    await settle()
    assert len(stage.journal.facts) == facts
