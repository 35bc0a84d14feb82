"""The hot path: one datagram in, patched copies out.  The one place in the program that is allowed to be clever.

What is done
    A datagram with the first byte of RTP reaches `Inlet.receive` straight from the socket's callback.  Its SSRC is
    looked up before anything else: one that the answer did not declare costs a dictionary look-up and no libsrtp
    context.  The packet is copied into one reusable C buffer, decrypted there in place, and checked: payload type
    against the track, header against the length, a payload that is more than padding, a sequence number that was not
    seen.  Then come the slots that waited for this packet (sound: any; picture: a key frame), the history for
    retransmission, and the fan-out: for each open slot copy the plaintext into a second buffer, write sequence
    number, timestamp and SSRC over it with one `pack_into`, encrypt in place, `sendto`.

    The gate is `track.open`: closed by default, changed only by `Slot.show`, which is synchronous.  There is no queue
    and no task between the gate and the wire, so when `show` has returned nothing that it shut can still be on its
    way.

What each trick bought, in CPU time on one core of a small machine
    no asyncio queue and no wake-up of a reader task: 3.7 us in;
    no RtpPacket, the header patched where it lies: 3.3 us in and 1.2 for each copy, against 0.1;
    libsrtp on C buffers instead of bytes: 0.7 us each call;
    socket.sendto instead of the transport's: 1.5 us each copy.

    Forwarded packets each CPU second in rooms of six: MediaRelay 2,500, aiortc's receiver with parsed packets 63,300,
    tuned Janus 122,300, the prototype of this 154,500.  This file alone, without the event loop, makes 200,000
    (`python -m tests.bench.media_costs`).

What must stay true
    * The buffers are scratch, shared by every connection of the process: all of this runs in one thread, and nothing
      here awaits or calls back into itself.  `Slot.start` may send (a report, a packet of silence) while RX holds the
      packet, so TX is filled only afterwards.
    * Under AES-GCM a second plaintext with one (SSRC, sequence number) would give the key stream away.  Output
      numbers are input numbers plus a constant within a segment and segments do not overlap, so it is enough that
      each input number passes once: forward by less than half the range, or late and listed as missing.  Everything
      else is dropped.
    * A late packet older than a segment's first is not for that segment: it would take a number that is used.
    * What comes on an RTX SSRC and was not asked for is a bandwidth probe, or somebody's idea; it goes nowhere.
    * abs-send-time is rewritten, since the subscriber's estimate is about the server's sending.

Insides it leans on: the names imported from `signalling.insides`, which says what they are.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

from signalling.insides import allocate, memmove, protect, unprotect, view
from signalling.losses import LARGEST_GAP
from signalling.profile import ABS_SEND_TIME, RTX, TRANSPORT_CC
from signalling.rtp import find_extension, payload_end, payload_offset, starts_key_frame
from signalling.twcc import LONGEST

if TYPE_CHECKING:
    from signalling.path import Path
    from signalling.track import Track

SMALLEST: Final = 12
LARGEST: Final = 1500
"""Bytes of an encrypted packet; browsers stay under 1,250."""

_HISTORY_MASK: Final = 511
_NUMBERS = struct.Struct("!HLL")
_SSRC = struct.Struct("!L")
_RX, _TX = allocate("char[]", 2048), allocate("char[]", 2048)
_RXV, _TXV = memoryview(view(_RX)).cast("B"), memoryview(view(_TX)).cast("B")
_LENGTH = allocate("int *")


@dataclass(slots=True)
class Counters:
    """What became of the packets of all connections, since the start."""

    received: int = 0
    """Authentic media packets that were new."""
    forwarded: int = 0
    undeclared: int = 0
    """SSRC not in the answer."""
    unauthentic: int = 0
    """Not decrypted: a wrong key, a replay, too old."""
    malformed: int = 0
    """Wrong size, header or payload type; or nothing but padding."""
    repeated: int = 0
    """A sequence number that was not due: a copy, or late beyond use."""
    probes: int = 0
    """RTX that nobody asked for."""
    unsent: int = 0
    """The socket was full."""


class Inlet:
    """What comes in on one connection.  Once made, its table of SSRCs never changes."""

    __slots__ = ("_by_ssrc", "_counters", "_on_rtcp", "_path", "arrivals")

    def __init__(
        self, path: Path, tracks: Mapping[int, Track], counters: Counters, on_rtcp: Callable[[bytes], None]
    ) -> None:
        """`tracks` by SSRC, RTX SSRCs included."""
        self._path = path
        self._by_ssrc = dict(tracks)
        self._counters = counters
        self._on_rtcp = on_rtcp
        self.arrivals: list[tuple[int, float]] = []
        """Transport-wide numbers and their arrival, for the next feedback; whoever sends that empties it."""

    def receive(self, data: bytes) -> None:
        """One datagram whose first byte is 128..191."""
        n = len(data)
        counters = self._counters
        if not SMALLEST <= n <= LARGEST:
            counters.malformed += 1
            return
        if 191 < data[1] < 224:
            self._on_rtcp(data)
            return
        (ssrc,) = _SSRC.unpack_from(data, 8)
        track = self._by_ssrc.get(ssrc)
        if track is None:
            counters.undeclared += 1
            return
        path = self._path
        memmove(_RX, data, n)
        _LENGTH[0] = n
        if unprotect(path.rx, _RX, _LENGTH):
            counters.unauthentic += 1
            return
        n = _LENGTH[0]
        rx = _RXV
        path.heard_at = now = monotonic()

        # -- is it a packet of this track?
        payload = payload_offset(rx, n)
        if track.transport_cc and len(self.arrivals) < LONGEST:
            at = find_extension(rx, n, TRANSPORT_CC, 2)
            if at:
                self.arrivals.append((rx[at] << 8 | rx[at + 1], now))
        if payload == 0 or payload_end(rx, n, payload) <= payload:
            counters.malformed += 1
            return
        seq, ts, _ = _NUMBERS.unpack_from(rx, 2)
        if ssrc != track.ssrc:
            n = _unwrap(track, payload, n)
            if n == 0:
                counters.probes += 1
                return
            seq = rx[2] << 8 | rx[3]
        elif rx[1] & 127 != track.payload_type:
            counters.malformed += 1
            return

        # -- where does it belong?
        newest = track.newest
        late = False
        if newest < 0:
            number = track.begin(seq)
            track.ts = ts
        else:
            step = (seq - newest) & 0xFFFF
            if step == 1:
                number = track.newest = newest + 1
                track.ts = ts
            elif 0 < step < 0x8000:
                number = track.newest = newest + step
                track.ts = ts
                if step < LARGEST_GAP:
                    track.losses.gap(newest + 1, number, now)
            else:
                number = newest - (-step & 0xFFFF)
                late = True
                if not track.losses.arrived(number):
                    counters.repeated += 1
                    return
        counters.received += 1
        track.received += 1
        track.at = now
        is_video = track.is_video
        if not track.live:
            track.wake(now)
        if not (is_video or late):
            track.keep_time(now)
        if track.waiting and not late and (not is_video or starts_key_frame(rx, payload, n)):
            for slot in tuple(track.waiting):
                slot.start(track, number, ts, now)
        place = number & _HISTORY_MASK
        track.history[place] = bytes(rx[:n])
        track.history_of[place] = number

        # -- who is let at it?
        slots = track.open
        if not slots:
            return
        if is_video:
            at = find_extension(rx, n, ABS_SEND_TIME, 3)
            if at:
                stamp = int(now * 262144)
                rx[at], rx[at + 1], rx[at + 2] = stamp >> 16 & 255, stamp >> 8 & 255, stamp & 255
        rx_buffer, tx_buffer, tx, length = _RX, _TX, _TXV, _LENGTH
        copy, encrypt, write = memmove, protect, _NUMBERS.pack_into
        for slot in slots:
            if late and number < slot.first:
                continue
            copy(tx_buffer, rx_buffer, n)
            write(tx, 2, (seq + slot.seq_offset) & 0xFFFF, (ts + slot.ts_offset) & 0xFFFFFFFF, slot.ssrc)
            length[0] = n
            to = slot.path
            if encrypt(to.tx, tx_buffer, length):
                counters.unsent += 1
                continue
            try:
                to.sendto(tx[: length[0]], to.address)
            except OSError:
                counters.unsent += 1
                continue
            slot.packets += 1
            slot.octets += n
            counters.forwarded += 1


def _unwrap(track: Track, payload: int, n: int) -> int:
    """Turn the RTX packet in RX into the one it repeats (RFC 4588 section 4).  Its length; 0: unasked for."""
    rx = _RXV
    if rx[1] & 127 != RTX or payload_end(rx, n, payload) < payload + 3 or track.newest < 0:
        return 0
    seq = rx[payload] << 8 | rx[payload + 1]
    if not track.losses.was_asked(track.newest - ((track.newest - seq) & 0xFFFF)):
        return 0
    rx[payload : n - 2] = bytes(rx[payload + 2 : n])
    rx[1] = rx[1] & 0x80 | track.payload_type
    rx[2], rx[3] = seq >> 8, seq & 255
    _SSRC.pack_into(rx, 8, track.ssrc)
    return n - 2


def send_rtp(path: Path, packet: bytes | bytearray) -> None:
    """One packet of the server's own making: a retransmission, silence."""
    n = len(packet)
    if path.tx is None or n > LARGEST:
        return
    _TXV[:n] = packet
    _LENGTH[0] = n
    if protect(path.tx, _TX, _LENGTH) == 0:
        try:
            path.sendto(_TXV[: _LENGTH[0]], path.address)
        except OSError:
            return  # the socket is full: it will be asked for again
