"""What one person publishes on one m-line: how it arrives, what is missing of it, and who is let at it.

`open` is the gate: a slot that is not in this list gets no packet of this track, and it is empty to begin with.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from signalling import rtcp
from signalling.answer import Published
from signalling.congestion import QUEUED
from signalling.losses import Losses
from signalling.profile import HISTORY, TrackKind
from signalling.strain import Strain, Way
from signalling.timeline import M16, M32, ClockOffset, Report

if TYPE_CHECKING:
    from signalling.path import Path
    from signalling.slot import Slot

KEY_FRAME_GAP: Final = 0.25
"""A publisher is asked for a key frame at most this often."""
KEY_FRAME_AGAIN: Final = 0.3
"""Asked again while a slot still waits."""
NACK_TRIAL: Final = 40
"""Requests to a publisher whose answer does not say that it repeats packets, before that is believed.

Chromium's answer is silent about Opus, and it repeats it (48 of 49 lost packets came); Firefox's is silent, and it
does not.
"""
PAUSED: Final = 0.1
SHIFTED: Final = 0.03
"""A voice that was away for the one, and comes back with timestamps off by the other, was taken out and put back.

Chromium's timestamps stand still meanwhile, so what the last sender report says of them is no longer true; it is
forgotten until the next one.  Believed all the same, it put what followed into the past by the length of the pause, and
the viewer's buffers delayed sound and picture by as much: 0.25 s after one pause of the meeting, 1.5 s after a few.
(A burst of late packets can look the same, and then a report is missed, which does no harm.)
"""
AWAY: Final = 1.0
"""After such a pause of this length the slots that show it begin a new segment, so that their time goes on."""
LATELY: Final = 6
"""Seconds: browsers report of a voice every five."""
ARRIVING: Final = 1.0
"""A picture without a packet for so long is taken for switched off."""


class Track:
    __slots__ = (
        "_answers_nacks",
        "_asked_at",
        "_first",
        "_hurry",
        "_jitter",
        "_last_sr",
        "_last_sr_at",
        "_measured",
        "_reported",
        "_transit",
        "_voice_at",
        "_voice_ts",
        "_way",
        "at",
        "clock",
        "history",
        "history_of",
        "is_video",
        "key_frame_wanted",
        "kind",
        "live",
        "losses",
        "lost_lately",
        "newest",
        "octets",
        "open",
        "path",
        "payload_type",
        "rate",
        "received",
        "report",
        "rtx_ssrc",
        "slots",
        "ssrc",
        "strain",
        "transport_cc",
        "ts",
        "waiting",
    )

    def __init__(self, published: Published, path: Path, hurry: Callable[[], None] = lambda: None) -> None:
        """`hurry` is called when `repair` or `ask_again` should be called soon."""
        self.path = path
        self._hurry = hurry
        self.kind = published.kind
        self.is_video = published.kind is not TrackKind.AUDIO
        self.ssrc, self.rtx_ssrc = published.ssrc, published.rtx_ssrc
        self.payload_type, self.clock = published.kind.payload_type, published.kind.clock
        self.transport_cc = published.transport_cc

        self.slots: list[Slot] = []
        """Slots that would show this track, among others."""
        self.waiting: list[Slot] = []
        """Slots that begin with the next packet (sound) or the next key frame (picture)."""
        self.open: list[Slot] = []
        """Slots through which it flows."""
        self.live = not self.is_video
        """Is it arriving?  A voice always counts as arriving, since its silence is no reason to show something else."""

        self.newest = -1
        """Extended sequence number of the newest packet; -1 before the first."""
        self.ts = 0
        self.at = 0.0
        self.received = self.octets = 0
        """Packets that came, and their bytes in the clear."""
        self.losses = Losses()
        self.history: list[bytes] = [b""] * HISTORY
        self.history_of = [-1] * HISTORY
        """The extended number of each packet in `history`."""
        self.report: Report | None = None
        self.strain = Strain()
        """Of a voice."""
        self.lost_lately: deque[float] = deque(maxlen=LATELY)
        """The share that did not come in each of the last seconds, and that no viewer's line is to blame for."""

        self._first = 0
        self._way = Way()
        self._reported = (0, 0)
        self._measured = 0
        self.rate = 0.0
        """bit/s in the last second, without the headers of UDP and IP."""
        self._jitter, self._transit = 0.0, 0.0
        self._voice_at, self._voice_ts = 0.0, 0
        self._last_sr, self._last_sr_at = 0, 0.0
        self._answers_nacks = published.nack
        self._asked_at, self.key_frame_wanted = -1.0, False

    # ---- warm: called by the hot path, but not for every packet -----------------------------------------------------

    def begin(self, seq: int) -> int:
        """The first packet ever.  Returns its extended number, high enough that nothing behind it is negative."""
        self._first = self.newest = seq + 0x10000
        return self.newest

    def wake(self, now: float) -> None:
        """It arrives (again): whoever would rather show this than what they have waits for its key frame.

        That is very likely this packet, so none is asked for yet; `tick` does it if it was not.
        """
        self.live = True
        for slot in tuple(self.slots):
            slot.settle(now, ask=False)
        self._hurry()

    def skipped(self, first: int, end: int, now: float) -> None:
        """The numbers from `first` up to, not including, `end` did not come."""
        self.losses.gap(first, end, now)
        self._hurry()

    def keep_time(self, now: float) -> None:
        """The newest packet of a voice came: measure its jitter (RFC 3550 A.8) and see whether it was taken out.

        For sound only: the packets of one frame share a timestamp, which says nothing of the line, and a camera's
        timestamps go on while it is away.
        """
        transit = now - self.ts / self.clock
        step = abs(transit - self._transit)
        before, self._transit = self._voice_at, transit
        before_ts, self._voice_at, self._voice_ts = self._voice_ts, now, self.ts
        if step < 1.0:  # a larger one is a wrap, a pause or a new source
            self._jitter += (step - self._jitter) / 16
        if before == 0.0 or now - before <= PAUSED or step <= SHIFTED:
            return
        self.report = None
        if now - before > AWAY:
            for slot in tuple(self.open):
                slot.begin_again(self.newest - 1, before_ts)

    # ---- feedback ---------------------------------------------------------------------------------------------------

    def want_key_frame(self, now: float) -> None:
        if not self.is_video:
            return
        if now - self._asked_at < KEY_FRAME_GAP:
            self.key_frame_wanted = True
            self._hurry()
            return
        self._asked_at, self.key_frame_wanted = now, False
        self.path.send_rtcp(rtcp.picture_loss(self.ssrc))

    def reported(self, sr: rtcp.SenderReport, now: float, offset: ClockOffset) -> None:
        """A sender report of this track came."""
        at = offset.to_server(sr.ntp)
        if at is not None:
            self.report = Report(at, sr.rtp)
        self._last_sr, self._last_sr_at = (sr.ntp >> 16) & M32, now

    def repair(self, now: float) -> None:
        """To be called every 20 ms while something is missing: asks for it again.

        Not for what nobody is shown, where it would wait in a queue with what somebody is: a picture that was given up.
        """
        queued = self.path.queued >= QUEUED
        if queued and not self.open:
            self.losses.missing.clear()
        elif self._answers_nacks or self.losses.repaired or self.losses.asked < NACK_TRIAL:
            missing = self.losses.due(self.newest, now, self.path.round_trip, self.received, queued=queued)
            for number in missing:
                self._way.asked(number & M16)
            if missing:
                self.path.send_rtcp(rtcp.nack(self.ssrc, (number & M16 for number in missing)))
        else:
            self.losses.prune(self.newest, now)

    def ask_again(self, now: float) -> None:
        """To be called every 20 ms while a slot waits, and every 0.1 s while a key frame is wanted."""
        if self.is_video and (self.key_frame_wanted or now - self._asked_at >= KEY_FRAME_AGAIN):
            self.want_key_frame(now)

    def tick(self, now: float) -> None:
        """To be called some times a second: is the picture arriving?"""
        if self.is_video and self.live and now - self.at > ARRIVING:
            self.live = False
            for slot in tuple(self.slots):
                slot.settle(now)

    def measure(self) -> None:
        """To be called once a second: what it brings."""
        before, self._measured = self._measured, self.octets
        self.rate = 8.0 * (self.octets - before)

    def report_block(self, now: float) -> rtcp.Block | None:
        """How it arrived since the last call; None before the first packet."""
        if self.newest < 0:
            return None
        expected = self.newest - self._first + 1
        expected_since, received_since = expected - self._reported[0], self.received - self._reported[1]
        self._reported = expected, self.received
        lost_since = max(0, expected_since - received_since)
        share = lost_since / expected_since if expected_since > 0 else 0.0
        self.lost_lately.append(share)
        return rtcp.Block(
            self.ssrc,
            min(255, int(share * 256)),
            min(0x7FFFFF, max(0, expected - self.received)),
            (self.newest - 0x10000) & M32,
            int(self._jitter * self.clock),
            self._last_sr,
            int((now - self._last_sr_at) * 65536) & M32 if self._last_sr else 0,
        )

    def strained(self, block: rtcp.Block) -> rtcp.Block:
        """This voice's report block as its publisher is told it: with what was lost on the worst way."""
        self.strain.add(max(block.fraction_lost / 256, self._way.lost(self.received)))
        return block._replace(fraction_lost=int(self.strain.told() * 256))
