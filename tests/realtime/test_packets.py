"""Packets and frames that no page of ours sends, one hostile client each: counted, cut off, and never logged."""

from __future__ import annotations

import json
import tracemalloc
import uuid

import pytest

from server.realtime.guards import LARGEST_PACKET
from server.realtime.limits import FRAMES
from tests.realtime.edge import FAY, VIC, Edge, raw_socket, until

COMMAND = {"id": "0b6f1d6e-7c1e-4c41-9d5a-0123456789ab", "type": "pause"}
NO_PACKETS = [
    '451-["command",{"_placeholder":true,"num":0}]',
    '451000000-["command",{"_placeholder":true,"num":0}]',
    '4599999999999-["command",{}]',
    '461-0[{"_placeholder":true,"num":0}]',
    '421-["command",{}]',
    "42",
    "42{}",
    "42[]",
    '42["command"]',
    '42["command",{},{}]',
    '42["command",[]]',
    '42["connect",{}]',
    '42["disconnect"]',
    '42["disconnect",{}]',
    '42["message",{}]',
    "42[[],{}]",
    "42[1,{}]",
    '420x["command",{}]',
    f'42{"9" * 50}["command",{{}}]',
    f'42{"9" * 120}["command",{{}}]',
    "42" + "[" * 20_000,
    '42["command",{"a":',
    "43[]",
    '430["x"]',
    '44{"message":"x"}',
    "49[]",
    "4²",
    "4",
    "4{}",
    '4{"a":1}',
    "4[1]",
    "4null",
    "4\ud7ff",
    '42/admin,["command",{}]',
    '42/,["command",{},1]',
]


@pytest.mark.parametrize("packet", NO_PACKETS, ids=range(len(NO_PACKETS)))
async def test_what_is_no_packet_of_ours_counts_and_the_third_closes(
    edge: Edge, packet: str, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.realtime.connection.LAST_WORDS", 0.05)
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        await raw.connect(VIC)
        await raw.say(packet, packet, "42" + json.dumps(["command", COMMAND]))
        await raw.say('421["command",' + json.dumps({**COMMAND, "type": "set_camera", "on": True}) + "]")
        while not (heard := await raw.hear()).startswith("431"):
            pass
        assert json.loads(heard[3:])[0]["kind"] == "refused", "two of them leave the line as it was"
        await raw.say(packet)
        heard_last = await raw.everything()
    assert '42["bye",{"reason":"malformed"}]' in heard_last
    assert log.records == []
    await until(lambda: not edge.gateway.server.eio.sockets)


NO_FRAMES: list[str | bytes] = [b"", b"4binary", b"\x00" * 1000, "", "x", "9", "0{}", "2probe", "5", "6", "b4AAAA", "²"]


@pytest.mark.parametrize("frame", NO_FRAMES, ids=repr)
async def test_what_is_no_frame_of_ours_ends_the_socket_at_once(
    edge: Edge, frame: str | bytes, log: pytest.LogCaptureFixture
) -> None:
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        await raw.connect(VIC)
        await raw.say(frame)
        await raw.everything()
    await until(lambda: len(edge.gateway) == 0)
    await until(lambda: not edge.gateway.server.eio.sockets)
    assert log.records == []


async def test_a_flood_of_malformed_packets_logs_nothing_of_the_libraries(
    edge: Edge, log: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        await raw.connect(VIC)
        try:
            for _ in range(1500):
                await raw.say("42{}")
        except ConnectionError:
            pass
        await raw.everything()
    assert log.records == []
    assert "Traceback" not in capfd.readouterr().err


async def test_attachments_cost_no_memory(edge: Edge) -> None:
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        await raw.connect(VIC)
        tracemalloc.start()
        try:
            await raw.say('451000000-["command",{"_placeholder":true,"num":0}]')
            try:
                for _ in range(200):
                    await raw.say(b"x" * 60_000)
            except ConnectionError:
                pass
            await raw.everything()
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert grown < 2_000_000
    assert edge.gateway.server._binary_packet == {}


async def test_a_packet_over_the_limit_closes_and_one_below_does_not(edge: Edge) -> None:
    vic = await edge.arrive(VIC)
    assert (await vic.give("send_message", text="x" * (LARGEST_PACKET - 300)))["code"] == "text_too_long"
    async with raw_socket(edge, token=vic.token) as raw:
        await raw.connect(VIC)
        await raw.say("42" + json.dumps(["command", {"x": "x" * LARGEST_PACKET}]))
        await raw.everything()
    await until(lambda: not any(c.person == VIC and not c.over for c in edge.gateway._connections.values()))


async def test_a_flood_of_pongs_ends_the_socket(edge: Edge) -> None:
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        await raw.connect(VIC)
        try:
            for _ in range(3 * FRAMES.burst):
                await raw.say("3")
        except ConnectionError:
            pass
        await raw.everything()
    await until(lambda: len(edge.gateway) == 0)


async def test_an_event_before_connect_does_nothing(edge: Edge, log: pytest.LogCaptureFixture) -> None:
    async with raw_socket(edge, token=await edge.session(FAY), person=FAY) as raw:
        await raw.say("420" + json.dumps(["command", {**COMMAND, "id": str(uuid.uuid4()), "type": "open_doors"}]))
        await raw.connect(FAY)
        heard = await raw.hear()
    assert '"phase":"scheduled"' in heard
    assert log.records == []
