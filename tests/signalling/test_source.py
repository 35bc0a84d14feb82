"""A voice whose source was taken out and put back: what its reports said of its timestamps is no longer believed."""

from __future__ import annotations

from typing import cast

import pytest

from signalling.answer import Published
from signalling.path import Path
from signalling.profile import AUDIO_CLOCK, OPUS_FRAME, TrackKind
from signalling.timeline import Report
from signalling.track import Track

STEP = OPUS_FRAME / AUDIO_CLOCK
REPORT = Report(at=100.0, ts=4800)


def _voice() -> Track:
    """A voice that has sent for a second, from second 100 on, with a report about it."""
    track = Track(Published(TrackKind.AUDIO, 1, None, nack=False, transport_cc=False), cast(Path, None))
    for number in range(50):
        _packet(track, 100 + number * STEP, number * OPUS_FRAME)
    track.report = REPORT
    return track


def _packet(track: Track, now: float, ts: int) -> None:
    track.newest, track.ts = track.newest + 1, ts
    track.keep_time(now)


@pytest.mark.parametrize("pause", [0.15, 0.25, 1.0, 2.9, 60.0])
def test_timestamps_that_stood_still_over_a_pause_end_the_report(pause: float) -> None:
    track = _voice()
    _packet(track, 101 + pause, 50 * OPUS_FRAME)
    assert track.report is None


@pytest.mark.parametrize("pause", [0.15, 0.4, 2.9])
def test_a_pause_over_which_the_timestamps_went_on_keeps_it(pause: float) -> None:
    track = _voice()
    _packet(track, 101 + pause, round((1 + pause) * AUDIO_CLOCK))
    assert track.report == REPORT


def test_the_first_packet_of_all_is_not_a_return() -> None:
    track = Track(Published(TrackKind.AUDIO, 1, None, nack=False, transport_cc=False), cast(Path, None))
    track.report = REPORT
    _packet(track, 101, 52800)
    assert track.report == REPORT


def test_late_packets_without_a_pause_keep_it() -> None:
    track = _voice()
    for number in range(50, 100):
        _packet(track, 100 + number * STEP + (0.07 if number % 10 == 0 else 0), number * OPUS_FRAME)
    assert track.report == REPORT
