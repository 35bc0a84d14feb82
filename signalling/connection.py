"""One connection of one person, from the offer to its end: its path, what it publishes, its slots, its RTCP.

It never comes back: whoever is lost, answers late or speaks again after having been given up gets a new one.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence, Sized
from enum import Enum, auto
from itertools import count, islice
from time import monotonic
from typing import Final

from signalling import rtcp
from signalling.answer import Answer, parse_answer
from signalling.beats import PER_SECOND, SELDOM, TENTH
from signalling.congestion import Congestion
from signalling.counters import Counters
from signalling.errors import AlreadyAnswered, StaleGeneration
from signalling.forward import Inlet
from signalling.offer import Offer, SlotSources, offer_sdp
from signalling.path import Path
from signalling.port import Port
from signalling.profile import SLOT_PAIRS, TrackKind
from signalling.quality import Measured
from signalling.slot import Slot
from signalling.timeline import ClockOffset, ServerTime
from signalling.track import Track
from signalling.uplink import MANY, Uplink

_log = logging.getLogger(__name__)

ANSWER_WITHIN: Final = 30.0
CONNECT_WITHIN: Final = 15.0
SILENT_FOR: Final = 3.0
"""Seconds without a sign of life after which a connection is given up."""
FEWEST_RESENDS: Final = 100
"""Retransmissions a second that anybody may ask for; half of what they were sent in the last second comes on top."""
MOST_IN_ONE: Final = 16
"""RTCP packets of one datagram that are read; browsers write six at most."""


class State(Enum):
    OFFERED = auto()
    CONNECTING = auto()
    UP = auto()
    OVER = auto()


class Connection:
    def __init__(
        self,
        ports: Sequence[Port],
        time: ServerTime,
        counters: Counters,
        on_up: Callable[[Connection], None],
        on_over: Callable[[Connection], None],
        hurry: Callable[[], None] = lambda: None,
        phase: int = 0,
        only_from: frozenset[str] | None = None,
    ) -> None:
        """`on_up` is called once media may flow; `on_over` once when it ends by itself (not after `cut`).

        `hurry` is called when something may have come up that cannot wait, so that `until_due` is 0.
        """
        self.generation = secrets.token_hex(8)
        self.state = State.OFFERED
        self.since = monotonic()
        self.phase = phase
        """Added to the plane's count of beats."""
        self.path = Path(ports, only_from)
        self.tracks: dict[TrackKind, Track] = {}
        ssrcs = count(secrets.randbits(31) + 2)  # neither 0 nor the server's own 1
        self.pairs = tuple(
            (Slot(self.path, time, ssrcs, is_video=False), Slot(self.path, time, ssrcs, is_video=True))
            for _ in range(SLOT_PAIRS)
        )
        self._slots = tuple(slot for pair in self.pairs for slot in pair)
        self._slot_by_ssrc = {slot.ssrc: slot for slot in self._slots}
        self._counters = counters
        self._on_up, self._on_over, self._hurry = on_up, on_over, hurry
        self._uplink: Uplink | None = None
        self._urgent: tuple[Sized, ...] = ()
        """While something is in one of these, each beat counts: what is missing, and who waits for a picture."""
        self._connecting: asyncio.Task[None] | None = None
        self._offset = ClockOffset()
        self._sent = 0
        self._octets = 0
        self._resends_left = FEWEST_RESENDS
        self._congestion = Congestion()
        self._loss_down: float | None = None
        self.estimate: int | None = None
        """What the way to this person can carry, in bit/s, by their own account."""

    # ---- negotiation ------------------------------------------------------------------------------------------------

    async def offer(self) -> Offer:
        """Raises StaleGeneration when the connection was ended meanwhile."""
        credentials = await self.path.gather()
        if self.state is State.OVER:
            await self.path.close()
            raise StaleGeneration
        sources = [SlotSources(audio.ssrc, video.ssrc, video.rtx_ssrc) for audio, video in self.pairs]
        return Offer(self.generation, offer_sdp(credentials, sources))

    def answer(self, sdp: str) -> None:
        """Read the answer and begin to connect.  Raises a SignallingError, and then nothing has changed."""
        if self.state is not State.OFFERED:
            raise AlreadyAnswered
        answer = parse_answer(sdp, slot_pairs=SLOT_PAIRS)
        by_ssrc: dict[int, Track] = {}
        for kind, published in answer.published.items():
            track = self.tracks[kind] = Track(published, self.path, self._hurry)
            by_ssrc[track.ssrc] = track
            if track.rtx_ssrc is not None:
                by_ssrc[track.rtx_ssrc] = track
        inlet = Inlet(self.path, by_ssrc, self._counters, self._rtcp)
        self._uplink = Uplink(self.path, self.tracks, inlet)
        tracks = self.tracks.values()
        self._urgent = (*(t.losses.missing for t in tracks), *(t.waiting for t in tracks if t.is_video))
        self.state, self.since = State.CONNECTING, monotonic()
        self._connecting = asyncio.create_task(self._connect(answer, inlet))

    async def _connect(self, answer: Answer, inlet: Inlet) -> None:
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                connected = await self.path.connect(answer, inlet.receive, self._ended)
        except TimeoutError:
            connected = False
        except Exception:  # whatever a handshake can be made to raise, the connection must end
            _log.exception("a handshake was ended by a fault")
            connected = False
        if self.state is not State.CONNECTING:
            return
        if connected:
            self.state = State.UP
            self._on_up(self)
        else:
            self._ended()

    # ---- the end ----------------------------------------------------------------------------------------------------

    def _ended(self) -> None:
        if self.state is not State.OVER:
            self.cut()
            self._on_over(self)

    def cut(self) -> None:
        """At once and for good: nothing comes in, nothing goes out, nobody is shown this person.  Then `close`."""
        self.state = State.OVER
        now = monotonic()
        for slot in self._slots:
            slot.show((), now)
        for track in self.tracks.values():
            for slot in tuple(track.slots):
                slot.show((), now)
        self.path.mute()

    async def close(self) -> None:
        """Say goodbye and give the sockets back.  To be called after `cut`, not from the connection's own callbacks."""
        if self._connecting is not None and not self._connecting.done():
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        await self.path.close()
        for slot in self._slots:
            slot.close()
        # They hold a megabyte, and one another: freed here, they need no collector, which would stall media.
        self._uplink, self._connecting, self.tracks, self._urgent = None, None, {}, ()

    # ---- what the other side reports --------------------------------------------------------------------------------

    def _rtcp(self, data: bytes) -> None:
        plain = self.path.open_rtcp(data)
        if plain is None:
            self._counters.unauthentic += 1
            return
        self.path.heard_at = now = monotonic()
        for packet in islice(rtcp.parse(plain), MOST_IN_ONE):
            match packet:
                case rtcp.SenderReport():
                    track = next((t for t in self.tracks.values() if t.ssrc == packet.ssrc), None)
                    if track is not None:
                        self._offset.add(now, packet.ntp)
                        track.reported(packet, now, self._offset)
                    self._blocks(packet.blocks)
                case rtcp.ReceiverReport():
                    self._blocks(packet.blocks)
                case rtcp.Nack():
                    self._resend(packet, now)
                case rtcp.KeyFrameRequest():
                    slot = self._slot_by_ssrc.get(packet.ssrc)
                    if slot is not None and self._resends_left > 0:
                        self._resends_left -= 1
                        slot.want_key_frame(now)
                case rtcp.Estimate():
                    self.estimate = packet.bitrate

    def _resend(self, nack: rtcp.Nack, now: float) -> None:
        slot = self._slot_by_ssrc.get(nack.ssrc)
        if slot is None:
            return
        for seq in nack.seqs:
            if self._resends_left <= 0:
                return
            self._resends_left -= 1
            slot.way.asked(seq)
            slot.resend(seq, now)

    def _blocks(self, blocks: Sequence[rtcp.Block]) -> None:
        for block in blocks:
            slot = self._slot_by_ssrc.get(block.ssrc)
            if slot is None:
                continue
            self._congestion.reported(block)
            track, lost = slot.track, 0.0
            if track is None:
                continue
            if block.fraction_lost:
                lost = max(0.0, block.fraction_lost / 256 - max(track.lost_lately, default=0.0))
                track.strain.add(lost)
            self._loss_down = max(self._loss_down or 0.0, lost)

    # ---- as time passes ---------------------------------------------------------------------------------------------

    def until_due(self, beat: int) -> int:
        """In how many beats from this one there is something to do: 0 if in this one.

        Every tenth of a second there is; in between, what cannot wait.
        """
        return 0 if any(self._urgent) else -(beat + self.phase) % TENTH

    def tick(self, now: float, beat: int) -> None:
        """To be called in each beat in which there is something to do, while up; `beat` counts the others, too."""
        uplink = self._uplink
        assert uplink is not None
        for track in uplink.tracks:
            if track.losses.missing:
                track.repair(now)
            if track.waiting or track.key_frame_wanted:
                track.ask_again(now)
        if beat % TENTH:
            return
        if now - self.path.heard_at > SILENT_FOR:
            self._ended()
            return
        for track in uplink.tracks:
            track.tick(now)
        uplink.tell_arrivals(MANY if beat % (2 * TENTH) else 1)
        if beat % (2 * TENTH):
            return
        for _, picture in self.pairs:
            picture.tick(now)
        self.path.check_consent(now, lossy=self._congestion.lossy or uplink.lossy)
        if beat % PER_SECOND == 0:
            self._strain_voices()
            seldom = beat % (SELDOM * PER_SECOND) == 0  # for a picture without a voice to stay together with
            pairs = [pair for pair in self.pairs if seldom or pair[0].track is not None]
            reports = [slot.report(now) for pair in pairs for slot in pair if slot.track is not None]
            if report := b"".join([*reports, uplink.report(now)]):
                self.path.send_rtcp(report)  # in one datagram: each costs as much
            self._renew_resends()

    def _strain_voices(self) -> None:
        for voice, _ in self.pairs:
            lost = voice.way.lost(voice.packets)
            if voice.track is not None:
                voice.track.strain.add(lost)

    def _renew_resends(self) -> None:
        before, self._sent = self._sent, sum(slot.packets for slot in self._slots)
        self._resends_left = FEWEST_RESENDS + (self._sent - before) // 2

    def sent(self) -> tuple[float, float | None]:
        """Bits of media sent since the last call, without repair; the share lost in a full queue (`Congestion.lost`).

        To be called once a second.
        """
        before, self._octets = self._octets, sum(slot.octets for slot in self._slots)
        sent = 8.0 * (self._octets - before)
        return sent, self._congestion.lost(self.path.queued)

    def lost_above(self) -> float | None:
        """The share of this person's own packets that was lost in a full queue; to be called once a second."""
        return self._uplink.lost() if self._uplink is not None else None

    def measured(self, now: float) -> Measured:
        """This line since the last call; to be called once a second."""
        up = self._uplink
        loss, jitter = (up.loss, up.jitter) if up is not None else (None, None)
        measured = Measured(now - self.path.heard_at, loss, self._loss_down, self.path.round_trip, jitter)
        self._loss_down = None
        return measured
