"""RTP as a browser makes it, and as it arrives."""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass, field

from signalling.profile import ABS_SEND_TIME, AUDIO_LEVEL, TRANSPORT_CC

KEY_FRAME = b"\x10\x00\x9d\x01\x2a"
DELTA_FRAME = b"\x10\x01\x00\x00\x00"


@dataclass(frozen=True, slots=True)
class Received:
    """One decrypted RTP packet as it came."""

    at: float
    raw: bytes
    """As it stood on the wire, encrypted."""
    plain: bytes

    @property
    def payload_type(self) -> int:
        return self.plain[1] & 127

    @property
    def seq(self) -> int:
        return int.from_bytes(self.plain[2:4], "big")

    @property
    def ts(self) -> int:
        return int.from_bytes(self.plain[4:8], "big")

    @property
    def ssrc(self) -> int:
        return int.from_bytes(self.plain[8:12], "big")

    @property
    def payload(self) -> bytes:
        offset = 12 + 4 * (self.plain[0] & 15)
        if self.plain[0] & 16:
            offset += 4 + 4 * int.from_bytes(self.plain[offset + 2 : offset + 4], "big")
        return self.plain[offset:]


@dataclass(slots=True)
class Source:
    """Canned RTP of one track: sequence numbers and timestamps as a browser makes them."""

    payload_type: int
    ssrc: int = field(default_factory=lambda: secrets.randbits(31) + 2)
    rtx_ssrc: int = field(default_factory=lambda: secrets.randbits(31) + 2)
    seq: int = field(default_factory=lambda: secrets.randbits(15))
    ts: int = field(default_factory=lambda: secrets.randbits(32))
    step: int = 960
    packets: int = 0
    octets: int = 0

    def packet(self, payload: bytes, *, marker: bool = False, extensions: bytes = b"", advance: bool = True) -> bytes:
        """The next packet; `advance=False` stays in the same frame."""
        self.seq = (self.seq + 1) & 0xFFFF
        if advance:
            self.ts = (self.ts + self.step) & 0xFFFFFFFF
        self.packets += 1
        self.octets += len(payload)
        return rtp_packet(
            self.payload_type, self.seq, self.ts, self.ssrc, payload, marker=marker, extensions=extensions
        )


def rtp_packet(
    payload_type: int,
    seq: int,
    ts: int,
    ssrc: int,
    payload: bytes,
    *,
    marker: bool = False,
    extensions: bytes = b"",
    padding: int = 0,
) -> bytes:
    """`extensions` are one-byte header extension elements (RFC 8285)."""
    first = 0x80 | (0x10 if extensions else 0) | (0x20 if padding else 0)
    head = struct.pack("!BBHLL", first, marker << 7 | payload_type, seq & 0xFFFF, ts & 0xFFFFFFFF, ssrc)
    if extensions:
        extensions += bytes(-len(extensions) % 4)
        head += struct.pack("!HH", 0xBEDE, len(extensions) // 4) + extensions
    return head + payload + (bytes(padding - 1) + bytes((padding,)) if padding else b"")


def audio_level(level: int = 30) -> bytes:
    return bytes((AUDIO_LEVEL << 4, level))


def video_extensions(wide: int) -> bytes:
    return bytes((ABS_SEND_TIME << 4 | 2, 0, 0, 0, TRANSPORT_CC << 4 | 1)) + struct.pack("!H", wide & 0xFFFF)
