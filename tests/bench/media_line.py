"""One load client's line after ICE and DTLS have connected it: its socket, its keys, and packets that are ready to go.

The socket is taken from asyncio, so that sending and counting cost as little as they can; the packets are encrypted
before the clock runs.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from signalling import rtcp
from signalling.profile import OPUS, VP8
from tests.signalling.packets import DELTA_FRAME, KEY_FRAME, audio_level, rtp_packet, video_extensions

BUFFER = 4 << 20
FRAMES = 30
"""Frames a second of a picture, at most."""
KEY_EVERY = 30
"""Frames from one key frame to the next."""


@dataclass(frozen=True, slots=True)
class Stream:
    """So many packets a second with so many bytes of payload."""

    ssrc: int
    rate: int
    size: int
    is_video: bool

    def packets(self, seconds: float) -> list[tuple[float, bytes]]:
        """(when, RTP in the clear), from time 0."""
        made, seq, ts = [], secrets.randbits(15), secrets.randbits(31)
        phase = secrets.randbelow(20_000) / 1e6
        frames = min(FRAMES, self.rate)
        each = self.rate // frames if self.is_video else 1
        for n in range(int(seconds * self.rate)):
            if self.is_video:
                frame, part = divmod(n, each)
                head = (KEY_FRAME if frame % KEY_EVERY == 0 else DELTA_FRAME) if part == 0 else b"\x00" + bytes(4)
                at, stamp, extensions = frame / frames, frame * (90_000 // frames), video_extensions(n)
                marker, payload = part == each - 1, head + os.urandom(self.size - len(head))
            else:
                at, stamp, extensions = n / self.rate, n * 48_000 // self.rate, audio_level()
                marker, payload = False, os.urandom(self.size)
            kind = VP8 if self.is_video else OPUS
            packet = rtp_packet(kind, seq + n, ts + stamp, self.ssrc, payload, marker=marker, extensions=extensions)
            made.append((phase + at, packet))
        return made


@dataclass(frozen=True, slots=True)
class Film(Stream):
    """Real frames, each in its packets' payloads, over and over."""

    frames: Sequence[Sequence[bytes]]
    clock: int

    def packets(self, seconds: float) -> list[tuple[float, bytes]]:
        made, seq, ts, n = [], secrets.randbits(15), secrets.randbits(31), 0
        kind = VP8 if self.is_video else OPUS
        for number in range(int(seconds * self.rate)):
            stamp = ts + number * (self.clock // self.rate)
            parts = self.frames[number % len(self.frames)]
            for part in parts:
                packet = rtp_packet(kind, seq + n, stamp, self.ssrc, part, marker=self.is_video and part is parts[-1])
                made.append((number / self.rate, packet))
                n += 1
        return made


@dataclass(eq=False, slots=True)
class Line:
    connection: Any
    """aioice's, connected."""
    keys: Any
    """The `RTCDtlsTransport`, kept for its two SRTP sessions."""
    sock: socket.socket = field(init=False)
    sends: list[Stream] = field(default_factory=list)
    hears: list[int] = field(default_factory=list)
    """SSRCs that may arrive, for the receiver reports."""
    received: int = 0
    newest: dict[int, int] = field(default_factory=dict)
    """SSRC -> newest sequence number, of lines that are looked at closely."""
    gaps: int = 0
    last: bytes = b""
    """The newest encrypted packet."""

    def take(self) -> None:
        """From now on asyncio does not read the socket: whoever takes it answers the checks by `check`.

        To be called when everybody is connected: who answers no checks is given up after 3 s.
        """
        self.keys._task.cancel()
        if self.connection._query_consent_task:
            self.connection._query_consent_task.cancel()
        pair = self.connection._nominated[1]
        number = pair.protocol.transport._sock_fd
        asyncio.get_running_loop()._remove_reader(number)  # type: ignore[attr-defined]
        self.sock = socket.socket(fileno=os.dup(number))
        self.sock.connect(pair.remote_addr)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)

    def check(self, datagram: bytes) -> None:
        """STUN that came."""
        pair = self.connection._nominated[1]
        pair.protocol.datagram_received(datagram, pair.remote_addr)

    def ready(self, seconds: float) -> list[tuple[float, bytes]]:
        """Every datagram of so many seconds, encrypted, with its time: media, and the reports of once a second."""
        protect, protect_rtcp = self.keys._tx_srtp.protect, self.keys._tx_srtp.protect_rtcp
        made = [(at, protect(packet)) for stream in self.sends for at, packet in stream.packets(seconds)]
        phase = secrets.randbelow(1_000_000) / 1e6
        for second in range(int(seconds)):
            at = second + phase
            for stream in self.sends:
                ntp = int((time.time() + second + 2208988800) * (1 << 32))
                report = rtcp.sender_report(stream.ssrc, ntp, second * 48_000, second * stream.rate, 0)
                made.append((at, protect_rtcp(report)))
            for first in range(0, len(self.hears), 30):
                some = self.hears[first : first + 30]
                made.append((at, protect_rtcp(_receiver_report(self.sends[0].ssrc if self.sends else 1, some))))
        return made

    def opens(self) -> bool:
        """Can what came last be decrypted?"""
        try:
            self.keys._rx_srtp.unprotect(self.last)
        except Exception:
            return False
        return True


@dataclass(eq=False, slots=True)
class Bare(Line):
    """A socket without keys, for the kernel's own figure; the packets are as long as if they were encrypted."""

    def take(self) -> None:
        return

    def ready(self, seconds: float) -> list[tuple[float, bytes]]:
        return [(at, packet + bytes(16)) for stream in self.sends for at, packet in stream.packets(seconds)]

    def opens(self) -> bool:
        return bool(self.last)


def _receiver_report(own: int, heard: list[int]) -> bytes:
    blocks = b"".join(struct.pack("!LLLLLL", ssrc, 0, 0, 10, 0, 0) for ssrc in heard)
    return struct.pack("!BBHL", 0x80 | len(heard), rtcp.RR, 1 + 6 * len(heard), own) + blocks
