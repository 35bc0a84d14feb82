"""RTCP as this server speaks it: RFC 3550 6.4, RFC 4585 6, RFC 5104 4.3.1, REMB.  Pure; parsing never raises.

Compound packets are read as far as they make sense.  Reduced-size packets (RFC 5506) are negotiated, so each builder
returns one packet that may be sent alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from signalling.profile import SERVER_SSRC

SR, RR, RTPFB, PSFB = 200, 201, 205, 206
NACK, TRANSPORT_FEEDBACK = 1, 15
PLI, FIR, ALFB = 1, 4, 15
_BLOCK = struct.Struct("!LLLLLL")


class Block(NamedTuple):
    """A report block: how `ssrc` arrives over there."""

    ssrc: int
    fraction_lost: int
    """Since the last report, in 256ths."""
    lost: int
    """Since the beginning; duplicates can make it negative."""
    highest: int
    """Extended highest sequence number."""
    jitter: int
    """In units of the RTP clock."""
    last_sr: int
    """Middle 32 bits of the NTP time in the last sender report."""
    delay: int
    """Since that report, in 65536ths of a second."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp: int
    rtp: int
    packets: int
    octets: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """`seqs` of `ssrc` did not arrive.

    They are spelt out only as far as they are read: one packet can name 6,000.
    """

    ssrc: int
    fci: bytes

    @property
    def seqs(self) -> Iterator[int]:
        for pos in range(0, len(self.fci) - 3, 4):
            pid, mask = struct.unpack_from("!HH", self.fci, pos)
            yield pid
            for bit in range(16):
                if mask >> bit & 1:
                    yield (pid + bit + 1) & 0xFFFF


@dataclass(frozen=True, slots=True)
class KeyFrameRequest:
    """Picture loss indication or full intra request."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """REMB: what the path can carry to the sender of this, in bit/s."""

    bitrate: int


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Transport-wide feedback, unread; `twcc.parse` reads its body."""

    body: bytes


Packet = SenderReport | ReceiverReport | Nack | KeyFrameRequest | Estimate | TransportFeedback


def parse(data: bytes) -> Iterator[Packet]:
    """The packets of a compound that this server acts on.  Stops at the first one whose length is wrong."""
    pos = 0
    while pos + 8 <= len(data):
        first, kind, words = struct.unpack_from("!BBH", data, pos)
        end = pos + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            return
        body = data[pos + 4 : end]
        pos = end
        if first & 0x20 and body:
            body = body[: max(0, len(body) - body[-1])]
        packet = _one(first & 31, kind, body)
        if packet is not None:
            yield packet


def _one(count: int, kind: int, body: bytes) -> Packet | None:
    if len(body) < 4:
        return None
    sender = int.from_bytes(body[:4], "big")
    if kind == SR and len(body) >= 24:
        _, ntp, rtp, packets, octets = struct.unpack_from("!LQLLL", body)
        return SenderReport(sender, ntp, rtp, packets, octets, _blocks(count, body[24:]))
    if kind == RR:
        return ReceiverReport(sender, _blocks(count, body[4:]))
    if kind not in (RTPFB, PSFB) or len(body) < 8:
        return None
    ssrc = int.from_bytes(body[4:8], "big")
    fci = body[8:]
    if kind == RTPFB:
        if count == NACK:
            return Nack(ssrc, fci)
        return TransportFeedback(fci) if count == TRANSPORT_FEEDBACK else None
    if count == PLI:
        return KeyFrameRequest(ssrc)
    if count == FIR and len(fci) >= 8:
        return KeyFrameRequest(int.from_bytes(fci[:4], "big"))
    if count == ALFB and len(fci) >= 8 and fci[:4] == b"REMB":
        return Estimate(((fci[5] & 3) << 16 | fci[6] << 8 | fci[7]) << (fci[5] >> 2))
    return None


def _blocks(count: int, data: bytes) -> tuple[Block, ...]:
    whole = min(count, len(data) // _BLOCK.size) * _BLOCK.size
    return tuple(
        Block(ssrc, loss >> 24, (loss & 0xFFFFFF) - (loss >> 23 & 1) * 0x1000000, highest, jitter, last_sr, delay)
        for ssrc, loss, highest, jitter, last_sr, delay in _BLOCK.iter_unpack(data[:whole])
    )


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def sender_report(ssrc: int, ntp: int, rtp: int, packets: int, octets: int) -> bytes:
    return _packet(SR, 0, struct.pack("!LQLLL", ssrc, ntp, rtp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF))


def receiver_report(blocks: Sequence[Block]) -> bytes:
    """At most 31 blocks."""
    body = b"".join(
        struct.pack(
            "!LLLLLL", b.ssrc, b.fraction_lost << 24 | b.lost & 0xFFFFFF, b.highest, b.jitter, b.last_sr, b.delay
        )
        for b in blocks
    )
    return _packet(RR, len(blocks), struct.pack("!L", SERVER_SSRC) + body)


def nack(ssrc: int, seqs: Iterable[int]) -> bytes:
    """Ask for `seqs`, in the order of sending (so that a wrap costs nothing)."""
    fci: list[tuple[int, int]] = []
    for seq in seqs:
        if fci and 1 <= (distance := (seq - fci[-1][0]) & 0xFFFF) <= 16:
            fci[-1] = (fci[-1][0], fci[-1][1] | 1 << distance - 1)
        else:
            fci.append((seq, 0))
    return _packet(RTPFB, NACK, struct.pack("!LL", SERVER_SSRC, ssrc) + b"".join(struct.pack("!HH", *f) for f in fci))


def picture_loss(ssrc: int) -> bytes:
    return _packet(PSFB, PLI, struct.pack("!LL", SERVER_SSRC, ssrc))


def transport_feedback(ssrc: int, body: bytes) -> bytes:
    return _packet(RTPFB, TRANSPORT_FEEDBACK, struct.pack("!LL", SERVER_SSRC, ssrc) + body)
