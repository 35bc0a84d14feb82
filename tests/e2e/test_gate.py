"""After the answer to a narrowing command, nothing that is sent later arrives: through the whole program.

Dan's client never stops sending, a packet of his voice each millisecond, each with its own number.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.e2e.headless import Headless, bring_in, headless
from tests.e2e.program import Program
from tests.signalling.packets import audio_level
from tests.signalling.stage import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARK = b"number"
APART = 0.25
"""Seconds: the edge lets nobody give more than five commands a second for long."""


class Numbered:
    """Dan's voice, and what arrives of it."""

    def __init__(self, dan: Headless, *others: Headless) -> None:
        self._client = dan.media
        self.sent = 0
        self.arrived: dict[str, int] = {}
        """person -> the highest number that has reached them."""
        for other in others:
            other.media.on_rtp = lambda packet, of=other.person: self._arrived(of, packet.payload)  # type: ignore[misc]

    def _arrived(self, person: str, payload: bytes) -> None:
        if payload.startswith(MARK):
            number = int.from_bytes(payload[len(MARK) : len(MARK) + 4], "big")
            self.arrived[person] = max(self.arrived.get(person, 0), number)

    async def send(self) -> None:
        voice = self._client.voice
        assert voice is not None
        while True:
            self.sent += 1
            number = self.sent.to_bytes(4, "big")
            await self._client.send(voice.packet(MARK + number + bytes(30), extensions=audio_level()))
            await asyncio.sleep(0.001)

    async def heard_by(self, people: int) -> None:
        """What is sent from now on reaches so many."""
        now = self.sent
        await until(lambda: sum(number > now for number in self.arrived.values()) >= people)


@asynccontextmanager
async def _speaking(voice: Numbered) -> AsyncIterator[None]:
    task = asyncio.create_task(voice.send())
    try:
        yield
        assert not task.done(), "whoever has stopped sending proves nothing"
    finally:
        task.cancel()


async def test_nothing_that_is_sent_after_a_narrowing_command_was_answered_arrives(running: Program) -> None:
    links = await running.practice()
    async with AsyncExitStack() as stack:
        ruth, june, amira, dan = [
            await stack.enter_async_context(headless(running, links[role]))
            for role in ("facilitator", "victim", "supporter", "offender")
        ]
        await bring_in(ruth, june, amira, dan)
        voice = Numbered(dan, ruth, june, amira)
        await ruth.do("set_mode", mode="chaired")
        async with _speaking(voice):
            for turn in range(15):
                await ruth.do("grant_floor", person=dan.person)
                await dan.do("set_microphone", on=True)
                await voice.heard_by(3)
                way = ("revoke_floor", "set_microphone", "set_mode", "pause")[turn % 4]
                match way:
                    case "revoke_floor":
                        await ruth.do("revoke_floor")
                    case "set_microphone":
                        await dan.do("set_microphone", on=False)
                    case "set_mode":
                        await ruth.do("set_mode", mode="quiet")
                    case _:
                        await june.do("pause")
                last = voice.sent  # the answer is here: whatever has a higher number is sent after it
                await asyncio.sleep(APART)
                assert voice.sent > last + 20
                assert max(voice.arrived.values()) <= last, way
                await _again(way, ruth, june, dan)


async def _again(way: str, ruth: Headless, june: Headless, dan: Headless) -> None:
    """As before the narrowing: chaired, and nobody has the floor."""
    match way:
        case "set_microphone":
            await ruth.do("revoke_floor")
        case "set_mode":
            await ruth.do("set_mode", mode="chaired")
        case "pause":
            for party in (june, dan):
                await party.do("set_ready", ready=True)
            await ruth.do("resume")
    await asyncio.sleep(APART)
