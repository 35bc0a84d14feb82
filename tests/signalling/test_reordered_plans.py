"""A real worker that is told its plans late, twice and in the wrong order, and real voices that tell what it makes of
them."""

from __future__ import annotations

import asyncio
import random
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from signalling.channel import Channel, Message, written
from signalling.plan import MediaPlan, PeerId
from tests.signalling.client import Client
from tests.signalling.stage import SOUND, until

START = {"addresses": ["127.0.0.1"], "port": 0, "public": {}}
OPEN: MediaPlan = {PeerId("ben"): {PeerId("ana"): SOUND}}
SHUT: MediaPlan = {}


class Raw:
    """A worker, and what it says; the test may say to it what it likes."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.channel = Channel(self.said.append, lambda: None)

    def of(self, kind: str) -> list[Message]:
        return [message for message in self.said if message[0] == kind]

    @property
    def received(self) -> int:
        """How many packets of voices it has read, as it said last."""
        return self.of("beat")[-1][1][0] if self.of("beat") else 0

    async def join(self, number: int, name: str) -> Client:
        client = Client()
        self.channel.send("offer", number, "room", name, None)
        _, _, generation, sdp = await self._reply("offered", number)
        self.channel.send("answer", number, name, generation, await client.answer(sdp))
        await self._reply("answered", number)
        await client.connect()
        await until(lambda: ["peer_up", name, generation] in self.said)
        return client

    async def _reply(self, kind: str, number: int) -> list[Any]:
        await until(lambda: any(message[1] == number for message in self.of(kind)))
        return next(message for message in self.of(kind) if message[1] == number)

    async def plan(self, number: int, plan: MediaPlan) -> int:
        """Send a plan; the number of the one that is obeyed now."""
        answers = len(self.of("obeyed"))
        self.channel.send("plan", number, "room", written(plan))
        await until(lambda: len(self.of("obeyed")) > answers)
        newest: int = self.of("obeyed")[-1][1]
        return newest


@asynccontextmanager
async def raw_worker() -> AsyncIterator[Raw]:
    raw = Raw()
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "signalling.worker"), stdin=theirs.fileno()
        )
    await asyncio.get_running_loop().create_unix_connection(lambda: raw.channel, sock=ours)
    try:
        raw.channel.send("start", START)
        await until(lambda: ["ready"] in raw.said, within=20)
        yield raw
        raw.channel.send("stop")
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_gates_are_never_older_than_the_newest_plan_whatever_order_plans_arrive_in() -> None:
    rng = random.Random(5)
    numbers = list(range(1, 13))
    arrivals = numbers + rng.sample(numbers, 6)
    rng.shuffle(arrivals)
    async with raw_worker() as worker:
        ana, ben = await worker.join(1, "ana"), await worker.join(2, "ben")
        newest, sent, expected = 0, 0, []
        for number in arrivals:
            newest = max(newest, number)
            assert await worker.plan(number, OPEN if number % 3 else SHUT) == newest
            mark = b"after%03d" % sent
            await ana.send(ana.say(mark))
            sent += 1
            if newest % 3:
                expected.append(mark)
            await until(lambda: worker.received == sent)  # noqa: B023  # awaited here
        assert expected
        assert len(expected) < sent
        await until(lambda: marks(ben) == expected)


async def test_a_late_end_of_a_room_does_not_undo_what_came_after_it() -> None:
    async with raw_worker() as worker:
        ana, ben = await worker.join(1, "ana"), await worker.join(2, "ben")
        await worker.plan(5, OPEN)
        worker.channel.send("forget", 4, "room")
        await until(lambda: len(worker.of("obeyed")) == 2)
        assert worker.of("obeyed")[-1] == ["obeyed", 5, "room"]
        await ana.send(ana.say(b"after000"))
        await until(lambda: marks(ben) == [b"after000"])
        worker.channel.send("forget", 6, "room")
        await worker.plan(5, OPEN)
        await until(lambda: len(worker.of("peer_down")) == 2)
        assert worker.of("obeyed")[-1] == ["obeyed", 6, "room"]


async def test_a_plan_that_cannot_be_carried_out_ends_the_worker() -> None:
    raw = Raw()
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "signalling.worker"), stdin=theirs.fileno()
        )
    await asyncio.get_running_loop().create_unix_connection(lambda: raw.channel, sock=ours)
    raw.channel.send("start", START)
    raw.channel.send("plan", 1, "room", {"ben": {"ana": [1, 99, 0]}})
    assert await asyncio.wait_for(process.wait(), 20) == 1
    assert raw.of("obeyed") == []


def marks(client: Client) -> list[bytes]:
    return [p.payload[:8] for p in client.of(0, "audio") if p.payload.startswith(b"after")]
