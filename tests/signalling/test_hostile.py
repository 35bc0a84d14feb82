"""A participant who keeps to no rule, over real SRTP: not heard where the plan says no, and no harm done."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct

import pytest

from signalling import PeerId, rtcp
from signalling.profile import RTX
from tests.signalling.client import Client, rtp_packet
from tests.signalling.stage import BOTH, ROOM, SOUND, stage, until

EVE = PeerId("eve")


async def test_what_the_answer_did_not_declare_is_not_even_decrypted() -> None:
    async with stage() as s:
        eve, ben = await s.join("eve"), await s.join("ben")
        s.plan({"ben": {"eve": BOTH}})
        for n in range(500):
            await eve.send(rtp_packet(111, n, n, 5000 + n, b"who am I"))
            if n % 50 == 0:
                await asyncio.sleep(0.001)
        await until(lambda: s.plane.counters.undeclared == 500)
        assert s.plane.counters.received == 0
        assert not ben.rtp


async def test_wrong_payload_types_probes_and_padding_go_nowhere() -> None:
    async with stage() as s:
        eve, ben = await s.join("eve"), await s.join("ben")
        s.plan({"ben": {"eve": BOTH}})
        assert eve.voice is not None
        assert eve.high is not None
        voice, high = eve.voice.ssrc, eve.high.ssrc
        smuggled = [
            rtp_packet(96, 1, 1, voice, b"a picture on the voice's SSRC"),
            rtp_packet(0, 2, 1, voice, b"another codec"),
            rtp_packet(111, 3, 1, voice, b"", padding=100),
            rtp_packet(111, 4, 1, high, b"a voice on the picture's SSRC"),
            rtp_packet(RTX, 5, 1, high, b"\x00\x01a repeat on the picture's SSRC"),
            rtp_packet(RTX, 6, 1, eve.high.rtx_ssrc, b"\x00\x01a repeat of nothing"),
            rtp_packet(111, 7, 1, eve.high.rtx_ssrc, b"a voice as a repeat"),
        ]
        for packet in smuggled:
            await eve.send(packet)
        await until(lambda: s.plane.counters.malformed + s.plane.counters.probes == len(smuggled))
        assert s.plane.counters.forwarded == 0
        await asyncio.sleep(0.05)
        assert not ben.rtp


async def test_a_voice_without_its_level_is_shut_out_like_any_other() -> None:
    async with stage() as s:
        eve, ben = await s.join("eve"), await s.join("ben")
        assert eve.voice is not None
        for _ in range(20):
            await eve.send(eve.voice.packet(b"no level"))
        await until(lambda: s.plane.counters.received == 20)
        assert s.plane.counters.forwarded == 0
        assert not ben.rtp


async def test_a_replayed_packet_is_dropped_wherever_it_comes_from() -> None:
    async with stage() as s:
        eve, ben = await s.join("eve"), await s.join("ben")
        s.plan({"ben": {"eve": SOUND}})
        sent: list[bytes] = []
        send = eve.ice._send

        async def tapped(data: bytes) -> None:
            sent.append(data)
            await send(data)

        eve.ice._send = tapped
        for _ in range(10):
            await eve.send(eve.say())
        await until(lambda: len(ben.rtp) == 10)
        eve.ice._send = send
        for datagram in sent:
            await eve.send_raw(datagram)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for datagram in sent:
                stranger.sendto(datagram, eve.server())
        await until(lambda: s.plane.counters.unauthentic == 10 and s.plane.counters.strange == 10)
        assert s.plane.counters.forwarded == 10


async def test_noise_on_the_wire_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    """Media, RTCP, DTLS and STUN by their first bytes; from the connection itself and from a stranger."""
    rng = random.Random(2)
    async with stage() as s:
        eve, ana, ben = await s.join("eve"), await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND, "eve": SOUND}})
        ana.speak()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for n in range(3000):
                noise = bytearray(rng.randbytes(rng.choice((0, 1, 2, 11, 12, 20, 28, 60, 300, 1400))))
                if noise:
                    noise[0] = rng.choice((0, 1, 22, 23, 128, 144, 255, rng.randrange(256)))
                if len(noise) > 20 and noise[0] < 2:  # a STUN message, of which only the attributes are noise
                    noise[:8] = struct.pack("!HHL", 1, len(noise) - 20, 0x2112A442)
                    noise[20:24] = struct.pack("!HH", rng.choice((6, 8, 0x20, 0x24, 0x8028, 0x802A)), rng.randrange(9))
                await eve.send_raw(bytes(noise))
                stranger.sendto(bytes(noise), eve.server())
                if n % 20 == 0:
                    await asyncio.sleep(0.001)
        count = len(ben.rtp)
        await until(lambda: len(ben.rtp) > count + 10)
        assert s.plane.generation(EVE) is not None
        assert not [r for r in caplog.records if r.levelname in ("WARNING", "ERROR")]


async def test_rtcp_of_any_content_does_no_harm() -> None:
    rng = random.Random(3)
    async with stage() as s:
        eve, ana, ben = await s.join("eve"), await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}, "eve": {"ana": BOTH}})
        ana.speak()
        await until(lambda: len(ben.rtp) > 3)
        ssrc = eve.ssrc(0, "audio")
        for n in range(2000):
            body = bytearray(rng.randbytes(4 * rng.randrange(1, 60)))
            body[4:8] = ssrc.to_bytes(4, "big")
            words = rng.choice((len(body) // 4, rng.randrange(400)))
            packet = struct.pack("!BBH", 0x80 | rng.randrange(32), rng.randrange(200, 208), words) + bytes(body)
            await eve.send(packet[:1300])
            if n % 20 == 0:
                await asyncio.sleep(0.001)
        count = len(ben.rtp)
        await until(lambda: len(ben.rtp) > count + 10)
        assert s.plane.generation(EVE) is not None


async def test_reports_from_ever_new_senders_cost_no_memory() -> None:
    async with stage() as s:
        eve = await s.join("eve")
        for n in range(300):
            await eve.send(struct.pack("!BBHL", 0x80, rtcp.RR, 1, 10_000 + n))
            if n % 50 == 0:
                await asyncio.sleep(0.002)
        await until(lambda: s.plane.counters.unauthentic + s.plane.counters.excess >= 200)
        known = s.plane._peers[EVE].connection
        assert known is not None
        assert len(known.path._reporters) == 64


async def test_a_wrong_clock_reaches_nobody_else() -> None:
    async with stage() as s:
        eve, ben = await s.join("eve"), await s.join("ben")
        s.plan({"ben": {"eve": SOUND}})
        assert eve.voice is not None
        for wrong in (0, 1, 1 << 63, (1 << 64) - 1):
            await eve.send(rtcp.sender_report(eve.voice.ssrc, wrong, wrong & 0xFFFFFFFF, 0, 0))
            await eve.send(eve.say())
        await until(lambda: len(ben.rtp) == 4)
        steps = [(b.ts - a.ts) & 0xFFFFFFFF for a, b in zip(ben.rtp, ben.rtp[1:], strict=False)]
        assert steps == [960] * 3


async def test_a_stranger_cannot_race_the_handshake() -> None:
    """A ClientHello from an address that has passed no check is not read."""
    async with stage() as s:
        offer = await s.plane.offer(ROOM, EVE)
        eve = Client()
        s.clients.append(eve)
        await s.plane.answer(EVE, offer.generation, await eve.answer(offer.sdp))
        port = int(re.findall(r"candidate:.* 127\.0\.0\.1 (\d+) typ", offer.sdp)[0])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(200):
                stranger.sendto(b"\x16\xfe\xfd" + bytes(60), ("127.0.0.1", port))
            await asyncio.sleep(0.05)
            await eve.connect()
            stranger.sendto(b"\x15\xfe\xfd" + bytes(60), ("127.0.0.1", port))
        await until(lambda: s.plane.generation(EVE) == offer.generation)
