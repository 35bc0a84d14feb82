"""One m-line through which one person hears or sees somebody: always the same SSRC, whoever it shows.

A slot is told what it may show, best first (`show`), and settles for the best of it that is arriving.  Whatever it
may no longer show is cut before `show` returns.  One exception, which is about bandwidth and not about who sees whom:
between the two layers of one person the old one stays until the new one's key frame, for at most `LAYER_GRACE`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from signalling import rtcp
from signalling.forward import send_rtp
from signalling.profile import (
    ABS_SEND_TIME,
    AUDIO_CLOCK,
    HISTORY,
    OPUS,
    OPUS_FRAME,
    OPUS_SILENCE,
    RTX,
    VIDEO_CLOCK,
)
from signalling.rtp import find_extension, payload_offset
from signalling.strain import Way
from signalling.timeline import M16, M32, ServerTime, Timeline, captured, stamp_at
from signalling.track import Track

if TYPE_CHECKING:
    from pylibsrtp import Session

    from signalling.path import Path

LAYER_GRACE: Final = 1.0


class Slot:
    __slots__ = (
        "_leave_at",
        "_octets",
        "_packets",
        "_rtx_seq",
        "_session",
        "_time",
        "_timeline",
        "_waiting_for",
        "_wish",
        "clock",
        "first",
        "is_video",
        "path",
        "rtx_ssrc",
        "seq_offset",
        "ssrc",
        "track",
        "ts_offset",
        "tx",
        "way",
    )

    def __init__(self, path: Path, time: ServerTime, ssrcs: Iterator[int], *, is_video: bool) -> None:
        self.path = path
        """The viewer's."""
        self.tx: Any = None
        """libsrtp's handle for what this slot sends, from the first segment on."""
        self.is_video = is_video
        self.ssrc, self.rtx_ssrc = next(ssrcs), next(ssrcs)
        self.clock = VIDEO_CLOCK if is_video else AUDIO_CLOCK
        self.track: Track | None = None
        """What flows now."""
        self.first = 0
        """Extended number of the segment's first packet, at the publisher: nothing older may pass."""
        self.seq_offset = self.ts_offset = 0
        self._packets = self._octets = 0
        """Of the segments that are over, less what the track brought before this one."""
        self.way = Way()
        self._session: Session | None = None
        self._time = time
        self._timeline = Timeline(
            self.clock, 90 if is_video else OPUS_FRAME, secrets.randbits(32), secrets.randbits(14)
        )
        self._wish: tuple[Track, ...] = ()
        self._waiting_for: Track | None = None
        self._leave_at = 0.0
        self._rtx_seq = secrets.randbits(15)

    # ---- the gate ---------------------------------------------------------------------------------------------------

    def show(self, wish: tuple[Track, ...], now: float) -> None:
        """Show the best of `wish`, all of one person.  On return nothing flows that is not in it (but see the top)."""
        if wish == self._wish:
            return
        for track in self._wish:
            track.slots.remove(self)
        for track in wish:
            track.slots.append(self)
        self._wish = wish
        self._leave_at = now + LAYER_GRACE
        shown = self.track
        if shown is not None and shown not in wish and not (wish and wish[0].path is shown.path):
            self._cut(now)
        self.settle(now)

    def settle(self, now: float, *, ask: bool = True) -> None:
        """Wait for the best track that arrives, unless it is shown already; `ask` for its key frame."""
        best = next((track for track in self._wish if track.live), None)
        if best is self.track:
            best = None
        if best is self._waiting_for:
            return
        if self._waiting_for is not None:
            self._waiting_for.waiting.remove(self)
        self._waiting_for = best
        if best is not None:
            best.waiting.append(self)
            if ask:
                best.want_key_frame(now)

    def start(self, track: Track, number: int, ts: int, now: float) -> None:
        """The packet (`number`, `ts`) of `track`, for which this slot waited, is the first of a new segment."""
        track.waiting.remove(self)
        self._waiting_for = None
        if self._session is None:
            self._session = self.path.stream(self.ssrc)
            self.tx = self._session._srtp[0]
        if self.track is not None:
            self._end(self.track.newest, self.track.ts)
        line = self._timeline
        line.begin(track.ssrc, number & M16, ts, captured(track.report, ts, self.clock, now))
        self.seq_offset, self.ts_offset = line.seq_offset, line.ts_offset
        self.track, self.first = track, number
        self._packets -= track.received
        self._octets -= track.octets
        track.open.append(self)
        if first_report := self.report(now):
            self.path.send_rtcp(first_report)

    def begin_again(self, number: int, ts: int) -> None:
        """The segment ended with the packet (`number`, `ts`); another of the same track begins with the next one."""
        track = self._end(number, ts)
        if self._waiting_for is None:
            self._waiting_for = track
            track.waiting.append(self)

    def _end(self, number: int, ts: int) -> Track:
        track = self.track
        assert track is not None
        track.open.remove(self)
        self._timeline.end(number & M16, ts)
        self._packets += track.received
        self._octets += track.octets
        self.track = None
        return track

    def _cut(self, now: float) -> None:
        """Close the gate.  A voice ends in 20 ms of silence: concealment would draw out its last sound.

        That is stamped with the time that it is.  Behind the last packet of somebody who fell silent 1.5 s ago, a
        browser took it for a packet that had been under way for 1.5 s, and delayed their next words by as much.
        """
        track = self.track
        assert track is not None
        self._end(track.newest, track.ts)
        if not self.is_video:
            numbers = self._timeline.append(max(OPUS_FRAME, int((now - track.at) * AUDIO_CLOCK)))
            if numbers is not None:
                send_rtp(self.path, self.tx, _header(OPUS, *numbers, self.ssrc) + OPUS_SILENCE)

    def close(self) -> None:
        """Give up the keys.  To be called when nothing is shown any more, and never will be."""
        self._session = self.tx = None

    # ---- once in a while --------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """To be called of a picture some times a second."""
        if self.track is not None and now >= self._leave_at and self.track not in self._wish:
            self._cut(now)

    def report(self, now: float) -> bytes:
        """A sender report, for every second and for each beginning, so that sound and picture stay together.

        Empty while nothing flows, or nothing is known of its time.
        """
        track = self.track
        if track is None or track.report is None:
            return b""
        rtp = (stamp_at(track.report, now, self.clock) + self.ts_offset) & M32
        return rtcp.sender_report(self.ssrc, self._time.ntp64(now), rtp, self.packets, self.octets)

    @property
    def packets(self) -> int:
        """What went out, silence and repeats not counted (and what came late, from before the segment, wrongly so)."""
        return self._packets + self.track.received if self.track is not None else self._packets

    @property
    def octets(self) -> int:
        return self._octets + self.track.octets if self.track is not None else self._octets

    def want_key_frame(self, now: float) -> None:
        """The viewer cannot decode."""
        track = self._waiting_for or self.track
        if track is not None:
            track.want_key_frame(now)

    # ---- repair -----------------------------------------------------------------------------------------------------

    def resend(self, seq: int, now: float) -> bool:
        """Send again what went out as `seq`; False when that is gone, or stood behind a gate that has since closed."""
        track = self.track
        if track is None:
            return False
        number = track.newest - ((track.newest - (seq - self.seq_offset)) & M16)
        place = number & HISTORY - 1
        if number < self.first or track.newest - number >= HISTORY or track.history_of[place] != number:
            return False  # (after leaps something older may stand there still: it would go out under a number to come)
        packet = bytearray(track.history[place])
        ts = (int.from_bytes(packet[4:8], "big") + self.ts_offset) & M32
        if not self.is_video:
            # Byte for byte what was sent: the same plaintext under the same index gives the same ciphertext.
            packet[2:12] = _header(0, seq, ts, self.ssrc)[2:]
            send_rtp(self.path, self.tx, packet)
            return True
        size = len(packet)
        at = find_extension(packet, size, ABS_SEND_TIME, 3)
        if at:
            packet[at : at + 3] = abs_send_time(now)
        self._rtx_seq = (self._rtx_seq + 1) & M16
        packet[2:12] = _header(0, self._rtx_seq, ts, self.rtx_ssrc)[2:]
        packet[1] = packet[1] & 0x80 | RTX
        offset = payload_offset(packet, size)
        packet[offset:offset] = seq.to_bytes(2, "big")
        send_rtp(self.path, self.path.tx, packet)
        return True


def abs_send_time(now: float) -> bytes:
    """24 bits of seconds in 6.18 fixed point."""
    return (int(now * 262144) & 0xFFFFFF).to_bytes(3, "big")


def _header(payload_type: int, seq: int, ts: int, ssrc: int) -> bytes:
    return bytes((0x80, payload_type)) + seq.to_bytes(2, "big") + ts.to_bytes(4, "big") + ssrc.to_bytes(4, "big")
