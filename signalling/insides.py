"""Every use of the insides of aioice, aiortc and pylibsrtp.  Their versions are pinned exactly, and
tests/signalling/test_insides.py fails loudly when a new one moves something.

What is leaned on, and why:
* `aioice.ice.Connection` is subclassed.  It binds the addresses it is told (so no STUN server is ever asked, and
  loopback works), learns the other side's addresses only from authenticated checks, says when the nominated pair
  changes, leaves a pair that no longer answers, and sends consent checks when `check_consent` says so, which finds a
  dead line in 3 s instead of 30 (RFC 7675).
* `aioice.ice.StunProtocol.datagram_received` is overridden: SRTP goes straight to `on_media`, with no queue and no
  task.  What it passes on is bounded, and DTLS must come from an address that has passed a check: a stranger can
  neither race the handshake with a ClientHello of their own nor fill a queue.
* `RTCDtlsTransport` gets the `Connection` itself as its ICE transport, of which it asks `role`, `_recv` and `_send`.
  Its `_rx_srtp` and `_tx_srtp` are kept: a session that is freed takes the C handle `_srtp[0]` with it.
* `pylibsrtp._binding` gives libsrtp without a copy for each call.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Protocol, cast

from aioice import Candidate, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import CandidatePair, Connection, StunProtocol, get_host_addresses
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from pylibsrtp import Error as SrtpError
from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

from signalling.errors import NoAddress

protect: Callable[[Any, Any, Any], int] = lib.srtp_protect
unprotect: Callable[[Any, Any, Any], int] = lib.srtp_unprotect
memmove: Callable[[Any, Any, int], None] = ffi.memmove
allocate: Callable[..., Any] = ffi.new
view: Callable[[Any], Any] = ffi.buffer

SOCKET_BUFFER: Final = 1 << 20
MOST_ADDRESSES: Final = 32
"""Addresses that one person may be seen at during one connection."""
MOST_QUEUED: Final = 64
"""DTLS datagrams that wait to be read."""
FROM_KNOWN, FROM_STRANGERS = 300, 100
"""STUN and DTLS datagrams that are looked at in a second."""
UNANSWERED: Final = 4
"""Consent checks without an answer after which another pair is tried."""


def own_addresses() -> list[str]:
    """The machine's own addresses, and loopback for browsers on it."""
    return [*dict.fromkeys([*get_host_addresses(use_ipv4=True, use_ipv6=True), "127.0.0.1"])]


def nowhere(_: bytes) -> None:
    """Where media goes before the keys are there and after the end."""


class Owner(Protocol):
    """Who is told by `Ice`."""

    def follow(self, sock: socket.socket, address: tuple[str, int]) -> None:
        """The other side is reached here from now on."""

    def heard(self, round_trip: float | None) -> None:
        """Something authentic came; if it answered a check, so long (in s) after it."""


class _Datagrams(StunProtocol):
    """One socket of a connection: tells media, DTLS and STUN apart by their first byte (RFC 7983)."""

    def __init__(self, ice: Ice, sock: socket.socket) -> None:
        super().__init__(ice)
        self.ice = ice
        self.sock = sock
        self.on_media: Callable[[bytes], None] = nowhere

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        data = cast("bytes", data)
        first = data[0] if data else 255
        if 127 < first < 192:
            self.on_media(data)
        elif first < 4 or 19 < first < 64:
            known = self.ice.knows(addr)
            if (known or first < 4) and self.ice.may_spend(known):
                try:
                    super().datagram_received(data, addr)
                except Exception as fault:  # aioice trusts the length of attributes; a stranger must not fill the log
                    logging.getLogger(__name__).debug("a datagram was dropped: %s", type(fault).__name__)


@dataclass(frozen=True, slots=True)
class _Consent:
    """One consent check under way.  aioice finds it by its transaction id, as one of its own."""

    ice: Ice
    sent_at: float

    def response_received(self, message: stun.Message, _: tuple[str, int]) -> None:
        if message.message_class == stun.Class.RESPONSE and message.check_message_integrity(self.ice.remote_key):
            self.ice.consented(message.transaction_id, monotonic() - self.sent_at)


class Ice(Connection):
    """The controlling side of one connection (RFC 8445)."""

    def __init__(self, addresses: Sequence[str], owner: Owner) -> None:
        super().__init__(
            ice_controlling=True, local_username=secrets.token_hex(4), local_password=secrets.token_hex(16)
        )
        self._addresses = addresses
        self._owner = owner
        self._budget = [FROM_STRANGERS, FROM_KNOWN]
        self._asked: dict[bytes, _Datagrams] = {}  # consent checks without an answer
        self._checked_at: dict[CandidatePair, float] = {}
        self._followed: CandidatePair | None = None

    @property
    def remote_key(self) -> bytes:
        return (self.remote_password or "").encode()

    # -- what RTCDtlsTransport asks of an ICE transport

    role = "controlling"

    async def _recv(self) -> bytes:
        return await self.recv()

    async def _send(self, data: bytes) -> None:
        await self.send(data)

    # -- gathering: exactly the addresses that were given

    async def gather_candidates(self) -> None:
        """Raises NoAddress when none of them can be bound."""
        loop = asyncio.get_running_loop()
        for preference, address in enumerate(self._addresses):
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.setblocking(False)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
                sock.bind((address, 0))
            except OSError:
                sock.close()
                continue
            protocol = _Datagrams(self, sock)
            # mypy has no type for a lambda's default
            await loop.create_datagram_endpoint(lambda p=protocol: p, sock=sock)  # type: ignore[misc]
            host, port = sock.getsockname()[:2]
            foundation = candidate_foundation("host", "udp", host)
            priority = candidate_priority(1, "host", 65535 - preference)
            protocol.local_candidate = Candidate(foundation, 1, "udp", priority, host, port, "host")
            self._protocols.append(protocol)
            self._local_candidates.append(protocol.local_candidate)
        if not self._protocols:
            raise NoAddress
        self._local_candidates_start = self._local_candidates_end = True

    # -- what strangers can cost

    def knows(self, addr: tuple[Any, ...]) -> bool:
        """Has this address passed an authenticated check?"""
        return any(c.port == addr[1] and c._network_host == addr[0] for c in self._remote_candidates)

    def may_spend(self, known: bool) -> bool:
        self._budget[known] -= 1
        return self._budget[known] >= 0

    def renew_budget(self) -> None:
        self._budget = [FROM_STRANGERS, FROM_KNOWN]

    def data_received(self, data: bytes, component: int) -> None:
        if self._queue.qsize() < MOST_QUEUED:
            super().data_received(data, component)

    # -- where the other side is

    def check_incoming(self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        if "PRIORITY" not in message.attributes:
            return
        if not self.knows(addr) and len(self._remote_candidates) >= MOST_ADDRESSES:
            return
        super().check_incoming(message, addr, protocol)
        self._owner.heard(None)
        for pair in self._check_list:
            if pair.protocol is protocol and pair.remote_addr == addr:
                self._checked_at[pair] = monotonic()

    def check_complete(self, pair: CandidatePair) -> None:
        super().check_complete(pair)
        self._follow()

    def _follow(self) -> None:
        pair = self._nominated.get(1)
        if pair is not None and pair is not self._followed:
            self._followed = pair
            self._asked.clear()
            self._owner.follow(cast("_Datagrams", pair.protocol).sock, pair.remote_addr)

    def _leave_dead_pair(self) -> None:
        """Use the pair, among the others, on which the other side has checked last."""
        seen = self._checked_at
        others = [p for p in seen if p is not self._followed and p.state is CandidatePair.State.SUCCEEDED]
        if others:
            self._nominated[1] = max(others, key=seen.__getitem__)
            self._follow()

    # -- consent (RFC 7675)

    async def query_consent(self) -> None:
        """Nothing: aioice would ask every 5 s, in a task for each connection."""

    @property
    def unanswered(self) -> int:
        """Consent checks in a row that had no answer yet."""
        return len(self._asked)

    def check_consent(self, now: float) -> None:
        pair = self._nominated.get(1)
        if pair is None:
            return
        if self.unanswered >= UNANSWERED:
            self._leave_dead_pair()
            pair = self._nominated[1]
        request = self.build_request(pair, nominate=False)
        request.add_message_integrity(self.remote_key)
        protocol = cast("_Datagrams", pair.protocol)
        while self.unanswered > 2 * UNANSWERED:
            oldest = next(iter(self._asked))
            self._asked.pop(oldest).transactions.pop(oldest, None)
        self._asked[request.transaction_id] = protocol
        protocol.transactions[request.transaction_id] = cast("stun.Transaction", _Consent(self, now))
        protocol.send_stun(request, pair.remote_addr)

    def consented(self, transaction: bytes, round_trip: float) -> None:
        for asked, protocol in self._asked.items():
            protocol.transactions.pop(asked, None)
        self._asked.clear()
        self._owner.heard(round_trip)

    def route_media(self, on_media: Callable[[bytes], None]) -> None:
        for protocol in self._protocols:
            cast("_Datagrams", protocol).on_media = on_media


@dataclass(frozen=True, slots=True)
class Keys:
    """SRTP both ways.  `rx` and `tx` are libsrtp's own handles and live as long as the sessions here."""

    receive: Session
    send: Session
    rx: Any
    tx: Any

    def protect_rtcp(self, data: bytes) -> bytes:
        return bytes(self.send.protect_rtcp(data))

    def unprotect_rtcp(self, data: bytes) -> bytes | None:
        """None when it is not authentic, or too long."""
        try:
            return bytes(self.receive.unprotect_rtcp(data))
        except (SrtpError, ValueError):
            return None


class Dtls:
    """The handshake over an `Ice`, with a certificate of its own: nothing links two connections of one person."""

    def __init__(self, ice: Ice) -> None:
        # aiortc declares RTCIceTransport here, and uses of it what Ice has
        self._transport = RTCDtlsTransport(cast("Any", ice), [RTCCertificate.generateCertificate()])

    @property
    def fingerprint(self) -> str:
        return next(f.value for f in self._transport.getLocalParameters().fingerprints if f.algorithm == "sha-256")

    async def handshake(self, fingerprint: str, *, as_server: bool, on_closed: Callable[[], None]) -> Keys | None:
        """None when it fails.  `on_closed` is called when the other side says goodbye later."""
        transport = self._transport
        transport._set_role("server" if as_server else "client")
        await transport.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", fingerprint)]))
        if transport.state != "connected":
            return None
        transport.on("statechange", on_closed)  # from "connected" there is only the end
        receive, send = transport._rx_srtp, transport._tx_srtp
        return Keys(receive, send, receive._srtp[0], send._srtp[0])

    def forget(self) -> None:
        """Tell nobody of the end."""
        self._transport.remove_all_listeners()

    async def close(self) -> None:
        self.forget()
        await self._transport.stop()
