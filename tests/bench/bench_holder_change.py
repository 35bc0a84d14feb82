"""From the facilitator's click to the first forwarded audio packet of the new holder.

The real program as a child process: its own Socket.IO line, room, journal on the disk (SQLite, synchronous=FULL) and
media plane.  The facilitator gives the floor to two people in turn whose microphones are open already; the clock
runs from the call of `grant_floor` until the listener has decrypted the first packet of the new holder, who sends one
each millisecond, so that the 20 ms between usual packets do not hide what the server does.

Beside it, in the same run and in turn: a bare python-socketio server in a child process that does nothing but
acknowledge, and the round trip of a call to it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import socketio

from tests.e2e.headless import Headless, bring_in, headless
from tests.e2e.program import Program, free_port, program
from tests.signalling.client import Received

CHANGES = 200
APART = 0.21
"""Seconds between two changes: the edge lets nobody give more than five commands a second for long."""
DENSELY = 0.001
"""Seconds between the packets of the voice that is waited for."""
WARM_UP = 20
RATIO = 2.0
"""What a change of holder may cost at most, in bare round trips (median)."""

_ECHO = """
import sys, socketio
from aiohttp import web
server = socketio.AsyncServer(async_mode="aiohttp", async_handlers=False)
@server.event
async def ping(sid, body):
    return body
app = web.Application()
server.attach(app)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=lambda _: print("ready", flush=True), access_log=None)
"""


@asynccontextmanager
async def echo() -> AsyncIterator[socketio.AsyncClient]:
    """A client of a bare server."""
    port = free_port()
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", _ECHO, str(port), stdout=asyncio.subprocess.PIPE)
    try:
        assert child.stdout is not None
        await asyncio.wait_for(child.stdout.readline(), 15)
        client = socketio.AsyncClient()
        await client.connect(f"http://127.0.0.1:{port}", transports=["websocket"])
        yield client
        await client.disconnect()
    finally:
        child.terminate()
        await child.wait()


async def changes(running: Program) -> tuple[list[float], list[float]]:
    """(seconds from click to first packet, seconds of a bare round trip), taken in turn."""
    links = await running.practice()
    async with AsyncExitStack() as stack:
        ruth, june, amira, dan = [
            await stack.enter_async_context(headless(running, links[role]))
            for role in ("facilitator", "victim", "supporter", "offender")
        ]
        bare = await stack.enter_async_context(echo())
        await bring_in(ruth, june, amira, dan)
        await ruth.do("set_mode", mode="chaired")
        for person in (june, dan):
            person.media.speak(mark=_mark(person))
        took, trips = [], []
        for turn in range(WARM_UP + CHANGES):
            took.append(await _change(ruth, (june, dan)[turn % 2], at=amira))
            await asyncio.sleep(0.05)  # everybody has been told; the machine is as quiet as before a change
            begun = perf_counter()
            await bare.call("ping", {"id": str(turn), "type": "ping"})
            trips.append(perf_counter() - begun)
        return took[WARM_UP:], trips[WARM_UP:]


async def _change(ruth: Headless, holder: Headless, *, at: Headless) -> float:
    await holder.do("set_microphone", on=True)
    holder.media.stop_sending()
    holder.media.speak(mark=_mark(holder), every=DENSELY)
    await asyncio.sleep(APART)  # and what was under way to the listener has arrived
    heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def listen(packet: Received) -> None:
        if packet.payload.startswith(_mark(holder)) and not heard.done():
            heard.set_result(perf_counter())

    at.media.on_rtp = listen
    begun = perf_counter()
    asked = asyncio.create_task(ruth.give("grant_floor", person=holder.person))
    first = await asyncio.wait_for(heard, 5)
    assert (await asked)["ok"]
    holder.media.stop_sending()
    holder.media.speak(mark=_mark(holder))
    return first - begun


def _mark(person: Headless) -> bytes:
    """What the packets of this person's voice begin with: the one before still speaks when the clock starts."""
    return person.person.encode()


def _figures(seconds: list[float]) -> tuple[float, float]:
    """(p50, p99) in milliseconds."""
    return 1000 * median(seconds), 1000 * quantiles(seconds, n=100)[98]


async def test_a_change_of_holder_costs_at_most_two_bare_round_trips(tmp_path: Path) -> None:
    async with program(tmp_path / "data") as running:
        took, trips = await changes(running)
    (p50, p99), (bare50, bare99) = _figures(took), _figures(trips)
    print(
        f"\nfrom click to first forwarded packet, {len(took)} changes: p50 {p50:.2f} ms, p99 {p99:.2f} ms"
        f"\nbare python-socketio round trip:          p50 {bare50:.2f} ms, p99 {bare99:.2f} ms"
        f"\nratio: {p50 / bare50:.2f} (p50), {p99 / bare99:.2f} (p99)"
    )
    assert p50 <= RATIO * bare50
