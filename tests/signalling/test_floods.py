"""Too much of everything from somebody: they take their own share and no more, and nobody else's.

How long others wait meanwhile is measured by `tests/bench/bench_attacks.py`.
"""

from __future__ import annotations

import asyncio
import struct
from itertools import islice

import pytest

from signalling import PeerId, RoomId, forward, rtcp
from signalling.allowance import MEDIA, REPORTS, Allowance, Rate
from signalling.connection import MOST_IN_ONE
from tests.signalling.client import rtp_packet
from tests.signalling.full_room import Quick
from tests.signalling.packets import DELTA_FRAME, KEY_FRAME, audio_level, video_extensions
from tests.signalling.stage import BOTH, ROOM, SOUND, stage, until
from tests.signalling.wire import Bench

EVE = PeerId("eve")
ELSEWHERE = RoomId("elsewhere")


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(forward, "protect", lambda *_: 0)
    monkeypatch.setattr(forward, "unprotect", lambda *_: 0)
    made = Bench()
    made.open()
    return made


def picture(seq: int, head: bytes = DELTA_FRAME, ssrc: int = 200) -> bytes:
    return rtp_packet(96, seq, 90 * seq, ssrc, head + bytes(1100), extensions=video_extensions(seq))


def test_an_allowance_is_a_burst_and_then_so_much_in_a_beat() -> None:
    allowance = Allowance(Rate(burst=5, per_beat=2))
    assert [allowance.take() for _ in range(7)] == [True] * 5 + [False] * 2
    allowance.renew()
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    for _ in range(9):
        allowance.renew()
    assert allowance.left == 5


def test_a_flood_of_authentic_packets_is_cut_to_a_browsers_measure(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    decrypted = 0

    def unprotect(*_: object) -> int:
        nonlocal decrypted
        decrypted += 1
        return 0

    monkeypatch.setattr(forward, "unprotect", unprotect)
    for seq in range(3000):
        bench.voice(seq)
    assert decrypted == len(bench.viewer.sent) == MEDIA.burst
    assert bench.counters.excess == 3000 - MEDIA.burst
    bench.inlet.renew_allowances()
    for seq in range(3000, 3100):
        bench.voice(seq)
    assert len(bench.viewer.sent) == MEDIA.burst + MEDIA.per_beat


def test_what_browsers_send_is_never_cut(bench: Bench) -> None:
    """Ten seconds of a shared screen: voice, low picture, and a high one with a key frame of 150 packets a second."""
    voice = high = low = 0
    for beat in range(500):
        bench.inlet.renew_allowances()
        voice += 1
        bench.voice(voice)
        for n in range(150 if beat % 50 == 0 else 3):
            high += 1
            bench.take(picture(high, KEY_FRAME if n == 0 else b"\x00" * 5))
        for _ in range(beat % 2):
            low += 1
            bench.take(picture(low, ssrc=300))
    assert bench.counters.excess == 0
    assert bench.counters.received == voice + high + low


def test_what_a_line_held_up_for_a_second_is_not_cut(bench: Bench) -> None:
    bench.inlet.renew_allowances()
    held = [picture(seq) for seq in range(150)] + [picture(seq, ssrc=300) for seq in range(25)]
    for seq, packet in enumerate(held):
        bench.take(packet)
        if seq < 50:
            bench.voice(seq)
    bench.take(picture(150, KEY_FRAME))
    for seq in range(151, 300):  # and the key frame that they are asked for
        bench.take(picture(seq))
    assert bench.counters.excess == 0
    assert bench.counters.received == 375


def test_a_stranger_who_writes_somebodys_address_on_an_envelope_uses_nothing_up(bench: Bench) -> None:
    for n in range(1000):
        bench.take(rtp_packet(111, n, n, 5000 + n, b"not me"))
    bench.voice(1)
    assert bench.counters.undeclared == 1000
    assert len(bench.viewer.sent) == 1


def test_reports_beyond_the_allowance_are_not_read(bench: Bench) -> None:
    report = rtcp.picture_loss(1000)
    for _ in range(1000):
        bench.take(report)
    assert len(bench.reports) == REPORTS.burst
    assert bench.counters.excess == 1000 - REPORTS.burst
    bench.voice(1)
    assert len(bench.viewer.sent) == 1, "who reports too much is heard all the same"
    bench.inlet.renew_allowances()
    for _ in range(100):
        bench.take(report)
    assert len(bench.reports) == REPORTS.burst + REPORTS.per_beat


async def test_a_flood_takes_nothing_from_another_room() -> None:
    async with stage() as s:
        eve, ben = await s.join("eve", Quick()), await s.join("ben")
        ana, zoe = await s.join("ana", Quick(), room=ELSEWHERE), await s.join("zoe", room=ELSEWHERE)
        s.plan({"ben": {"eve": BOTH}})
        s.plan({"zoe": {"ana": SOUND}}, room=ELSEWHERE)
        assert isinstance(eve, Quick)
        assert isinstance(ana, Quick)
        assert eve.voice is not None
        sent = 0
        for n in range(100):
            for _ in range(50):
                eve.shoot(eve.voice.packet(bytes(1100), extensions=audio_level()))
            ana.shoot(ana.say(struct.pack("!L", n)))
            sent += 50
            await asyncio.sleep(0.002)
        counters = s.plane.counters
        await until(lambda: counters.received + counters.excess == sent + 100)
        await until(lambda: len(zoe.rtp) == 100)
        assert [struct.unpack_from("!L", packet.payload)[0] for packet in zoe.rtp] == list(range(100))
        assert counters.excess > sent / 2
        assert len(ben.rtp) <= sent - counters.excess
        assert s.plane.generation(EVE) is not None


async def test_of_a_report_full_of_requests_only_the_first_are_read() -> None:
    asked = rtcp.picture_loss(1)
    assert len(list(islice(rtcp.parse(asked * 100), MOST_IN_ONE))) == MOST_IN_ONE
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": BOTH}}, room=ROOM)
        await ana.send(ana.say())
        await until(lambda: len(ben.rtp) == 1)
        connection = s.plane._peers[PeerId("ben")].connection
        assert connection is not None
        before = connection._resends_left
        await ben.send(rtcp.picture_loss(ben.ssrc(0, "video")) * 100)
        await until(lambda: connection._resends_left < before)
        assert before - connection._resends_left == MOST_IN_ONE
