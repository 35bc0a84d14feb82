"""The hot path alone: libsrtp is replaced by nothing, so that any plaintext can be tried, and many of them."""

from __future__ import annotations

import random
from itertools import count, pairwise
from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp._binding import ffi

from signalling import forward, rtcp
from signalling.congestion import QUEUED
from signalling.losses import AT_ONCE
from signalling.profile import HISTORY, OPUS_SILENCE, RTX
from tests.signalling.packets import rtp_packet, video_extensions
from tests.signalling.wire import ALL_STREAMS, Bench, integer


@pytest.fixture(autouse=True)
def no_encryption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "protect", protect)
    monkeypatch.setattr(forward, "unprotect", lambda *_: 0)


def protect(handle: object, packet: Any, _: object) -> int:
    """A slot's stream is encrypted by its own session, always: another one would count its packets from 0 again, and so
    use a nonce twice.  What is repeated to be decoded late (RTX, odd SSRCs here) goes by the session of all.
    """
    ssrc = integer(bytes(ffi.buffer(packet, 12)[8:12]))
    assert handle == (ssrc if ssrc % 2 == 0 else ALL_STREAMS)
    return 0


def test_sequence_numbers_go_on_over_a_wrap() -> None:
    bench = Bench()
    bench.open()
    for seq in range(65530, 65546):
        bench.voice(seq)
    numbers = [seq for _, seq, _ in bench.sent()]
    assert [(b - a) & 0xFFFF for a, b in pairwise(numbers)] == [1] * 15


def test_a_late_packet_goes_out_in_its_place_and_a_copy_does_not_go_out() -> None:
    bench = Bench()
    bench.open()
    for seq in (10, 11, 13, 14, 12, 12, 13, 9):
        bench.voice(seq)
    first = bench.sent()[0][1]
    assert [(seq - first) & 0xFFFF for _, seq, _ in bench.sent()] == [0, 1, 3, 4, 2]
    assert bench.counters.repeated == 3


def test_a_late_packet_from_before_the_gate_opened_stays_behind_it() -> None:
    bench = Bench()
    for seq in (10, 12):
        bench.voice(seq)
    bench.open()
    bench.voice(13)
    bench.voice(11)
    assert len(bench.viewer.sent) == 1


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x80",
        b"\x80\x6f" + bytes(9),
        rtp_packet(111, 1, 1, 100, b""),
        rtp_packet(111, 1, 1, 100, b"", padding=40),
        rtp_packet(111, 1, 1, 100, b"x", padding=1)[:-1] + b"\xff",
        rtp_packet(96, 1, 1, 100, b"picture on the voice's SSRC"),
        rtp_packet(111, 1, 1, 200, b"voice on the picture's SSRC"),
        rtp_packet(RTX, 1, 1, 200, b"\x00\x01repeat on the picture's SSRC"),
        rtp_packet(96, 1, 1, 201, b"picture on the SSRC of repeats"),
        rtp_packet(RTX, 1, 1, 201, b"\x00\x01never asked for"),
        rtp_packet(RTX, 1, 1, 201, b"\x00"),
        rtp_packet(111, 1, 1, 101, b"undeclared"),
        rtp_packet(0, 1, 1, 100, b"PCMU"),
        rtp_packet(111, 1, 1, 100, bytes(1600)),
        b"\x9f" + rtp_packet(111, 1, 1, 100, b"fifteen CSRCs that are not there")[1:],
        b"\x90" + rtp_packet(111, 1, 1, 100, b"\xbe\xde\xff\xff" + b"an extension that is not there")[1:],
    ],
    ids=range(17),
)
def test_what_is_not_media_of_a_track_is_not_forwarded(packet: bytes) -> None:
    bench = Bench()
    bench.open()
    bench.take(packet)
    assert not bench.viewer.sent
    assert bench.counters.received == 0


def test_a_voice_without_a_level_goes_the_same_way_as_one_with_it() -> None:
    bench = Bench()
    bench.voice(1)
    assert not bench.viewer.sent
    bench.open()
    bench.voice(2)
    bench.voice(3, extensions=b"\x20\x1e")
    bench.sound.show((), 0.0)
    bench.voice(4)
    assert [p[12:] for p in bench.viewer.sent] == [b"voice", b"\xbe\xde\x00\x01\x20\x1e\x00\x00voice", OPUS_SILENCE]


def test_a_repeat_cannot_carry_something_from_behind_a_gate() -> None:
    """The gate was shut when the original was lost, and opened before the repeat came."""
    bench = Bench()
    key = b"\x10\x00\x9d\x01\x2a"
    bench.take(rtp_packet(96, 10, 0, 200, key))
    bench.take(rtp_packet(96, 12, 0, 200, key))
    bench.high.repair(monotonic())
    assert rtcp.nack(200, [11]) in bench.publisher.rtcp
    bench.open()
    bench.take(rtp_packet(96, 13, 0, 200, key))
    bench.take(rtp_packet(RTX, 1, 0, 201, b"\x00\x0b" + key))
    assert bench.counters.received == 4
    assert len(bench.viewer.sent) == 1


def test_what_nobody_is_shown_is_not_asked_for_where_packets_wait() -> None:
    bench = Bench()
    bench.publisher.queued = QUEUED
    bench.voice(1)
    bench.voice(3)
    bench.audio.repair(monotonic())
    assert not bench.publisher.rtcp
    assert not bench.audio.losses.missing, "nor later: a gate that opens lets nothing older through"


@pytest.mark.parametrize(("queued", "most"), [(0.0, AT_ONCE), (QUEUED, AT_ONCE // 4)])
def test_where_packets_wait_less_is_asked_for(queued: float, most: int) -> None:
    bench = Bench()
    bench.open()
    bench.voice(1)
    bench.voice(101)
    bench.publisher.queued = queued
    bench.audio.repair(monotonic())
    assert bench.publisher.rtcp == [rtcp.nack(100, range(101 - most, 101))]


def test_nothing_is_repeated_from_behind_a_gate_that_has_closed() -> None:
    """On the wire, where a viewer who keeps to no rule could read it; libsrtp over there would only drop it."""
    bench = Bench()
    bench.open()
    for seq in range(10):
        bench.voice(seq)
    bench.sound.show((), 0.0)
    for seq in range(10, 20):
        bench.voice(seq, b"secret")
    bench.open()
    for seq in range(20, 23):
        bench.voice(seq)
    first, before = bench.sent()[0][1], len(bench.viewer.sent)
    repeated = [n for n in range(-600, 600) if bench.sound.resend((first + n) & 0xFFFF, 0.0)]
    assert repeated == [11, 12, 13]
    assert bench.viewer.sent[before:] == bench.viewer.sent[before - 3 : before]
    assert not any(b"secret" in packet for packet in bench.viewer.sent)


def test_a_slot_knows_how_much_went_out_through_it_and_nothing_of_what_did_not() -> None:
    bench = Bench()
    for seq in range(5):
        bench.voice(seq)
    went: list[bytes] = []
    for first in (5, 40):
        bench.open()
        bench.viewer.sent.clear()
        for seq in (*range(first, first + 20), first + 25, first + 22):  # one of them is late
            bench.voice(seq, bytes(seq))
        went += bench.viewer.sent
        assert (bench.sound.packets, bench.sound.octets) == (len(went), sum(map(len, went))), "while the gate is open"
        bench.sound.show((), 0.0)
        bench.voice(first + 30, b"behind the gate")
        assert (bench.sound.packets, bench.sound.octets) == (len(went), sum(map(len, went)))
    assert len(went) == 44


def test_the_history_is_bounded_and_its_last_packet_can_be_had() -> None:
    bench = Bench()
    bench.open()
    for seq in range(2000):
        bench.rest()
        bench.voice(seq)
    seqs = [seq for _, seq, _ in bench.sent()]
    bench.viewer.sent.clear()
    assert bench.sound.resend(seqs[-1], 0.0)
    assert bench.sound.resend(seqs[-HISTORY], 0.0)
    assert not bench.sound.resend(seqs[-HISTORY - 1], 0.0)
    assert not bench.sound.resend((seqs[-1] + 1) & 0xFFFF, 0.0)


def test_a_repeat_is_found_long_after_the_gate_opened() -> None:
    """More packets than half the range of sequence numbers have passed since."""
    bench = Bench()
    bench.open()
    for seq in range(40_000):
        bench.rest()
        bench.voice(seq & 0xFFFF)
    last = bench.viewer.sent[-1]
    assert bench.sound.resend(integer(last[2:4]), 0.0)
    assert bench.viewer.sent[-1] == last


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(-600, 600)),
            st.tuples(st.just("jump"), st.integers(0, 0xFFFF)),
            st.tuples(st.just("gate"), st.integers(0, 1)),
            st.tuples(st.just("resend"), st.integers(0, 40)),
            st.tuples(st.just("run"), st.integers(1, 20)),
            st.tuples(st.just("run"), st.integers(1, 20)),
        ),
        max_size=60,
    )
)
def test_no_number_is_ever_used_for_two_plaintexts(moves: list[tuple[str, int]]) -> None:
    """Whatever a publisher numbers, loses, repeats or delays, and however often the gate moves.

    (SSRC, sequence number) is the nonce of AES-GCM as long as the roll-over counter stays, which it does here.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward, "protect", lambda *_: 0)
        patch.setattr(forward, "unprotect", lambda *_: 0)
        bench = Bench()
        at, serial = 30_000, count()
        allowed = False
        for kind, n in moves:
            if kind == "gate":
                allowed = bool(n)
                bench.sound.show((bench.audio,) if allowed else (), 0.0)
            elif kind == "resend" and bench.viewer.sent:
                bench.sound.resend(integer(bench.viewer.sent[-1 - n % len(bench.viewer.sent)][2:4]), 0.0)
            else:
                numbers = range(at + 1, at + n + 1) if kind == "run" else [n if kind == "jump" else at + n]
                for number in numbers:
                    before = len(bench.viewer.sent)
                    bench.voice(number & 0xFFFF, next(serial).to_bytes(4, "big"))
                    assert allowed or len(bench.viewer.sent) == before
                if kind == "run":
                    at += n
        used: dict[int, bytes] = {}
        for packet in bench.viewer.sent[-20_000:]:
            assert used.setdefault(integer(packet[2:4]), packet) == packet


def test_any_bytes_at_all_do_no_harm() -> None:
    rng = random.Random(1)
    bench = Bench()
    bench.open()
    ssrcs = [100, 200, 201, 300, 301]
    for _ in range(100_000):
        n = rng.choice((rng.randrange(0, 60), rng.randrange(0, 1600)))
        packet = bytearray(rng.randbytes(n))
        if n > 11:
            packet[0] = 0x80 | packet[0] & 0x3F
            packet[1] = rng.choice((111, 96, 97, 96 | 128, packet[1]))
            packet[8:12] = rng.choice(ssrcs).to_bytes(4, "big")
            if n > 15 and packet[0] & 0x1F == 0x10:
                packet[12:16] = b"\xbe\xde\x00" + bytes((rng.randrange(6),))
        bench.rest()
        bench.take(bytes(packet))
        if rng.random() < 0.001:
            bench.inlet.arrivals.clear()
            for track in (bench.audio, bench.high, bench.low):
                track.repair(rng.random() * 1e6)
    assert bench.counters.received > 1000
    allowed = {bench.sound.ssrc: {111}, bench.picture.ssrc: {96}}
    assert all(p[1] & 127 in allowed[integer(p[8:12])] for p in bench.viewer.sent)


def test_transport_wide_numbers_are_kept_of_every_video_packet_also_of_probes() -> None:
    bench = Bench()
    bench.take(rtp_packet(96, 1, 0, 200, b"\x10\x00abc", extensions=video_extensions(7)))
    bench.take(rtp_packet(RTX, 1, 0, 201, b"\x00\x00", extensions=video_extensions(8), padding=200))
    bench.voice(1, extensions=video_extensions(9))
    assert [number for number, _ in bench.inlet.arrivals] == [7, 8]


def test_a_voice_that_was_taken_out_with_its_gate_open_comes_back_in_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chromium's timestamps stand still meanwhile.  Sequence numbers go on without a hole."""
    bench, now = Bench(), 1000.0
    monkeypatch.setattr(forward, "monotonic", lambda: now)
    bench.open()
    for seq in range(100):
        now += 0.02 if seq != 50 else 7.02
        bench.voice(seq)
    sent = bench.sent()
    assert [(b - a) & 0xFFFF for (_, a, _), (_, b, _) in pairwise(sent)] == [1] * 99
    steps = [(b - a) & 0xFFFFFFFF for (_, _, a), (_, _, b) in pairwise(sent)]
    assert steps[:49] + steps[50:] == [960] * 98
    assert abs(steps[49] / 48000 - 7.02) < 0.03
    assert bench.sound.track is bench.audio
