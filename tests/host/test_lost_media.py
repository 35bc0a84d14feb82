"""The process that carried a room's media has ended: everybody's connection with it, and nobody went."""

from __future__ import annotations

from server.room import commands as c
from server.room.ids import PersonId
from server.room.state import Door, Mode, Phase
from signalling.plan import PeerId, RoomId
from tests.host.fakes import FAY, MEETING, OTT, VIC, Stage, settle


def lose_all(stage: Stage) -> None:
    """As `Workers` tells it: the room first, then everybody in it."""
    stage.link.room_lost(RoomId(MEETING))
    for person in (FAY, VIC, OTT):
        stage.plane.lose(person)


async def come_back(stage: Stage, *people: PersonId) -> None:
    for person in people:
        await stage.arrive(person)
        await stage.join_media(person)


async def test_everybody_comes_back_by_themselves_and_finds_the_circle_as_it_was(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    await stage.must(c.SetMode(FAY, Mode.CHAIRED))
    await stage.must(c.GrantFloor(FAY, VIC))
    await stage.must(c.SetMicrophone(VIC, True))
    assert stage.plane.hears(OTT, VIC)
    live, lines = await stage.open(), dict(stage.lines)
    lose_all(stage)
    await settle()
    assert live.closing
    assert all(line.dropped and line.goodbye is None for line in lines.values())
    assert stage.plane.plans[RoomId(MEETING)][-1] == {}

    await come_back(stage, OTT, VIC)
    assert not stage.plane.hears(OTT, VIC), "nobody guards the circle yet"
    await come_back(stage, FAY)
    room = await stage.room()
    assert room.phase is Phase.UNDER_WAY
    assert room.floor.turn is not None
    assert room.floor.turn.holder == VIC
    assert room.people[VIC].microphone
    assert stage.plane.hears(OTT, VIC)


async def test_one_person_whose_connection_dies_is_no_lost_room(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    live = await stage.open()
    stage.plane.lose(OTT)
    await settle()
    assert not live.closing
    assert live.room.phase is Phase.UNDER_WAY
    assert not live.room.people[OTT].media


async def test_what_is_kept_while_nothing_can_be_recorded_is_not_lost_with_the_media(stage: Stage) -> None:
    await stage.begin(VIC, OTT)
    stage.journal.down = True
    await stage.give(c.WithdrawConsent(VIC))
    lose_all(stage)
    await settle()
    assert not (await stage.open()).closing
    stage.journal.down = False
    await stage.clock.pass_(seconds=6)
    room = await stage.room()
    assert room.people[VIC].door is Door.WITHDRAWN
    assert room.phase is Phase.FROZEN
    assert not stage.plane.hears(VIC, OTT)
    assert PeerId(f"{MEETING}.{VIC}") in stage.plane.closed


async def test_a_room_that_is_not_live_has_nothing_to_lose(stage: Stage) -> None:
    stage.link.room_lost(RoomId("another"))
    await settle()
    assert (await stage.room()).seq == 1
