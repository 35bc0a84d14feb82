"""Clocks, sequence numbers and timestamps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalling.timeline import (
    M16,
    M32,
    ClockOffset,
    Report,
    ServerTime,
    Timeline,
    captured,
    signed32,
    stamp_at,
)


def ntp(seconds: float) -> int:
    return int(seconds * (1 << 32))


def test_a_wrong_clock_is_put_right_by_the_least_delay() -> None:
    offset = ClockOffset()
    assert offset.to_server(ntp(1000)) is None
    for sent, delay in ((10.0, 0.08), (11.0, 0.02), (12.0, 0.30)):
        offset.add(sent + delay, ntp(sent + 700))
    at = offset.to_server(ntp(712))
    assert at is not None
    assert abs(at - 12.02) < 1e-6


def test_a_drifting_clock_is_followed_within_a_minute() -> None:
    offset = ClockOffset()
    for second in range(4000):
        offset.add(second + 0.02, ntp(second * (1 - 100e-6) + 500))
        at = offset.to_server(ntp(second * (1 - 100e-6) + 500))
        assert at is not None
        assert abs(at - second - 0.02) < 65 * 100e-6


def test_a_capture_time_that_cannot_be_is_taken_for_now() -> None:
    report = Report(at=100.0, ts=5000)
    assert captured(None, 1, 48000, 7.0) == 7.0
    assert captured(report, 5000 + 48000, 48000, 101.2) == 101.0
    assert captured(report, 5000 - 480, 48000, 100.2) == 99.99
    assert captured(report, 5000 + 480_000, 48000, 101.0) == 101.0, "nine seconds ahead"
    assert captured(report, 5000, 48000, 200.0) == 200.0, "a hundred seconds old"
    assert captured(Report(100.0, M32), 959, 48000, 100.1) == 100.02, "over the wrap"


def test_stamps_run_with_the_clock() -> None:
    assert stamp_at(Report(10.0, M32 - 10), 10.5, 90000) == 45000 - 11
    time = ServerTime(3_000_000_000.25)
    assert time.ntp64(0.5) == (3_000_000_000 << 32) + (3 << 30)


segments = st.lists(
    st.tuples(
        st.sampled_from([11, 22, 33]),  # track
        st.integers(0, M16),  # its first sequence number
        st.integers(0, M32),  # and timestamp
        st.floats(0.0, 30.0),  # seconds since the last segment ended
        st.integers(0, 500),  # packets
        st.booleans(),  # closed by a packet of silence?
    ),
    max_size=12,
)


@given(segments, st.integers(0, M32), st.integers(0, M16))
def test_a_slot_sends_one_line_whatever_it_shows(
    shown: list[tuple[int, int, int, float, int, bool]], base: int, start: int
) -> None:
    """Sequence numbers without a gap or a repeat, timestamps that only advance, by real time over a closed gate."""
    line = Timeline(48000, 960, base, start)
    now, seq, ts = 100.0, start, None
    ended = now
    for ssrc, first_seq, first_ts, gap, packets, silence in shown:
        now += gap
        line.begin(ssrc, first_seq, first_ts, now)
        out_seq, out_ts = (first_seq + line.seq_offset) & M16, (first_ts + line.ts_offset) & M32
        assert out_seq == (seq + 1) & M16
        if ts is not None:
            step = signed32(out_ts - ts)
            assert step > 0
            assert step <= (now - ended) * 48000 + 48000 // 16 + 1920
        last = packets
        line.end((first_seq + last) & M16, (first_ts + 960 * last) & M32)
        now += last * 0.02
        ended = now
        seq, ts = (out_seq + last) & M16, (out_ts + 960 * last) & M32
        assert (line.seq, line.ts) == (seq, ts)
        if silence:
            appended = line.append(960)
            assert appended == ((seq + 1) & M16, (ts + 960) & M32)
            seq, ts = appended


def test_the_same_track_keeps_its_line_over_a_closed_gate() -> None:
    line = Timeline(48000, 960, 0, 0)
    line.begin(11, 100, 5000, 10.0)
    offset = line.ts_offset
    line.end(200, 5000 + 96000)
    line.begin(11, 300, 5000 + 480_000, 20.015)  # a report that jitters by 15 ms
    assert line.ts_offset == offset
    line.end(300, 5000 + 480_000)
    line.begin(11, 400, 5000 + 960_000, 31.0)  # a second is no jitter
    assert line.ts_offset == (offset + 48000) & M32


def test_nothing_is_appended_to_nothing() -> None:
    assert Timeline(48000, 960, 0, 0).append(960) is None
