"""A participant whose program obeys no rule: what they send is never heard or seen when `audience` does not say so.

Dan's client is ours, on aiortc's own ICE, DTLS and SRTP.  It never stops sending: voice without a level, pictures
while his camera is off, tracks that nobody declared, repairs that nobody asked for, torn and oversized packets.  The
others are well-mannered clients of the same kind that keep every decrypted packet; each packet of Dan's is marked.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress

import aiohttp
import pytest

from signalling.profile import OPUS, RTX, VP8
from tests.e2e.headless import Headless, bring_in, headless
from tests.e2e.program import Program
from tests.e2e.truth import Truth
from tests.signalling.client import KEY_FRAME, Client, rtp_packet

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARK = b"hostile"
LISTEN = 0.5
"""Seconds in which Dan sends about 300 packets."""


class Meeting:
    def __init__(self, program: Program, ruth: Headless, june: Headless, amira: Headless, dan: Headless) -> None:
        self.program = program
        self.ruth, self.june, self.amira, self.dan = ruth, june, amira, dan
        self.others = (ruth, june, amira)

    async def heard(self) -> dict[str, int]:
        """person -> how many marked packets of Dan's reach them in a while."""
        await asyncio.sleep(0.15)  # what was under way has arrived
        for other in self.others:
            other.media.rtp.clear()
        await asyncio.sleep(LISTEN)
        return {
            other.person: sum(MARK in packet.plain for packet in other.media.rtp)
            for other in self.others
            if any(MARK in packet.plain for packet in other.media.rtp)
        }


@asynccontextmanager
async def meeting(program: Program) -> AsyncIterator[Meeting]:
    links = await program.practice()
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(headless(program, links[role]))
            for role in ("facilitator", "victim", "supporter", "offender")
        ]
        yield Meeting(program, *people)


@asynccontextmanager
async def raving(client: Client) -> AsyncIterator[None]:
    """Meanwhile this client sends whatever it can."""
    task = asyncio.create_task(_rave(client))
    try:
        yield
        assert not task.done(), task  # a hostile client that has given up proves nothing
    finally:
        task.cancel()
        client.stop_sending()


async def _rave(client: Client) -> None:
    assert client.voice is not None
    assert client.high is not None
    assert client.low is not None
    client.show(client.high, MARK, every=0.02, key_every=3)
    client.show(client.low, MARK, every=0.02, key_every=3)
    voice, number = client.voice, 0
    while True:
        number += 1
        ghost = 0xDEAD0000 + number % 5
        for packet in (
            voice.packet(MARK + bytes(30)),  # no audio level
            voice.packet(MARK + bytes(1150)),
            _as(VP8, voice.packet(KEY_FRAME + MARK)),  # another payload type on a declared track
            _as(RTX, voice.packet(b"\x00\x01" + MARK)),
            rtp_packet(OPUS, number, number * 960, ghost, MARK),  # never declared
            rtp_packet(RTX, number, number * 90, client.high.rtx_ssrc, b"\x00\x01" + KEY_FRAME + MARK),  # nobody asked
            rtp_packet(RTX, number, number * 90, client.low.rtx_ssrc, MARK, padding=40),
        ):
            with suppress(ConnectionError):  # the server has said goodbye; what follows goes out in any case
                await client.send(packet)
        for datagram in (
            b"\x80" + os.urandom(number % 60),
            b"\x80\xc8" + os.urandom(40),  # looks like RTCP, is not authentic
            b"\x80\x6f" + os.urandom(1 + number * 7 % 2000),
            os.urandom(1 + number % 1400),
        ):
            with suppress(ConnectionError):
                await client.send_raw(datagram)
        await asyncio.sleep(0.01)


def _as(payload_type: int, packet: bytes) -> bytes:
    return packet[:1] + bytes((payload_type,)) + packet[2:]


async def test_a_client_that_ignores_every_rule_is_heard_only_when_the_room_says_so(running: Program) -> None:
    async with meeting(running) as m:
        ruth, dan = m.ruth, m.dan
        await bring_in(ruth, m.june, m.amira)
        await dan.come()
        await dan.answers_yes()
        async with raving(dan.media):
            assert await m.heard() == {}, "he waits in his own place"

            await dan.do("set_microphone", on=True)
            await dan.do("set_camera", on=True)
            assert await m.heard() == {}, "he waits, with everything switched on"
            await ruth.do("admit", person=dan.person)
            await dan.sees(lambda view: view["me"]["called_until"])
            assert await m.heard() == {}, "he is called, and not in yet"
            await dan.do("enter_now")

            await dan.do("set_camera", on=False)
            for mode in ("quiet", "chaired", "circle"):
                await ruth.do("set_mode", mode=mode)
                if mode != "quiet":
                    await ruth.do("grant_floor", person=m.june.person)
                assert await m.heard() == {}, mode

            # the control: the same packets do arrive when the room lets them
            await ruth.do("set_mode", mode="chaired")
            await ruth.do("grant_floor", person=dan.person)
            assert await m.heard() == {}, "the floor is his, but his hand has not opened the microphone"
            await dan.do("set_microphone", on=True)
            assert set(await m.heard()) == {other.person for other in m.others}
            await ruth.do("revoke_floor")
            assert await m.heard() == {}, "revoked"

            await m.june.do("pause")
            assert await m.heard() == {}, "paused"
            for party in (m.june, dan):
                await party.do("set_ready", ready=True)
            await ruth.do("resume")
            await ruth.do("set_mode", mode="open")
            await dan.do("set_microphone", on=True)
            assert await m.heard()
            await ruth.go()
            assert await m.heard() == {}, "the facilitator's line is gone"


async def test_one_who_was_removed_or_has_withdrawn_sends_and_receives_nothing(running: Program) -> None:
    for going in ("remove", "withdraw_consent"):
        async with meeting(running) as m:
            await bring_in(m.ruth, m.june, m.amira, m.dan)
            await m.ruth.do("set_mode", mode="open")
            await m.dan.do("set_microphone", on=True)
            await m.june.do("set_microphone", on=True)
            m.june.media.speak(b"june")
            async with raving(m.dan.media):
                assert set(await m.heard()) == {other.person for other in m.others}
                if going == "remove":
                    await m.ruth.do("remove", person=m.dan.person)
                else:
                    await m.dan.do("withdraw_consent")
                m.dan.media.rtp.clear()
                await asyncio.sleep(0.1)
                m.dan.media.rtp.clear()
                assert await m.heard() == {}, going
                assert m.dan.media.rtp == [], going
                m.june.media.stop_sending()


async def test_what_a_hostile_line_says_changes_nothing_and_breaks_nothing(running: Program) -> None:
    async with meeting(running) as m:
        await bring_in(m.ruth, m.june, m.amira, m.dan)
        await m.ruth.do("set_mode", mode="chaired")
        truth = _truth(running, m)
        before = truth.room()
        tried: list[tuple[str, dict[str, object]]] = [
            ("grant_floor", {"person": m.dan.person}),
            ("set_mode", {"mode": "open"}),
            ("resume", {}),
            ("end_meeting", {}),
            ("remove", {"person": m.june.person}),
            ("release_floor", {}),
            ("take_piece", {}),
            ("visit", {"person": m.june.person}),
            ("set_microphone", {"on": True, "actor": m.june.person}),
            ("set_microphone", {"on": "yes"}),
            ("send_message", {"to": m.june.person, "text": "hello"}),
        ]
        for command, fields in tried:
            answer = await m.dan.give(command, **fields)
            assert not answer["ok"], command
            assert answer["code"], command
            assert answer["say"], command
        refused = await m.dan.ask("media", {"kind": "answer", "generation": "not-mine", "sdp": "v=0\r\n"})
        assert not refused["ok"]
        after = truth.room()
        assert (after.floor, after.phase, after.people) == (before.floor, before.phase, before.people)
        await m.ruth.do("grant_floor", person=m.june.person)
        async with aiohttp.ClientSession() as http, http.get(f"{m.ruth.base}/health") as health:
            assert health.status == 200
        assert not [line for line in running.said if "Traceback" in line]


def _truth(running: Program, m: Meeting) -> Truth:
    """What the journal says of their meeting."""
    with closing(sqlite3.connect(f"file:{running.database}?mode=ro", uri=True)) as connection:
        (meeting_id,) = connection.execute("SELECT meeting FROM person WHERE id = ?", (m.dan.person,)).fetchone()
    return Truth(running.database, meeting_id)
