"""Too much of everything from somebody: they take their own share and no more, and nobody else's.

How long others wait meanwhile is measured by `tests/bench/bench_attacks.py`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import struct
import time
from collections.abc import Iterator
from itertools import count, islice

import pytest

from signalling import PeerId, RoomId, forward, rtcp
from signalling.allowance import MEDIA, REPORTS, Allowance, Rate
from signalling.connection import MOST_IN_ONE
from tests.signalling.client import rtp_packet
from tests.signalling.full_room import Quick
from tests.signalling.packets import DELTA_FRAME, KEY_FRAME, audio_level, video_extensions
from tests.signalling.processes import resident
from tests.signalling.stage import BOTH, ROOM, SOUND, stage, until
from tests.signalling.wire import Bench, refill

EVE = PeerId("eve")
ELSEWHERE = RoomId("elsewhere")
EACH = 5000
"""Datagrams of each kind of attack."""


class Clock:
    """In place of the hot path's: it stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(forward, "monotonic", made)
    return made


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(forward, "protect", lambda *_: 0)
    monkeypatch.setattr(forward, "unprotect", lambda *_: 0)
    made = Bench()
    made.open()
    return made


def picture(seq: int, head: bytes = DELTA_FRAME, ssrc: int = 200) -> bytes:
    return rtp_packet(96, seq, 90 * seq, ssrc, head + bytes(1100), extensions=video_extensions(seq))


def test_an_allowance_is_a_burst_and_then_so_much_in_a_second() -> None:
    allowance = Allowance(Rate(burst=5, per_second=20))
    assert [allowance.take(100.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert [allowance.take(100.125) for _ in range(3)] == [True, True, False]
    assert [allowance.take(100.125 + n / 64) for n in range(1, 65)].count(True) == 20, "what is refused costs nothing"
    assert [allowance.take(200.0) for _ in range(6)] == [True] * 5 + [False], "a rest is not saved up"


def test_a_flood_of_authentic_packets_is_cut_to_a_browsers_measure(
    bench: Bench, clock: Clock, monkeypatch: pytest.MonkeyPatch
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
    clock.now += 0.125
    for seq in range(3000, 3200):
        bench.voice(seq)
    assert len(bench.viewer.sent) == MEDIA.burst + MEDIA.per_second // 8


def test_what_browsers_send_is_never_cut(bench: Bench, clock: Clock) -> None:
    """Ten seconds of a shared screen: voice, low picture, and a high one with a key frame of 150 packets a second."""
    voice = high = low = 0
    for beat in range(500):
        clock.now += 0.02
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


def test_what_a_line_held_up_for_a_second_is_not_cut(bench: Bench, clock: Clock) -> None:
    """Nor the key frame that is asked for then."""
    for seq in range(150):
        bench.take(picture(seq))
    for seq in range(25):
        bench.take(picture(seq, ssrc=300))
    for seq in range(50):
        bench.voice(seq)
    clock.now += 0.1  # the request for the key frame is on its way
    bench.take(picture(150, KEY_FRAME))
    for seq in range(151, 300):
        bench.take(picture(seq))
    assert bench.counters.excess == 0
    assert bench.counters.received == 375


def test_a_stranger_who_writes_somebodys_address_on_an_envelope_uses_nothing_up(bench: Bench) -> None:
    for n in range(1000):
        bench.take(rtp_packet(111, n, n, 5000 + n, b"not me"))
    bench.voice(1)
    assert bench.counters.undeclared == 1000
    assert len(bench.viewer.sent) == 1


def test_reports_beyond_the_allowance_are_not_read(bench: Bench, clock: Clock) -> None:
    report = rtcp.picture_loss(1000)
    for _ in range(1000):
        bench.take(report)
    assert len(bench.reports) == REPORTS.burst
    assert bench.counters.excess == 1000 - REPORTS.burst
    bench.voice(1)
    assert len(bench.viewer.sent) == 1, "who reports too much is heard all the same"
    clock.now += 0.125
    for _ in range(100):
        bench.take(report)
    assert len(bench.reports) == REPORTS.burst + REPORTS.per_second // 8


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


async def test_what_is_sent_without_end_does_not_stay_in_memory() -> None:
    """Without any of it being heard; as much is taken of it as the server can."""
    async with stage() as s:
        eve, ben = await s.join("eve", Quick()), await s.join("ben")
        ana, zoe = await s.join("ana", Quick(), room=ELSEWHERE), await s.join("zoe", room=ELSEWHERE)
        s.plan({"ben": {"eve": BOTH}, "eve": {"ben": BOTH}})
        s.plan({"zoe": {"ana": SOUND}}, room=ELSEWHERE)
        assert isinstance(eve, Quick)
        assert isinstance(ana, Quick)
        connection, port = s.plane._peers[EVE].connection, s.plane._ports[0]
        assert connection is not None
        assert connection._uplink is not None
        inlet = connection._uplink.inlet
        allowances = inlet._media, inlet._reports, *connection.path._ice.allowed
        where, counters = eve.server(), s.plane.counters
        gc.collect()
        before = resident(os.getpid())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for kind in KINDS:
                made = kind(eve)
                for n in range(EACH):
                    sock = stranger if n % 4 == 0 else None
                    datagram = next(made)
                    if sock is not None:
                        sock.sendto(datagram, where)
                    else:
                        eve._transport.sendto(datagram, where)
                    if n % 64 == 0:
                        refill(*allowances)  # as often as it can be
                        port._readable()
                        connection.tick(time.monotonic(), n // 64)
                        await asyncio.sleep(0)
        gc.collect()
        assert resident(os.getpid()) - before < 10e6
        assert counters.forwarded == 0
        assert not ben.rtp
        assert s.plane.generation(EVE) is not None
        ana.shoot(ana.say())
        await until(lambda: len(zoe.rtp) == 1)


def _undeclared(eve: Quick) -> Iterator[bytes]:
    for n in count():
        yield eve._close(rtp_packet(111, n & 0xFFFF, n, 5000 + n % 1000, bytes(300)))


def _padding(eve: Quick) -> Iterator[bytes]:
    """With 198 numbers left out each time, which are noted as missing."""
    assert eve.high is not None
    for n in count(1):
        yield eve._close(rtp_packet(96, 199 * n & 0xFFFF, n, eve.high.ssrc, b"", padding=200))


def _probes(eve: Quick) -> Iterator[bytes]:
    assert eve.high is not None
    for n in count(1):
        yield eve._close(rtp_packet(97, n & 0xFFFF, n, eve.high.rtx_ssrc, n.to_bytes(4, "big") + bytes(300)))


def _torn(eve: Quick) -> Iterator[bytes]:
    assert eve.voice is not None
    whole = b"\x90\x6f\x00\x01\x00\x00\x00\x01" + eve.voice.ssrc.to_bytes(4, "big") + bytes(2000)
    for n in count():
        yield whole[: 1 + n * 7 % 2000]


def _reports(eve: Quick) -> Iterator[bytes]:
    """From ever new senders, with as much in them as fits."""
    for n in count(1):
        block = rtcp.Block(eve.ssrc(0, "video"), 255, 1, n, 3, 4, 5)
        nack = rtcp.nack(eve.ssrc(0, "video"), range(2000))
        report = rtcp.receiver_report([block] * 20) + nack + rtcp.picture_loss(eve.ssrc(0, "video")) * 10
        yield eve.dtls._tx_srtp.protect_rtcp(report[:4] + n.to_bytes(4, "big") + report[8:])


def _checks(eve: Quick) -> Iterator[bytes]:
    """Signed, so that each is answered."""
    connection = eve._gatherer._connection
    for _ in count():
        request = connection.build_request(connection._nominated[1], nominate=False)
        request.transaction_id = os.urandom(12)
        request.add_message_integrity((connection.remote_password or "").encode())
        yield bytes(request)


def _records(_: Quick) -> Iterator[bytes]:
    for n in count():
        yield (b"\x16\xfe\xfd" + bytes(5) + n.to_bytes(3, "big") + b"\x00\x20" + os.urandom(32)) * 20


KINDS = (_undeclared, _padding, _probes, _torn, _reports, _checks, _records)
