"""RTCP, transport-wide feedback, loss lists, headers and quality: read and written without sockets."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling import Quality, rtcp, twcc
from signalling.losses import AT_ONCE, LARGEST_GAP, LATEST, OLDEST, Losses
from signalling.profile import ABS_SEND_TIME, TRANSPORT_CC
from signalling.quality import Line, Measured, judged
from signalling.rtp import find_extension, payload_end, payload_offset, starts_key_frame
from tests.signalling.client import rtp_packet, video_extensions

u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
blocks = st.builds(rtcp.Block, u32, st.integers(0, 255), st.integers(-(1 << 23), (1 << 23) - 1), u32, u32, u32, u32)


@given(st.lists(blocks, max_size=31))
def test_receiver_reports_read_back(written: list[rtcp.Block]) -> None:
    (report,) = rtcp.parse(rtcp.receiver_report(written))
    assert report == rtcp.ReceiverReport(1, tuple(written))


@given(u32, st.integers(0, (1 << 64) - 1), u32, u32, u32)
def test_sender_reports_read_back(ssrc: int, ntp: int, stamp: int, packets: int, octets: int) -> None:
    (report,) = rtcp.parse(rtcp.sender_report(ssrc, ntp, stamp, packets, octets))
    assert report == rtcp.SenderReport(ssrc, ntp, stamp, packets, octets, ())


@given(u32, u16, st.lists(st.integers(1, 40), max_size=60))
def test_nacks_read_back_in_order_over_a_wrap(ssrc: int, start: int, steps: list[int]) -> None:
    seqs = [start]
    for step in steps:
        seqs.append((seqs[-1] + step) & 0xFFFF)
    (nack,) = rtcp.parse(rtcp.nack(ssrc, seqs))
    assert isinstance(nack, rtcp.Nack)
    assert (nack.ssrc, list(nack.seqs)) == (ssrc, seqs)


def test_what_browsers_send_besides() -> None:
    fir = struct.pack("!BBHLLLBxxx", 0x84, 206, 4, 1, 0, 77, 5)
    remb = struct.pack("!BBHLL4sBBHL", 0x8F, 206, 5, 1, 0, b"REMB", 1, 5 << 2 | 1, 0x2345, 9)
    bye = struct.pack("!BBHL", 0x81, 203, 1, 9)
    unknown = struct.pack("!BBHL", 0x80, 207, 1, 9)
    compound = bye + rtcp.picture_loss(66) + unknown + fir + remb + rtcp.transport_feedback(5, b"abcd")
    assert list(rtcp.parse(compound)) == [
        rtcp.KeyFrameRequest(66),
        rtcp.KeyFrameRequest(77),
        rtcp.Estimate(0x12345 << 5),
        rtcp.TransportFeedback(b"abcd"),
    ]


def test_a_compound_is_read_up_to_where_it_breaks() -> None:
    good = rtcp.picture_loss(66)
    assert list(rtcp.parse(good + b"\x80\xc8\xff\xff" + bytes(40))) == [rtcp.KeyFrameRequest(66)]
    assert list(rtcp.parse(good + b"\x00" + good[1:])) == [rtcp.KeyFrameRequest(66)]
    assert list(rtcp.parse(good[:-1])) == []
    padded = struct.pack("!BBHLL", 0xA1, 205, 4, 1, 66) + b"\x00\x05\x00\x00" + b"\x00\x00\x00\x04"
    (nack,) = rtcp.parse(padded)
    assert isinstance(nack, rtcp.Nack)
    assert (nack.ssrc, list(nack.seqs)) == (66, [5])


@given(st.binary(max_size=200))
def test_reading_rtcp_never_raises(data: bytes) -> None:
    read = list(rtcp.parse(data))
    for kind in (200, 201, 205, 206):
        head = struct.pack("!BBH", 0x80 | (data[0] & 31 if data else 1), kind, len(data) // 4)
        read += rtcp.parse(head + data)
    for packet in read:
        if isinstance(packet, rtcp.Nack):
            assert all(0 <= seq <= 0xFFFF for seq in packet.seqs)


@given(
    u16,
    st.lists(st.tuples(st.integers(0, 60), st.floats(0.0, 0.9)), min_size=1, max_size=120),
    st.floats(1.0, 1e6),
    st.integers(0, 1000),
)
def test_transport_feedback_says_what_arrived_and_when(
    start: int, packets: list[tuple[int, float]], at: float, count: int
) -> None:
    arrivals, number = [], start
    for step, wait in packets:
        number = (number + step) & 0xFFFF
        at += wait
        arrivals.append((number, at))
    body = twcc.build(arrivals, count)
    assert len(body) % 4 == 0
    assert len(body) < 1250
    assert body[7] == count & 255
    read = twcc.parse(body)
    expected: dict[int, float] = {}
    for n, when in arrivals:
        expected.setdefault(n, when)
    covered = {n: when for n, when in expected.items() if n in read}
    assert len(read) <= twcc.LONGEST
    if (number - start) & 0xFFFF < twcc.LONGEST and sum(s for s, _ in packets) < twcc.LONGEST:
        assert covered.keys() == expected.keys()
        assert {n for n, when in read.items() if when is not None} == expected.keys()
    base = next(when for when in read.values() if when is not None)
    reference = covered[next(iter(read))]
    for n, when in covered.items():
        told = read[n]
        assert told is not None
        assert abs((told - base) - (when - reference)) < 0.0006


def test_transport_feedback_bounds_what_a_hostile_publisher_numbers() -> None:
    rng = random.Random(5)
    for _ in range(300):
        arrivals = [(rng.randrange(0x10000), rng.random() * 100) for _ in range(rng.randrange(1, twcc.LONGEST))]
        assert len(twcc.build(arrivals, 0)) < 1250


@pytest.mark.parametrize("body", [b"", b"\x00\x01\x00\x02\x00\x00\x00\x00", b"\x00\x00\x00\x01" + bytes(6)])
def test_foreign_transport_feedback_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"too short|two-bit"):
        twcc.parse(body)


def test_a_lost_packet_is_asked_for_once_a_round_trip_and_given_up() -> None:
    losses = Losses()
    losses.gap(10, 12, 0.0)
    assert losses.due(12, 0.0, 0.1, 12) == [10, 11]
    assert losses.due(12, 0.1, 0.1, 12) == []
    assert losses.was_asked(10)
    assert losses.arrived(10)
    assert not losses.arrived(10)
    assert losses.due(12, 0.13, 0.1, 12) == [11]
    times = 2
    now = 0.13
    while len(losses.missing):
        now += 0.13
        times += len(losses.due(12, now, 0.1, 12))
    assert times == 8
    assert (losses.asked, losses.repaired) == (9, 1)


@pytest.mark.parametrize(("queued", "at_once"), [(False, AT_ONCE), (True, AT_ONCE // 4)])
def test_what_comes_is_the_measure_of_what_may_be_asked_for(queued: bool, at_once: int) -> None:
    losses = Losses()
    losses.gap(10, 110, 0.0)
    first = losses.due(110, 0.0, 0.1, 10, queued=queued)
    assert first == list(range(110 - at_once, 110)), "the newest, oldest first"
    assert losses.due(110, 0.02, 0.1, 10, queued=queued) == []
    per_packet = 0.25 if queued else 1
    assert len(losses.due(122, 0.04, 0.1, 22, queued=queued)) == 12 * per_packet
    assert len(losses.due(122, 0.9, 0.1, 1000, queued=queued)) == at_once, "a long rest saves nothing up"
    losses.due(122, 1.1, 0.1, 2000, queued=queued)
    assert all(times for times, _ in losses.missing.values()), "what could not be asked for in time never is"


def test_what_is_too_old_or_jumped_over_is_not_asked_for() -> None:
    losses = Losses()
    losses.gap(10, 11, 0.0)
    assert losses.due(10 + OLDEST + 1, 0.0, 0.1, 12) == []
    losses.gap(1000, 1000 + LARGEST_GAP, 0.0)
    assert len(losses.missing) == 0
    losses.gap(2000, 2001, 0.0)
    losses.prune(2001, 0.0)
    assert len(losses.missing) == 1
    losses.prune(2001 + OLDEST, 0.0)
    assert len(losses.missing) == 0
    losses.gap(3000, 3001, 5.0)
    losses.prune(3001, 5.0 + LATEST / 2)
    assert len(losses.missing) == 1
    losses.prune(3001, 5.1 + LATEST)
    assert len(losses.missing) == 0, "it will not come late any more, though nothing newer came either"


def test_headers_are_read_where_they_lie() -> None:
    packet = rtp_packet(96, 1, 2, 3, b"payload", extensions=video_extensions(0x1234))
    n = len(packet)
    buffer = packet + b"\xff" * 100
    assert payload_offset(buffer, n) == n - 7
    at = find_extension(buffer, n, TRANSPORT_CC, 2)
    assert buffer[at : at + 2] == b"\x12\x34"
    assert find_extension(buffer, n, ABS_SEND_TIME, 3) == 17
    assert find_extension(buffer, n, ABS_SEND_TIME, 2) == 0, "another size is another element"
    assert find_extension(buffer, n, 7, 1) == 0
    padded = rtp_packet(96, 1, 2, 3, b"payload", padding=9)
    assert payload_end(padded, len(padded), 12) == 19
    assert payload_end(rtp_packet(96, 1, 2, 3, b"", padding=200), 212, 12) == 12


@given(st.binary(min_size=12, max_size=80), st.integers(0, 40))
def test_reading_headers_stays_within_the_packet(packet: bytes, cut: int) -> None:
    n = max(12, len(packet) - cut)
    buffer = packet + bytes(300)
    offset = payload_offset(buffer, n)
    assert offset == 0 or 12 <= offset <= n
    if offset:
        assert offset <= payload_end(buffer, n, offset) <= n
        starts_key_frame(buffer, offset, n)
    for number, size in ((ABS_SEND_TIME, 3), (TRANSPORT_CC, 2)):
        at = find_extension(buffer, n, number, size)
        assert at == 0 or 12 < at <= n - size


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (b"\x10\x00\x9d\x01\x2a", True),
        (b"\x10\x01\x00\x00\x00", False),
        (b"\x00\x00\x9d", False),
        (b"\x11\x00\x9d\x01", False),
        (b"\x90\x80\x05\x00\x9d", True),
        (b"\x90\x80\x85\x05\x00\x9d", True),
        (b"\x90\xe0\x85\x05\x07\x20\x00\x9d", True),
        (b"\x90\xe0\x85\x05\x07\x20\x01\x9d", False),
        (b"\x90\xe0\x85\x05\x07\x20", False),
        (b"\x90\x80\x85", False),
        (b"\x10", False),
        (b"", False),
    ],
)
def test_key_frames_are_known_by_their_first_packet(payload: bytes, key: bool) -> None:
    assert starts_key_frame(payload + bytes(20), 0, len(payload)) is key


def test_a_line_turns_poor_after_two_bad_seconds_and_good_after_five_good_ones() -> None:
    good, bad = Measured(0.1, 0.0, 0.0, 0.05, 0.01), Measured(0.1, 0.2)
    line = judged(Line(), bad)
    assert line.quality is Quality.GOOD
    assert judged(line, good) == Line(Quality.GOOD)
    line = judged(line, bad)
    assert line.quality is Quality.POOR
    for _ in range(4):
        line = judged(line, good)
    assert line.quality is Quality.POOR
    assert judged(line, bad) == Line(Quality.POOR), "one bad second and it starts again"
    assert judged(line, good) == Line(Quality.GOOD)


def test_a_silent_line_is_lost_at_once_and_comes_back_poor() -> None:
    line = judged(Line(), Measured(2.0))
    assert line.quality is Quality.LOST
    assert judged(line, Measured(0.1)).quality is Quality.POOR


@pytest.mark.parametrize(
    "measured",
    [Measured(0, loss_up=0.06), Measured(0, loss_down=0.06), Measured(0, round_trip=0.6), Measured(0, jitter=0.1)],
)
def test_each_measure_alone_can_make_a_line_poor(measured: Measured) -> None:
    assert judged(judged(Line(), measured), measured).quality is Quality.POOR
