"""One person's path to the server: ICE, then DTLS, then SRTP keys.  Every use of the insides of aioice, aiortc and
pylibsrtp stands in this file; tests/signalling/test_transport_contract.py fails loudly when a new version moves one.

What is leaned on, and why:
* `aioice.ice.Connection` is subclassed: it binds the addresses it is told (so no STUN server is ever asked and loopback
  works), learns the other side's addresses only from authenticated checks, reports a change of the nominated pair, and
  leaves consent checks to `check_consent`, which finds a dead line in 3 s instead of 30 (RFC 7675).
* `aioice.ice.StunProtocol.datagram_received` is overridden: SRTP goes straight to `on_media`, with no queue and no
  task. What it passes on is bounded and comes from an address that has passed a check, so that a stranger can neither
  race the handshake with a ClientHello of their own nor fill a queue.
* `RTCDtlsTransport` gets the `Connection` itself as its ICE transport (it asks for `role`, `_recv` and `_send`), and
  its `_rx_srtp` and `_tx_srtp` sessions are kept: a session that is freed takes the C handles below with it.
* `pylibsrtp._binding` gives libsrtp without a copy for each call.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, cast

from aioice import Candidate, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import CandidatePair, Connection, StunProtocol, get_host_addresses
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from pylibsrtp import Error as SrtpError
from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

from signalling.answer import Answer
from signalling.errors import NoAddress
from signalling.offer import Credentials

protect: Callable[[Any, Any, Any], int] = lib.srtp_protect
unprotect: Callable[[Any, Any, Any], int] = lib.srtp_unprotect
memmove: Callable[[Any, Any, int], None] = ffi.memmove
allocate: Callable[..., Any] = ffi.new
view: Callable[[Any], Any] = ffi.buffer

_SOCKET_BUFFER = 1 << 20
_MOST_ADDRESSES = 32
_MOST_QUEUED = 64
_MOST_REPORTERS = 64
_COLD_PER_SECOND = 300
_CONSENT_EVERY = 2.5
_QUIET = 0.9
_CONSENT_OPEN = 8


def own_addresses() -> list[str]:
    """The machine's own addresses, and loopback for browsers on it."""
    return [*dict.fromkeys([*get_host_addresses(use_ipv4=True, use_ipv6=True), "127.0.0.1"])]


def silence_libraries() -> None:
    """aioice logs addresses at INFO, and nobody's address belongs into a log."""
    for name in ("aioice", "aiortc"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _nowhere(_: bytes) -> None:
    return


class _Datagrams(StunProtocol):
    """One socket of a connection: tells media, DTLS and STUN apart by their first byte (RFC 7983)."""

    def __init__(self, ice: _Ice, sock: socket.socket) -> None:
        super().__init__(ice)
        self.ice = ice
        self.sock = sock
        self.on_media: Callable[[bytes], None] = _nowhere

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        data = cast("bytes", data)
        first = data[0] if data else 255
        if 127 < first < 192:
            self.on_media(data)
        elif (first < 4 or (19 < first < 64 and self.ice.knows(addr))) and self.ice.may_spend():
            try:
                super().datagram_received(data, addr)
            except Exception as fault:  # aioice trusts the length of STUN attributes; a stranger must not fill the log
                logging.getLogger(__name__).debug("a datagram was dropped: %s", type(fault).__name__)


class _Consent:
    """One consent check under way.  aioice finds it by its transaction id, as one of its own."""

    __slots__ = ("ice", "sent_at")

    def __init__(self, ice: _Ice, sent_at: float) -> None:
        self.ice = ice
        self.sent_at = sent_at

    def response_received(self, message: stun.Message, _: tuple[str, int]) -> None:
        key = (self.ice.remote_password or "").encode()
        if message.message_class == stun.Class.RESPONSE and message.check_message_integrity(key):
            self.ice.consented(message.transaction_id, monotonic() - self.sent_at)


class _Ice(Connection):
    def __init__(self, addresses: Sequence[str], path: Path) -> None:
        super().__init__(
            ice_controlling=True, local_username=secrets.token_hex(4), local_password=secrets.token_hex(16)
        )
        self._addresses = addresses
        self._path = path
        self._budget = _COLD_PER_SECOND
        self._consents: dict[bytes, tuple[_Datagrams, _Consent]] = {}

    # What RTCDtlsTransport asks of an ICE transport.

    role = "controlling"

    async def _recv(self) -> bytes:
        return await self.recv()

    async def _send(self, data: bytes) -> None:
        await self.send(data)

    # Gathering: exactly the addresses that were given.

    async def gather_candidates(self) -> None:
        loop = asyncio.get_running_loop()
        for preference, address in enumerate(self._addresses):
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.setblocking(False)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BUFFER)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BUFFER)
                sock.bind((address, 0))
            except OSError:
                sock.close()
                continue
            _, protocol = await loop.create_datagram_endpoint(
                lambda sock=sock: _Datagrams(self, sock),  # type: ignore[misc]  # mypy: default argument of a lambda
                sock=sock,
            )
            host, port = sock.getsockname()[:2]
            protocol.local_candidate = Candidate(
                foundation=candidate_foundation("host", "udp", host),
                component=1,
                transport="udp",
                priority=candidate_priority(1, "host", 65535 - preference),
                host=host,
                port=port,
                type="host",
            )
            self._protocols.append(protocol)
            self._local_candidates.append(protocol.local_candidate)
        if not self._protocols:
            raise NoAddress
        self._local_candidates_start = self._local_candidates_end = True

    # What strangers can cost.

    def knows(self, addr: tuple[Any, ...]) -> bool:
        """Has this address passed an authenticated check?"""
        return any(c.port == addr[1] and c._network_host == addr[0] for c in self._remote_candidates)

    def may_spend(self) -> bool:
        self._budget -= 1
        return self._budget >= 0

    def renew_budget(self) -> None:
        self._budget = _COLD_PER_SECOND

    def data_received(self, data: bytes, component: int) -> None:
        if self._queue.qsize() < _MOST_QUEUED:
            super().data_received(data, component)

    def check_incoming(self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        if "PRIORITY" in message.attributes and (self.knows(addr) or len(self._remote_candidates) < _MOST_ADDRESSES):
            self._path.heard_at = monotonic()
            super().check_incoming(message, addr, protocol)

    def check_complete(self, pair: CandidatePair) -> None:
        super().check_complete(pair)
        nominated = self._nominated.get(1)
        if nominated is not None:
            self._path.follow(cast("_Datagrams", nominated.protocol).sock, nominated.remote_addr)

    # Consent (RFC 7675), sent by `check_consent` instead of a task for each connection.

    async def query_consent(self) -> None:
        return

    def check_consent(self, now: float) -> None:
        pair = self._nominated.get(1)
        if pair is None:
            return
        request = self.build_request(pair, nominate=False)
        request.add_message_integrity((self.remote_password or "").encode())
        protocol = cast("_Datagrams", pair.protocol)
        consent = _Consent(self, now)
        while len(self._consents) >= _CONSENT_OPEN:
            oldest = next(iter(self._consents))
            self._consents.pop(oldest)[0].transactions.pop(oldest, None)
        self._consents[request.transaction_id] = protocol, consent
        protocol.transactions[request.transaction_id] = cast("stun.Transaction", consent)
        protocol.send_stun(request, pair.remote_addr)

    def consented(self, transaction: bytes, round_trip: float) -> None:
        protocol, _ = self._consents.pop(transaction)
        protocol.transactions.pop(transaction, None)
        self._path.heard_at = monotonic()
        self._path.round_trip = round_trip

    def route_media(self, on_media: Callable[[bytes], None]) -> None:
        for protocol in self._protocols:
            cast("_Datagrams", protocol).on_media = on_media


class Path:
    """ICE, DTLS and SRTP of one connection.  The attributes are what the hot path reads."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.rx: Any = None
        self.tx: Any = None
        """libsrtp sessions; None before the handshake is done and after `close`."""
        self.sendto: Callable[[Any, Any], int] = _unconnected
        self.address: tuple[str, int] = ("", 0)
        self.heard_at = monotonic()
        """When something authentic last came from the other side."""
        self.round_trip = 0.1
        self._consent_at = 0.0
        self._reporters: set[bytes] = set()
        self._sessions: tuple[Session, Session] | None = None
        self._ice = _Ice(addresses, self)
        # aiortc declares RTCIceTransport here, and uses of it what _Ice has
        self._dtls = RTCDtlsTransport(cast("Any", self._ice), [RTCCertificate.generateCertificate()])

    async def gather(self) -> Credentials:
        """Bind the sockets.  Raises NoAddress."""
        await self._ice.gather_candidates()
        fingerprint = next(f for f in self._dtls.getLocalParameters().fingerprints if f.algorithm == "sha-256")
        return Credentials(
            self._ice.local_username,
            self._ice.local_password,
            f"{fingerprint.algorithm} {fingerprint.value}",
            tuple(candidate.to_sdp() for candidate in self._ice.local_candidates),
        )

    async def connect(self, answer: Answer, on_media: Callable[[bytes], None], on_closed: Callable[[], None]) -> bool:
        """Connect; True once media may flow.  `on_closed` is called when the other side says goodbye."""
        self._ice.remote_username, self._ice.remote_password = answer.ufrag, answer.password
        self._dtls._set_role("server" if answer.dtls_client else "client")
        try:
            await self._ice.connect()
        except ConnectionError:
            return False
        await self._dtls.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", answer.fingerprint)]))
        if self._dtls.state != "connected":
            return False
        self._sessions = self._dtls._rx_srtp, self._dtls._tx_srtp
        self.rx, self.tx = (session._srtp[0] for session in self._sessions)
        self.heard_at = monotonic()
        self._ice.route_media(on_media)
        self._dtls.on("statechange", lambda: on_closed() if self._dtls.state in ("closed", "failed") else None)
        return True

    def follow(self, sock: socket.socket, address: tuple[str, int]) -> None:
        """From now on the other side is reached here."""
        self.sendto, self.address = sock.sendto, address

    def check_consent(self, now: float) -> None:
        """Ask whether anybody is still there: every 2.5 s, and four times a second while it is quiet.

        To be called about every 0.25 s.
        """
        if now - self._consent_at >= (_CONSENT_EVERY if now - self.heard_at < _QUIET else 0.2):
            self._consent_at = now
            self._ice.check_consent(now)

    def renew_budget(self) -> None:
        """To be called every second: how many STUN and DTLS datagrams are looked at until the next call."""
        self._ice.renew_budget()

    def send_rtcp(self, data: bytes) -> None:
        if self._sessions is not None:
            try:
                self.sendto(self._sessions[1].protect_rtcp(data), self.address)
            except OSError:
                return  # the socket is full or gone: RTCP repeats itself

    def open_rtcp(self, data: bytes) -> bytes | None:
        """Decrypt a compound packet; None when it is not authentic."""
        if self._sessions is None or len(data) < 8:
            return None
        reporter = data[4:8]
        known = reporter in self._reporters
        if not known and len(self._reporters) >= _MOST_REPORTERS:
            return None  # libsrtp keeps a context for each sender that it has ever seen
        try:
            plain: bytes = self._sessions[0].unprotect_rtcp(data)
        except (SrtpError, ValueError):
            return None
        if not known:
            self._reporters.add(reporter)
        return plain

    def mute(self) -> None:
        """Nothing comes in and nothing goes out from now on."""
        self._ice.route_media(_nowhere)
        self._dtls.remove_all_listeners()

    async def close(self) -> None:
        self.mute()
        await self._dtls.stop()
        await self._ice.close()
        self.rx = self.tx = None
        self._sessions = None


def _unconnected(_: Any, __: Any) -> int:
    raise OSError("not connected")
