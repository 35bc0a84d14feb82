"""The hot path: datagrams in, patched copies out.  The one place in the program that is allowed to be clever.

What is done
    `drain` takes up to 64 datagrams from a socket with one system call.  For each, the address that it came from leads
    to the `Inlet` of one connection (or it is STUN or DTLS, or a stranger's, and not for here).  Its SSRC is looked up
    before anything else: one that the answer did not declare costs a dictionary look-up and no libsrtp context.  Then
    it is counted: whoever sends more than a browser does would make everybody else wait (`allowance.py`).  The
    packet is decrypted where the kernel put it and checked: payload type against the track, header against the length,
    a payload that is more than padding, a sequence number that was not seen.  Then come the slots that waited for this
    packet (sound: any; picture: a key frame), the history for retransmission, and the fan-out: for each open slot write
    sequence number, timestamp and SSRC over the plaintext with one `pack_into`, copy it into the next place of the
    viewer's outbox, encrypt it there.  An outbox goes to the kernel with one system call, when it is full and after
    each `drain`, and what is for one address goes in one message where it can (`outbox.py`).

    The gate is `track.open`: closed by default, changed only by `Slot.show`, which is synchronous.  There is no task
    between the gate and the wire, and nothing stays in an outbox when the event loop gets its turn; so when `show` has
    returned nothing that it shut can still be on its way.

What each trick bought, in CPU time on one core of a small machine
    no asyncio queue and no wake-up of a reader task: 3.7 us in;
    no RtpPacket, the header patched where it lies: 3.3 us in and 1.2 for each copy, against 0.1;
    libsrtp on C buffers instead of bytes: 0.7 us each call;
    a session of libsrtp for each stream that goes out, because it walks a list of those in one: 0.7 us each copy in a
    circle of twelve;
    recvmmsg instead of the loop's datagram callback: 3 us in; sendmmsg instead of sendto: 0.4 us each copy;
    one message for several packets to one address: 0.7 us each copy in rooms of six.

What must stay true
    * The buffers are scratch, shared by every connection of the process: all of this runs in one thread, and nothing
      here awaits or calls back into itself.
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
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from signalling.allowance import MEDIA, REPORTS, Allowance
from signalling.counters import Counters
from signalling.insides import allocate, memmove, protect, unprotect, view
from signalling.losses import LARGEST_GAP
from signalling.mmsg import NAME, Batch
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
_OWN = allocate("char[]", 2048)
_OWN_VIEW = memoryview(view(_OWN)).cast("B")
_LENGTH = allocate("int *")

Take = Callable[[Any, memoryview, int], None]
"""One datagram of media: its C buffer, the same bytes, its length."""


def drain(fd: int, batch: Batch, takers: Mapping[bytes, Take], key: int, other: Callable[[bytes, bytes], None]) -> int:
    """Take what waits on a socket, a batch at most; how many datagrams.  Send the outboxes afterwards.

    `takers` by the first `key` bytes of the socket address it came from.  What is no media is given to `other` with
    those bytes; so is media of a stranger.
    """
    buffers, views, lengths, names = batch.buffers, batch.views, batch.lengths, batch.addresses
    count = batch.receive(fd)
    for i in range(count):
        n, at = lengths[16 * i + 14], NAME * i
        came_from = names[at : at + key]
        datagram = views[i]
        take = takers.get(came_from) if 127 < datagram[0] < 192 else None
        if take is not None:
            take(buffers[i], datagram, n)
        else:
            other(bytes(datagram[:n]), came_from)
    return count


class Inlet:
    """What comes in on one connection.  Once made, its table of SSRCs never changes."""

    __slots__ = ("_by_ssrc", "_counters", "_media", "_on_rtcp", "_path", "_reports", "arrivals")

    def __init__(
        self, path: Path, tracks: Mapping[int, Track], counters: Counters, on_rtcp: Callable[[bytes], None]
    ) -> None:
        """`tracks` by SSRC, RTX SSRCs included."""
        self._path = path
        self._by_ssrc = dict(tracks)
        self._counters = counters
        self._on_rtcp = on_rtcp
        self._media, self._reports = Allowance(MEDIA), Allowance(REPORTS)
        self.arrivals: list[tuple[int, float]] = []
        """Transport-wide numbers and their arrival, for the next feedback; whoever sends that empties it."""

    def receive(self, buffer: Any, rx: memoryview, n: int) -> None:
        """One datagram whose first byte is 128..191, in `buffer`, which is seen through `rx` and will be written to."""
        counters = self._counters
        if not SMALLEST <= n <= LARGEST:
            counters.malformed += 1
            return
        now = monotonic()
        if 191 < rx[1] < 224:
            if self._reports.take(now):
                self._on_rtcp(bytes(rx[:n]))
            else:
                counters.excess += 1
            return
        (ssrc,) = _SSRC.unpack_from(rx, 8)
        track = self._by_ssrc.get(ssrc)
        if track is None:
            counters.undeclared += 1  # and not counted below: strangers who write this address do not know the SSRCs
            return
        if not self._media.take(now):
            counters.excess += 1
            return
        path, length = self._path, _LENGTH
        length[0] = n
        if unprotect(path.rx, buffer, length):
            counters.unauthentic += 1
            return
        n = length[0]
        path.heard_at = now

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
            n = _unwrap(track, rx, payload, n)
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
                    track.skipped(newest + 1, number, now)
            else:
                number = newest - (-step & 0xFFFF)
                late = True
                if not track.losses.arrived(number):
                    counters.repeated += 1
                    return
        counters.received += 1
        track.at = now
        is_video = track.is_video
        if not track.live:
            track.wake(now)
        if not (is_video or late):
            track.keep_time(now)
        if track.waiting and not late and (not is_video or starts_key_frame(rx, payload, n)):
            for slot in tuple(track.waiting):
                slot.start(track, number, ts, now)
        track.received += 1
        track.octets += n
        place = number & _HISTORY_MASK
        track.history[place] = bytes(rx[:n])
        track.history_of[place] = number

        # -- who is let at it?
        slots = track.open
        if late:
            slots = [slot for slot in slots if number >= slot.first]
        if not slots:
            return
        if is_video:
            at = find_extension(rx, n, ABS_SEND_TIME, 3)
            if at:
                stamp = int(now * 262144)
                rx[at], rx[at + 1], rx[at + 2] = stamp >> 16 & 255, stamp >> 8 & 255, stamp & 255
        copy, encrypt, write = memmove, protect, _NUMBERS.pack_into
        forwarded = 0
        for slot in slots:
            to = slot.path
            out = to.outbox
            place = out.taken
            if place == out.size:
                out.send()
                place = 0
            tx = out.buffers[place]
            write(rx, 2, (seq + slot.seq_offset) & 0xFFFF, (ts + slot.ts_offset) & 0xFFFFFFFF, slot.ssrc)
            copy(tx, buffer, n)
            out.sizes[place] = n
            if encrypt(slot.tx, tx, out.lengths[place]):
                counters.unsent += 1
                continue
            out.taken = place + 1
            there = to.destination
            if not (there.places or there.voices):
                out.due.append(there)
            (there.places if is_video else there.voices).append(place)
            forwarded += 1
        counters.forwarded += forwarded


def _unwrap(track: Track, rx: memoryview, payload: int, n: int) -> int:
    """Turn the RTX packet in `rx` into the one it repeats (RFC 4588 section 4).  Its length; 0: unasked for."""
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


def send_rtp(path: Path, tx: Any, packet: bytes | bytearray) -> None:
    """One packet of the server's own making: a retransmission, silence.  `tx` encrypts the stream that it is of."""
    n = len(packet)
    if tx is None or n > LARGEST:
        return
    _OWN_VIEW[:n] = packet
    _LENGTH[0] = n
    if protect(tx, _OWN, _LENGTH) == 0:
        try:
            path.sendto(_OWN_VIEW[: _LENGTH[0]], path.address)
        except OSError:
            return  # the socket is full: it will be asked for again
