"""The traps of these exact library versions, sprung: each is a hostile client on a real socket."""

from __future__ import annotations

import asyncio
import inspect
import json
from pathlib import Path
from typing import Any

import aiohttp
import engineio
import pytest
import socketio
from engineio.async_socket import AsyncSocket

from server.host.ports import Told
from server.realtime import guards
from server.realtime.connection import _VIEW
from server.realtime.guards import CONNECT_WITHIN, LARGEST_PACKET
from server.realtime.limits import Ceilings
from tests.realtime.edge import FAY, ORIGIN, OTT, VIC, Edge, raw_socket, running, until

HANDSHAKE = {"EIO": "4", "transport": "websocket"}


async def status(edge: Edge, headers: dict[str, str], method: str = "GET", **query: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{edge.url}/live/", params=query or HANDSHAKE, headers=headers) as answer,
    ):
        return answer.status


# ---- the way in ----------------------------------------------------------------------------------------------

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.mark.parametrize("origin", [None, "null", "http://evil.test", f"{ORIGIN}.evil.test", f"{ORIGIN}:81", ""])
async def test_without_our_origin_nothing_is_answered(edge: Edge, origin: str | None) -> None:
    headers = UPGRADE if origin is None else {**UPGRADE, "Origin": origin}
    assert await status(edge, headers) == 403
    assert edge.gateway.server.eio.sockets == {}


async def test_two_origins_are_none(edge: Edge) -> None:
    async with aiohttp.ClientSession() as session:
        headers = [*UPGRADE.items(), ("Origin", ORIGIN), ("Origin", "http://evil.test")]
        async with session.get(f"{edge.url}/live/", params=HANDSHAKE, headers=headers) as answer:
            assert answer.status == 403


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_polling_is_not_answered(edge: Edge, method: str) -> None:
    assert await status(edge, {"Origin": ORIGIN}, method, EIO="4", transport="polling") == 400
    assert edge.gateway.server.eio.sockets == {}


async def test_an_open_socket_cannot_be_spoken_to_from_another_request(edge: Edge) -> None:
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        opened = json.loads((await raw.hear())[1:])
        assert await status(edge, {**UPGRADE, "Origin": ORIGIN}, **HANDSHAKE, sid=opened["sid"]) == 400
        assert await status(edge, {"Origin": ORIGIN}, "POST", **HANDSHAKE, sid=opened["sid"]) == 400
        await raw.connect(VIC)


async def test_the_handshake_tells_of_our_limits(edge: Edge) -> None:
    async with raw_socket(edge) as raw:
        opened = json.loads((await raw.hear())[1:])
    assert (opened["pingInterval"], opened["pingTimeout"]) == (5000, 5000)
    assert opened["maxPayload"] == LARGEST_PACKET
    assert opened["upgrades"] == []


async def test_too_many_connections_from_one_address_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path, Ceilings(total=100, per_address=3)) as edge:
        browsers = [await edge.arrive(person) for person in (VIC, FAY, OTT)]
        assert await status(edge, {**UPGRADE, "Origin": ORIGIN}) == 503
        await browsers[1].close()
        await until(lambda: len(edge.gateway) == 2)
        await edge.arrive(FAY)


async def test_too_many_connections_altogether_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path, Ceilings(total=2, per_address=10)) as edge:
        await edge.arrive(VIC)
        await edge.arrive(FAY)
        assert await status(edge, {**UPGRADE, "Origin": ORIGIN}) == 503


# ---- CONNECT -------------------------------------------------------------------------------------------------


async def test_a_socket_that_never_sends_connect_is_closed(edge: Edge) -> None:
    begun = asyncio.get_running_loop().time()
    async with raw_socket(edge) as raw:
        await raw.everything()
    assert asyncio.get_running_loop().time() - begun == pytest.approx(CONNECT_WITHIN.total_seconds(), abs=1.5)
    await until(lambda: not edge.gateway.server.eio.sockets)


async def test_a_refused_socket_does_not_stay(edge: Edge) -> None:
    async with raw_socket(edge, token="x" * 43) as raw:
        await raw.say('40{"person":"vic"}')
        heard = await raw.everything()
    assert json.loads(heard[1][2:])["message"] == "session_ended"
    assert len(heard) == 2
    await until(lambda: not edge.gateway.server.eio.sockets)


async def test_after_disconnect_the_socket_is_closed(edge: Edge) -> None:
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        await raw.connect(VIC)
        await raw.say("41")
        await raw.everything()
    await until(lambda: len(edge.gateway) == 0)
    await until(lambda: not edge.gateway.server.eio.sockets)


async def test_a_second_connect_closes_the_socket(edge: Edge) -> None:
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        await raw.connect(VIC)
        await raw.say('40{"person":"vic"}')
        heard = await raw.everything()
    assert not any("elsewhere" in packet for packet in heard), "one socket does not take over from itself"
    await until(lambda: len(edge.gateway) == 0)


async def test_a_line_that_is_lost_while_we_look_who_it_is_leaves_nothing(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = asyncio.Event()
    find = edge.sessions.find

    async def slow(token: str, **how: Any) -> Any:
        found.set()
        await asyncio.sleep(0.3)
        return await find(token, **how)

    monkeypatch.setattr(edge.sessions, "find", slow)
    async with raw_socket(edge, token=await edge.session(VIC)) as raw:
        await raw.say('40{"person":"vic"}')
        await found.wait()
        # as the library's own watch does for a socket that answers no ping
        for socket in list(edge.gateway.server.eio.sockets.values()):
            await socket.close(wait=False, abort=True)
        await raw.everything()
    await until(lambda: not edge.gateway.server.eio.sockets)
    assert len(edge.gateway) == 0
    room = await edge.registry.open(edge.meeting)
    assert not room.room.people[VIC].connected


# ---- slow readers --------------------------------------------------------------------------------------------


async def test_a_reader_that_stops_is_cut_off_and_holds_nobody_up(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "SENT_WITHIN", 0.5)
    monkeypatch.setattr("server.realtime.connection.OUTBOX", 20)
    fay, _ = await edge.begun(VIC)
    stuck = asyncio.Event()
    send = guards.TextSocket.send

    async def jammed(socket: guards.TextSocket, data: str) -> None:
        assert socket._visitor is not None
        if f"tp_{VIC}=" in socket._visitor.request.headers["Cookie"]:
            async with asyncio.timeout(60):
                await stuck.wait()
        await send(socket, data)

    monkeypatch.setattr(guards.TextSocket, "send", jammed)
    connection = next(c for c in edge.gateway._connections.values() if c.person == VIC)
    room = await edge.registry.open(edge.meeting)
    for n in range(60):
        room.relabel({person: f"{person}{n}" for person in room.room.people})
        await asyncio.sleep(0)
    assert connection._outbox.count(_VIEW) <= 1, "views that wait become one"
    assert edge.gateway.server.engine_socket(connection._eio_sid).queue.qsize() <= 2, "and do not pile up elsewhere"
    await fay.seen(lambda view: view["me"]["label"] == "fay59")
    for n in range(40):
        connection.post(Told.MEDIA, {"kind": "send", "n": n})
    assert connection.over
    stuck.set()
    await until(lambda: connection not in edge.gateway._connections.values())
    await fay.seen(lambda view: not next(r for r in view["console"]["people"] if r["id"] == VIC)["connected"])


async def test_a_reader_whose_wire_is_full_is_cut_off(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "SENT_WITHIN", 0.3)
    token = await edge.session(FAY)
    host, port = edge.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    headers = {**UPGRADE, "Host": "x", "Origin": ORIGIN, "Cookie": f"tp_{FAY}={token}"}
    lines = ["GET /live/?EIO=4&transport=websocket HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    connect = b'40{"person":"fay"}'
    writer.write(bytes([0x81, 0x80 | len(connect)]) + bytes(4) + connect)  # masked with zeros
    await until(lambda: len(edge.gateway) == 1)
    room = await edge.registry.open(edge.meeting)
    connection = next(iter(edge.gateway._connections.values()))
    begun = asyncio.get_running_loop().time()
    while len(edge.gateway):
        assert asyncio.get_running_loop().time() < begun + 8, "the writer waits for ever"
        for n in range(20):
            room.relabel(dict.fromkeys(room.room.people, f"{n % 2}" * 3000))
            await asyncio.sleep(0)
        assert connection._outbox.count(_VIEW) <= 1, "views that wait become one"
        assert len(connection._outbox) <= 3, "beside it stands what was told at the beginning, once"
    await until(lambda: not edge.gateway.server.eio.sockets)
    writer.close()
    assert not reader.at_eof()


# ---- what we rely on in the libraries ------------------------------------------------------------------------


def test_the_insides_that_we_override_are_still_there() -> None:
    assert list(inspect.signature(socketio.AsyncServer._handle_connect).parameters) == [
        "self",
        "eio_sid",
        "namespace",
        "data",
    ]
    assert list(inspect.signature(socketio.AsyncServer._handle_event).parameters) == [
        "self",
        "eio_sid",
        "namespace",
        "id",
        "data",
    ]
    assert list(inspect.signature(socketio.AsyncServer._handle_eio_message).parameters) == ["self", "eio_sid", "data"]
    assert list(inspect.signature(socketio.AsyncServer._handle_disconnect).parameters) == [
        "self",
        "eio_sid",
        "namespace",
        "reason",
    ]
    assert "queue.join" in inspect.getsource(AsyncSocket.close), "the queue of a socket is an asyncio.Queue"
    assert "self.server._async['websocket'](" in inspect.getsource(AsyncSocket._upgrade_websocket)
    assert issubclass(guards.Engine, engineio.AsyncServer)
