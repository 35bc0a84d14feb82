"""One attacker, in a process of its own: bounded in time and in number.

    python -m tests.bench.attacker '{"attack": "undeclared SSRCs", "host": "127.0.0.1", "port": 1234, ...}'

prints a line when it is ready.  Then each line of input is a target, "nobody" (a socket that nobody reads: the noise
that the sending alone makes) or "server", and is answered by a line of JSON: what was sent there, what came back.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiortc.rtcicetransport import RTCIceParameters
from aiortc.sdp import candidate_from_sdp

from tests.bench.attacks import ATTACKS, STRANGERS, Eve, Fire, Target
from tests.bench.media_line import Line
from tests.bench.media_people import Job, Ours
from tests.signalling.client import Client

ROOM = "hostile"
MOST = 1_000_000
"""Datagrams to one target."""
HALF_OPEN = 150
"""People who begin to connect; the server takes 100 at a time."""


@dataclass(frozen=True, slots=True)
class Order:
    attack: str
    host: str
    port: int
    """Of the server's control line."""
    victim: Sequence[Any]
    """Address of somebody in another room."""
    hearers: list[str]
    seconds: float


async def main(order: Order) -> None:
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    attack = ATTACKS[order.attack]
    reader, writer = await asyncio.open_connection("127.0.0.1", order.port, limit=1 << 20)
    server = Ours(Job("ours", order.host, order.port, 0, 1), reader, writer)
    client = Client(address=order.host)
    generation, sdp = await server.ask(offer=[ROOM, "eve"])
    await server.ask(answer=[ROOM, "eve", generation, await client.answer(sdp)][1:])
    await client.connect()
    plan: dict[str, dict[str, tuple[bool, int]]] = {}
    if attack.heard:
        plan = {hearer: {"eve": (True, 2)} for hearer in order.hearers}
    if attack.sees:
        plan = {"eve": {order.hearers[0]: (True, 2)}}
    await server.ask(plan=[ROOM, plan])
    line = Line(client._gatherer._connection, client.dtls)
    line.take()
    where = client.server()
    eve = Eve(client, line.sock, where, (order.victim[0], order.victim[1]), list(_strangers()))
    fire, rtx = attack.make(eve), {s for s, (_, kind) in client.slot_of.items() if kind == "rtx"}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind((order.host, 0))
        targets = {"nobody": Target(nobody.getsockname()), "server": Target(where, real=True)}
        print("ready", flush=True)
        while (target := await _asked(line)) in targets:
            half: list[Client] = []
            if attack.half_open and target == "server":
                half = await _half_open(server, order.host)
            told = _strike(fire, targets[target], eve, line, rtx, order.seconds)
            print(json.dumps(told | {"half_open": len(half)}), flush=True)


async def _asked(line: Line) -> str:
    """The next line of input; she stays connected meanwhile."""
    asked = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    while not asked.done():
        for _, datagram in _waiting([line.sock]):
            if datagram[0] < 4:
                line.check(datagram)
        await asyncio.sleep(0.02)
    return str(asked.result()).strip()


def _strike(fire: Fire, to: Target, eve: Eve, line: Line, rtx: set[int], seconds: float) -> dict[str, Any]:
    sent = size = came = times = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until and sent < MOST:
        volley, octets = fire(to)
        sent += volley
        size += octets
        times += 1
        if times % 8 == 0:
            came += _came(eve, line, rtx)
    while time.monotonic() < until + 0.2:
        came += _came(eve, line, rtx)
        time.sleep(0.01)
    came += sum(len(datagram) for _, datagram in _waiting(eve.strangers))
    return {"sent": sent, "bytes": size, "came": came}


def _came(eve: Eve, line: Line, rtx: set[int]) -> int:
    """Bytes that came to Eve, but for media that she is meant to get."""
    size = 0
    for _, datagram in _waiting([line.sock]):
        if datagram[0] < 4:
            line.check(datagram)
        ssrc = int.from_bytes(datagram[8:12], "big")
        media = 127 < datagram[0] < 192 and not 191 < datagram[1] < 224
        if not media or ssrc in rtx:
            size += len(datagram)
        elif ssrc == eve.client.ssrc(0, "video"):
            eve.newest = int.from_bytes(datagram[2:4], "big")
    return size


def _waiting(socks: list[socket.socket]) -> Iterator[tuple[socket.socket, bytes]]:
    for sock in socks:
        with suppress(OSError):
            while datagram := sock.recv(2048):
                yield sock, datagram


def _strangers() -> Iterator[socket.socket]:
    for n in range(STRANGERS):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((f"127.3.{n >> 8}.{n & 255}", 0))
        sock.setblocking(False)
        yield sock


async def _half_open(server: Ours, host: str) -> list[Client]:
    """Some only ask for an offer, most pass ICE and send the first bytes of a ClientHello."""
    clients = []
    for n in range(HALF_OPEN):
        offered = await server.ask(offer=[f"half{n // 12}", f"half{n}"])
        if offered is None:
            break
        client = Client(address=host)
        clients.append(client)
        await server.ask(answer=[f"half{n}", offered[0], await client.answer(offered[1])])
    for first in range(0, len(clients), 20):
        await asyncio.gather(*map(_begin, clients[first : first + 20]), return_exceptions=True)
    return clients


async def _begin(client: Client) -> None:
    def value(name: str) -> str:
        found = re.search(rf"(?m)^a={name}:(.*?)\r?$", client._offer)
        assert found is not None
        return found[1]

    for line in re.findall(r"(?m)^a=candidate:(.*?)\r?$", client._offer):
        await client.ice.addRemoteCandidate(candidate_from_sdp(line))
    await client.ice.addRemoteCandidate(None)
    await client.ice.start(RTCIceParameters(value("ice-ufrag"), value("ice-pwd")))
    for number in range(11):
        body = b"\x01" + (16_000).to_bytes(3, "big") + number.to_bytes(2, "big") + bytes(5) + b"\x01x"
        head = b"\x16\xfe\xfd\x00\x00" + secrets.token_bytes(1) + number.to_bytes(5, "big")
        await client.send_raw(head + len(body).to_bytes(2, "big") + body)


if __name__ == "__main__":
    asyncio.run(main(Order(**json.loads(sys.argv[1]))))
