"""Whose time it is.  Pure: every function gets its `now`, in seconds of the server's monotonic clock.

Each publisher has a clock of their own, wrong by any amount.  One number for each person maps it to the server's: the
least delay seen lately between the NTP time in their sender reports and the reports' arrival.  With it every packet
has a capture time on the server's clock, and a slot's timestamps are a fixed line over that clock.  So whoever is
shown in a slot continues the same line, sound and picture of one person stay together over a re-point, and the sender
reports that go out speak only of the server's NTP time.  (Handing the publishers' NTP through puts lip-sync wrong by
250 ms after a re-point.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

M16: Final = 0xFFFF
M32: Final = 0xFFFFFFFF
NTP_OF_UNIX: Final = 2208988800
"""NTP seconds at the Unix epoch."""

_WINDOW: Final = 30.0
_MOST_PAST: Final = 3.0
_MOST_AHEAD: Final = 0.5


def signed32(x: int) -> int:
    """A difference of two 32-bit numbers as a number from -2^31 to 2^31-1."""
    return ((x + 0x80000000) & M32) - 0x80000000


@dataclass(frozen=True, slots=True)
class ServerTime:
    """The server's NTP time as a line over its monotonic clock, so that a step of the wall clock reaches nobody."""

    origin: float
    """NTP seconds when the monotonic clock read zero."""

    def ntp64(self, now: float) -> int:
        """The 64-bit NTP timestamp (RFC 3550 section 4)."""
        return int((now + self.origin) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


class ClockOffset:
    """One person's clock against the server's: a minimum over the last 30 to 60 s.

    A minimum, since delay only ever adds; over a window, so that a drifting clock is followed.
    """

    __slots__ = ("_before", "_current", "_since")

    def __init__(self) -> None:
        self._before: float | None = None
        self._current: float | None = None
        self._since = 0.0

    def add(self, arrived: float, ntp64: int) -> None:
        """A sender report that says `ntp64` arrived at `arrived`."""
        offset = arrived - ntp64 / (1 << 32)
        if self._current is None or arrived - self._since > _WINDOW:
            self._before, self._current, self._since = self._current, offset, arrived
        elif offset < self._current:
            self._current = offset

    def to_server(self, ntp64: int) -> float | None:
        """That person's time as time of the server; None before their first report."""
        if self._current is None:
            return None
        offset = self._current if self._before is None else min(self._before, self._current)
        return ntp64 / (1 << 32) + offset


@dataclass(frozen=True, slots=True)
class Report:
    """What a sender report says about one track: RTP timestamp `ts` was captured at `at` (server time)."""

    at: float
    ts: int


def captured(report: Report | None, ts: int, clock: int, now: float) -> float:
    """When the frame with timestamp `ts` was captured.

    Without a report, or when the report cannot be true (a wrong or hostile clock), it is taken for captured now.
    """
    if report is None:
        return now
    at = report.at + signed32(ts - report.ts) / clock
    return at if now - _MOST_PAST <= at <= now + _MOST_AHEAD else now


def stamp_at(report: Report, now: float, clock: int) -> int:
    """The track's RTP timestamp at `now`, for the sender reports that go out."""
    return (report.ts + int((now - report.at) * clock)) & M32


class Timeline:
    """The sequence numbers and timestamps that one slot sends, over every change of what it shows.

    Sequence numbers continue without a gap, timestamps by real time: a viewer's jitter buffer takes a re-point for a
    pause, loses nothing and asks for nothing.
    """

    __slots__ = ("_base", "_clock", "_known", "_step", "seq", "seq_offset", "ts", "ts_offset")

    def __init__(self, clock: int, step: int, base: int, seq: int) -> None:
        """`clock` in Hz; `step` is the least advance between two segments; `base` and `seq` are random starts."""
        self._clock = clock
        self._step = step
        self._base = base
        self._known: dict[int, int] = {}
        self.seq = seq
        """Last sequence number sent, valid between segments."""
        self.ts: int | None = None
        """Last timestamp sent, valid between segments; None before the first."""
        self.seq_offset = 0
        self.ts_offset = 0

    def begin(self, ssrc: int, seq: int, ts: int, at: float) -> None:
        """The packet (seq, ts) of track `ssrc`, captured at `at`, is the first of a new segment: set the offsets."""
        offset = (self._base + int(at * self._clock) - ts) & M32
        known = self._known.get(ssrc)
        if known is not None and abs(signed32(offset - known)) < self._clock // 16:
            offset = known  # the same track again: exactly its old line, since reports jitter by 10 to 20 ms
        if self.ts is not None and signed32(ts + offset - self.ts) <= 0:
            offset = (self.ts + self._step - ts) & M32
        self._known[ssrc] = offset
        self.ts_offset = offset
        self.seq_offset = (self.seq + 1 - seq) & M16

    def end(self, seq: int, ts: int) -> None:
        """The segment is over; (seq, ts) were the last packet's at the publisher."""
        self.seq = (seq + self.seq_offset) & M16
        self.ts = (ts + self.ts_offset) & M32

    def append(self, step: int) -> tuple[int, int] | None:
        """Numbers for a packet of the server's own behind the last segment; None if there was none."""
        if self.ts is None:
            return None
        self.seq = (self.seq + 1) & M16
        self.ts = (self.ts + step) & M32
        return self.seq, self.ts

    def forget(self) -> None:
        """Somebody else has the slot now: the old tracks' lines are of no use."""
        self._known.clear()
