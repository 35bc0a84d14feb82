"""The picture of everybody's lines, over real sockets: the facilitators' browsers get it, and nobody else's."""

from __future__ import annotations

import json

from server.room.ids import PersonId
from signalling.plan import PeerId, Quality
from tests.realtime.edge import FAY, INA, OBI, OTT, ROLES, SAM, VIC, Browser, Edge, until

EVERYBODY_ELSE = (VIC, OTT, SAM, INA, OBI)


def becomes(edge: Edge, person: PersonId, quality: Quality) -> None:
    peer = PeerId(f"{edge.meeting}.{person}")
    edge.plane.qualities[peer] = quality
    assert edge.plane.link is not None
    edge.plane.link.quality_changed(peer, quality)


def pause_pictures(edge: Edge, person: PersonId) -> None:
    peer = PeerId(f"{edge.meeting}.{person}")
    assert edge.plane.link is not None
    edge.plane.link.pictures_paused(peer, edge.plane.up[peer], [PeerId(f"{edge.meeting}.{FAY}")], [])


def newest(browser: Browser, person: PersonId) -> tuple[str | None, str] | None:
    told = [lines["people"][person] for lines in browser.of("lines") if person in lines["people"]]
    return (told[-1][-1]["line"], told[-1][-1]["pictures"]) if told else None


async def test_of_every_role_only_the_facilitator_is_told_of_lines(edge: Edge) -> None:
    assert set(ROLES) == {FAY, *EVERYBODY_ELSE}
    fay, *others = await edge.begun(*EVERYBODY_ELSE)
    await until(lambda: all(newest(fay, person) == ("good", "all") for person in ROLES))
    for person in ROLES:
        becomes(edge, person, Quality.POOR)
    pause_pictures(edge, VIC)
    await until(lambda: all(newest(fay, person) == ("poor", "paused" if person == VIC else "all") for person in ROLES))
    # what is told after it has come to everybody, so what was told before it has come as well
    await fay.must("set_mode", mode="quiet")
    for other in others:
        await other.seen(lambda view: view["mode"] == "quiet")
        assert {kind for kind, _ in other.told} == {"view", "media"}
        assert not any(word in json.dumps(other.told) for word in ('"since"', '"whole"', '"lost"'))
        paused = [word for word in other.of("media") if word["kind"] == "pictures"]
        assert len(paused) == (other.person == VIC), "each knows of their own pictures alone"


async def test_whoever_waits_gets_not_one_packet_when_somebody_elses_line_changes(edge: Edge) -> None:
    (fay,) = await edge.begun()
    waiting = await edge.arrive(VIC)
    await waiting.must("answer_door", willing="yes")
    await edge.join_media(waiting)
    ott = await edge.arrive(OTT)
    await ott.must("answer_door", willing="yes")
    await edge.join_media(ott)
    await until(lambda: newest(fay, OTT) == ("good", "all"))
    before = json.dumps(waiting.told)
    for quality in (Quality.POOR, Quality.LOST, Quality.POOR, Quality.GOOD):
        becomes(edge, OTT, quality)
        await until(lambda quality=quality: newest(fay, OTT) == (quality, "all"))  # type: ignore[misc]
    pause_pictures(edge, OTT)
    await until(lambda: newest(fay, OTT) == ("good", "paused"))
    assert (await waiting.ask("there", {}))["ok"], "a question and its answer: nothing is on the way any more"
    assert json.dumps(waiting.told) == before


async def test_a_facilitator_is_given_it_whole_behind_their_first_view(edge: Edge) -> None:
    fay, _ = await edge.begun(VIC)
    becomes(edge, VIC, Quality.POOR)
    await until(lambda: newest(fay, VIC) == ("poor", "all"))
    await fay.close()
    again = await edge.arrive(FAY, fay.token)
    await until(lambda: again.of("lines"))
    kinds = [kind for kind, _ in again.told]
    assert kinds.index("view") < kinds.index("lines")
    told = again.of("lines")[0]
    assert told["whole"]
    assert [spell["line"] for spell in told["people"][VIC]] == ["good", "poor"]
