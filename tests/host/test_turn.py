"""The relay: who gets which name and password for it, and who may come by no other way (R18)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from server.host.jobs import Done
from server.host.refusals import NoRelay
from server.host.turn import Turn
from server.room.ids import DeviceId, PersonId
from tests.host.fakes import FAY, MEETING, OTT, START, VIC, Stage, settle

URLS = ("turn:turn.example.org?transport=udp", "turns:turn.example.org:443?transport=tcp")
TURN = Turn(URLS, "s" * 32, frozenset({"203.0.113.5"}))
PHONE = DeviceId("a session")


async def offered(stage: Stage, person: PersonId) -> Any:
    await stage.join_media(person)
    return stage.lines[person].of("media")[-1]["ice"]


def hide(stage: Stage, person: PersonId, hidden: bool = True) -> None:
    rows = stage.invitations.rows
    stage.invitations.rows = [replace(row, relay_only=hidden) if row.id == person else row for row in rows]


def test_a_password_is_what_coturn_makes_of_the_name() -> None:
    server: Any = TURN.server(PHONE, START)
    assert server["urls"] == list(URLS)
    expiry, _, name = server["username"].partition(":")
    assert int(expiry) == (START + timedelta(minutes=10)).timestamp()
    assert name
    made = hmac.new(b"s" * 32, server["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(server["credential"]) == made


def test_a_name_is_one_sessions_and_tells_nothing_of_it() -> None:
    names = {
        (device, secret): str(replace(TURN, secret=secret).server(device, START)["username"]).partition(":")[2]
        for device in (PHONE, DeviceId("another"))
        for secret in ("s" * 32, "t" * 32)
    }
    assert len(set(names.values())) == 4
    later: Any = TURN.server(PHONE, START + timedelta(hours=1))
    assert later["username"].partition(":")[2] == names[PHONE, "s" * 32]
    assert not any("session" in name for name in names.values())


async def test_without_a_relay_nothing_is_offered_but_the_direct_way() -> None:
    stage = Stage()
    await stage.begin(VIC)
    assert await offered(stage, VIC) == {"iceServers": [], "iceTransportPolicy": "all"}
    assert stage.plane.only_from == dict.fromkeys(stage.plane.only_from)
    await stage.registry.close()


async def test_each_offer_has_a_name_of_its_own_time() -> None:
    stage = Stage(TURN)
    await stage.begin(VIC)
    first = await offered(stage, VIC)
    assert first == {
        "iceServers": [TURN.server(stage.lines[VIC].device, stage.clock.now())],
        "iceTransportPolicy": "all",
    }
    await stage.clock.pass_(minutes=2)
    assert (await offered(stage, VIC)) != first
    await stage.registry.close()


async def test_relay_only_is_everybodys_when_it_is_set() -> None:
    stage = Stage(TURN, relay_only=True)
    await stage.begin(VIC)
    for person in (FAY, VIC):
        assert (await offered(stage, person))["iceTransportPolicy"] == "relay"
    assert set(stage.plane.only_from.values()) == {TURN.relays}
    await stage.registry.close()


async def test_a_person_who_is_hidden_is_heard_from_the_relay_only() -> None:
    stage = Stage(TURN)
    hide(stage, VIC)
    await stage.begin(VIC, OTT)
    assert {str(peer)[2:]: only for peer, only in stage.plane.only_from.items()} == {
        "fay": None,
        "vic": TURN.relays,
        "ott": None,
    }
    assert (await offered(stage, VIC))["iceTransportPolicy"] == "relay"
    await stage.registry.close()


async def test_who_is_hidden_while_they_are_here_has_to_come_again_by_the_relay() -> None:
    stage = Stage(TURN)
    await stage.begin(VIC, OTT)
    hide(stage, VIC)
    await stage.registry.people_changed(MEETING)
    await settle()
    assert stage.lines[VIC].of("media")[-1]["kind"] == "closed"
    assert {str(peer) for peer in stage.plane.up} == {"m.fay", "m.ott"}
    assert (await offered(stage, VIC))["iceTransportPolicy"] == "relay"
    hide(stage, VIC, False)
    await stage.registry.people_changed(MEETING)
    await settle()
    assert "m.vic" in {str(peer) for peer in stage.plane.up}, "to be shown again is no reason to be interrupted"
    await stage.registry.close()


@pytest.mark.parametrize("turn", [None, replace(TURN, relays=frozenset())])
async def test_who_is_to_be_hidden_is_never_connected_directly(turn: Turn | None) -> None:
    stage = Stage(turn)
    await stage.begin(VIC)
    hide(stage, VIC)
    await stage.registry.people_changed(MEETING)
    await settle()
    live = await stage.open()
    assert isinstance(await live.join_media(VIC, stage.lines[VIC]), NoRelay)
    assert {str(peer) for peer in stage.plane.up} == {"m.fay"}
    hide(stage, VIC, False)
    await stage.registry.people_changed(MEETING)
    assert isinstance(await live.join_media(VIC, stage.lines[VIC]), Done)
    await stage.registry.close()
