"""The attacks of `bench_attacks.py`: what each of them sends, as fast as a C program would.

Eve is somebody who was invited: she has passed ICE and DTLS and holds keys.  Strangers have nothing but the server's
address.  A volley is up to 256 datagrams with one system call.
"""

from __future__ import annotations

import itertools
import os
import secrets
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aioice import stun
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import SRTP_PROFILES
from OpenSSL import SSL

from signalling import rtcp
from signalling.allowance import MEDIA
from signalling.insides import allocate, memmove, protect
from signalling.mmsg import sockaddr
from signalling.outbox import Destination
from signalling.profile import OPUS, RTX, VP8
from tests.bench.volley import Volley
from tests.signalling.client import Client
from tests.signalling.packets import KEY_FRAME, audio_level, rtp_packet

VOLLEY: Final = 256
STRANGERS: Final = 1000
"""Addresses, each with a socket of its own."""
SECONDS: Final = 3.0
HEARD: Final = MEDIA.burst + int(MEDIA.per_second * (SECONDS + 0.3))
"""Packets of one person that are taken meanwhile."""
Fire = Callable[["Target"], tuple[int, int]]
"""Send one volley there; (datagrams, bytes) that went."""


class Target:
    def __init__(self, address: tuple[str, int], *, real: bool = False) -> None:
        """`real`: it is the server, not a socket that nobody reads."""
        self.address, self.real = address, real
        self.at = Destination(sockaddr(address, socket.AF_INET))


@dataclass(slots=True)
class Eve:
    client: Client
    sock: socket.socket
    """Connected to the server, from the address that has passed ICE."""
    server: tuple[str, int]
    victim: tuple[str, int]
    """The address of somebody in another room."""
    strangers: list[socket.socket]
    newest: int = 0
    """Sequence number of the picture that she is shown."""

    @property
    def connection(self) -> Any:
        return self.client._gatherer._connection

    def rtp(self, packet: bytes) -> bytes:
        return bytes(self.client.dtls._tx_srtp.protect(packet))

    def rtcp(self, packet: bytes) -> bytes:
        return bytes(self.client.dtls._tx_srtp.protect_rtcp(packet))

    def ssrc(self, kind: str) -> int:
        source = {"voice": self.client.voice, "high": self.client.high}[kind]
        assert source is not None
        return source.ssrc


@dataclass(frozen=True, slots=True)
class Attack:
    make: Callable[[Eve], Fire]
    heard: bool = False
    """The plan lets eleven people hear and see her."""
    allowed: int = 0
    """Packets that may come to each of them."""
    sees: bool = False
    """The plan lets her see one of them."""
    half_open: bool = False
    """Many who begin to connect and never finish, besides."""


def _canned(socks: Sequence[socket.socket], datagrams: Sequence[bytes]) -> Fire:
    """The same again and again, from each socket in turn."""
    batch, turns, whole = Volley(VOLLEY), itertools.cycle(socks), 0
    for place, datagram in zip(range(VOLLEY), itertools.cycle(datagrams), strict=False):
        batch.views[place][: len(datagram)] = datagram
        batch.sizes[2 * place + 1] = len(datagram)
        whole += len(datagram)

    def fire(to: Target) -> tuple[int, int]:
        for place in range(VOLLEY):
            batch.names[8 * place] = to.at.pointer
        sent = max(0, batch.send(next(turns).fileno(), VOLLEY))
        return sent, whole * sent // VOLLEY

    return fire


def _fresh(eve: Eve, packets: Callable[[int], bytes]) -> Fire:
    """Authentic, and never the same twice: packet `n`, with a sequence number of its own, is encrypted as it goes."""
    batch, number, length = Volley(VOLLEY), itertools.count(1), allocate("int *")
    session = eve.client.dtls._tx_srtp._srtp[0]

    def fire(to: Target) -> tuple[int, int]:
        whole = 0
        for place in range(VOLLEY):
            packet = packets(next(number) if to.real else 1)
            memmove(batch.buffers[place], packet, len(packet))
            length[0] = len(packet)
            assert protect(session, batch.buffers[place], length) == 0
            batch.sizes[2 * place + 1] = length[0]
            batch.names[8 * place] = to.at.pointer
            whole += length[0]
        sent = max(0, batch.send(eve.sock.fileno(), VOLLEY))
        return sent, whole * sent // VOLLEY

    return fire


def _spoofed(eve: Eve, datagrams: Sequence[bytes]) -> Fire:
    """With somebody else's address written on the envelope (it takes a raw socket)."""
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.setblocking(False)
    host, port = eve.victim

    def fire(to: Target) -> tuple[int, int]:
        server, number = to.address
        sent = size = 0
        for datagram in datagrams:
            udp = struct.pack("!HHHH", port, number, 8 + len(datagram), 0) + datagram
            ends = socket.inet_aton(host), socket.inet_aton(server)
            head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0, *ends)
            with suppress(BlockingIOError):
                raw.sendto(head + udp, (server, 0))
                sent += 1
                size += len(datagram)
        return sent, size

    return fire


# ---- media ----------------------------------------------------------------------------------------------------------


def _voice(eve: Eve, size: int = 1100) -> Fire:
    ssrc, level, body = eve.ssrc("voice"), audio_level(), bytes(size)
    return _fresh(eve, lambda n: rtp_packet(OPUS, n, 960 * n, ssrc, body, extensions=level))


def _smuggled(eve: Eve) -> Fire:
    voice, high = eve.ssrc("voice"), eve.ssrc("high")
    assert eve.client.high is not None
    rtx = eve.client.high.rtx_ssrc

    def packet(n: int) -> bytes:
        match n % 5:
            case 0:
                return rtp_packet(VP8, n, n, voice, KEY_FRAME + bytes(900))
            case 1:
                return rtp_packet(OPUS, n, n, high, bytes(900))
            case 2:
                return rtp_packet(OPUS, n, n, voice, b"", padding=250)
            case 3:
                return rtp_packet(RTX, n, n, rtx, b"\x00\x01" + KEY_FRAME + bytes(900))
            case _:
                return rtp_packet(RTX, n, n, rtx, b"", padding=250)

    return _fresh(eve, packet)


def _undeclared(eve: Eve) -> Fire:
    return _canned([eve.sock], [eve.rtp(rtp_packet(OPUS, n, n, 7000 + n, bytes(1100))) for n in range(VOLLEY)])


def _replayed(eve: Eve) -> Fire:
    ssrc = eve.ssrc("voice")
    return _canned([eve.sock], [eve.rtp(rtp_packet(OPUS, n, n, ssrc, bytes(1100))) for n in range(VOLLEY)])


def _torn(eve: Eve) -> Fire:
    ssrc = struct.pack("!L", eve.ssrc("voice"))
    sizes = [*range(1, 30), *range(1495, 2048, 11)]
    return _canned([eve.sock], [(b"\x90\x6f\x00\x01\x00\x00\x00\x01" + ssrc + os.urandom(2048))[:n] for n in sizes])


def _forged(eve: Eve) -> Fire:
    return _spoofed(eve, [b"\x80\x6f" + os.urandom(200) for _ in range(64)])


# ---- reports --------------------------------------------------------------------------------------------------------


def _bombs(eve: Eve) -> Fire:
    """Reports with as much in them as fits: requests, blocks, and names that are not ours."""
    slot = eve.client.ssrc(0, "video")
    block = rtcp.Block(slot, 255, 1, 2, 3, 4, 5)
    bombs = (rtcp.picture_loss(slot) * 100, rtcp.receiver_report([block] * 28) + rtcp.receiver_report([block] * 20))
    return _canned([eve.sock], [eve.rtcp(bombs[n % 2]) for n in range(VOLLEY)])


def _false_reports(eve: Eve) -> Fire:
    head = struct.pack("!BBHL", 0x80, rtcp.RR, 1, eve.ssrc("voice"))
    return _canned([eve.sock], [head + os.urandom(n) for n in range(VOLLEY)])


def _nacks(eve: Eve) -> Fire:
    """All that has come lately, of a picture that she is shown."""
    slot = eve.client.ssrc(0, "video")

    def fire(to: Target) -> tuple[int, int]:
        asked = rtcp.nack(slot, [(eve.newest - n) & 0xFFFF for n in range(400, 0, -1)])
        return _canned([eve.sock], [eve.rtcp(asked) for _ in range(VOLLEY)])(to)

    return fire


def _key_frames(eve: Eve) -> Fire:
    slot = eve.client.ssrc(0, "video")
    return _canned([eve.sock], [eve.rtcp(rtcp.picture_loss(slot)) for _ in range(VOLLEY)])


# ---- STUN and DTLS --------------------------------------------------------------------------------------------------


def _check(eve: Eve, name: str, key: bytes) -> bytes:
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    request.attributes |= {"USERNAME": name, "PRIORITY": 1, "ICE-CONTROLLED": 1}
    request.transaction_id = secrets.token_bytes(12)
    request.add_message_integrity(key)
    return bytes(request)


def _name(eve: Eve) -> str:
    return f"{eve.connection.remote_username}:{eve.connection.local_username}"


def _checks_for_nobody(eve: Eve) -> Fire:
    made = [_check(eve, f"{secrets.token_hex(4)}:them", b"a guess") for _ in range(VOLLEY)]
    hidden = b"".join(b"\x00\x24\x00\x00" for _ in range(300))
    far = [m[:2] + struct.pack("!H", len(m) - 20 + len(hidden)) + m[4:20] + hidden + m[20:] for m in made]
    return _canned(eve.strangers, [(made, far)[n % 2][n] for n in range(VOLLEY)])


def _checks_unsigned(eve: Eve) -> Fire:
    return _canned(eve.strangers, [_check(eve, _name(eve), b"a guess") for _ in range(VOLLEY)])


def _checks_signed(eve: Eve) -> Fire:
    key = eve.connection.remote_password.encode()
    return _canned([eve.sock, *eve.strangers[:64]], [_check(eve, _name(eve), key) for _ in range(VOLLEY)])


def _hello() -> bytes:
    made = SSL.Connection(RTCCertificate.generateCertificate()._create_ssl_context(SRTP_PROFILES))
    made.set_connect_state()
    try:
        made.do_handshake()
    except SSL.WantReadError:
        return bytes(made.bio_read(2000))
    raise AssertionError


def _hellos_of_strangers(eve: Eve) -> Fire:
    return _canned(eve.strangers, [_hello() for _ in range(8)])


def _hellos(eve: Eve) -> Fire:
    return _canned([eve.sock], [_hello() for _ in range(8)])


def _records(eve: Eve) -> Fire:
    """Thirty records of DTLS in each datagram."""
    tls: Any = eve.client.dtls._ssl
    datagrams = []
    for _ in range(VOLLEY):
        datagram = b""
        for _ in range(30):
            tls.send(b"x")
            datagram += tls.bio_read(2000)
        datagrams.append(datagram)
    return _canned([eve.sock], datagrams)


ATTACKS: Final[Mapping[str, Attack]] = {
    "authentic packets of a voice that nobody may hear": Attack(_voice),
    "the same, where the plan lets eleven hear it": Attack(_voice, heard=True, allowed=HEARD),
    "wrong payload types, padding, RTX": Attack(_smuggled, heard=True),
    "undeclared SSRCs": Attack(_undeclared, heard=True),
    "replayed packets, of which the first are heard": Attack(_replayed, heard=True, allowed=VOLLEY),
    "truncated and oversize packets": Attack(_torn, heard=True),
    "packets from somebody else's address": Attack(_forged),
    "reports full of requests and blocks": Attack(_bombs, sees=True),
    "reports that are not authentic": Attack(_false_reports),
    "NACKs for everything": Attack(_nacks, sees=True),
    "key-frame requests": Attack(_key_frames, sees=True),
    "STUN for nobody, 1,000 addresses": Attack(_checks_for_nobody),
    "STUN with a wrong password, 1,000 addresses": Attack(_checks_unsigned),
    "authentic STUN, 65 addresses": Attack(_checks_signed),
    "ClientHellos, 1,000 addresses": Attack(_hellos_of_strangers),
    "ClientHellos behind the handshake": Attack(_hellos),
    "DTLS records, 30 in a datagram": Attack(_records),
    "handshakes begun and never finished": Attack(_hellos_of_strangers, half_open=True),
}
