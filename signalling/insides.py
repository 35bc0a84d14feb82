"""Every use that the plane makes of the insides of aioice and pylibsrtp (of aiortc: `dtls.py`).  Their versions are
pinned exactly, and tests/signalling/test_insides.py fails loudly when a new one moves something.

What is leaned on, and why:
* `aioice.ice.Connection` has no sockets of its own here but a seat at each `Port` (so no STUN server is ever asked),
  learns the other side's addresses only from authenticated checks, says when the nominated pair changes, leaves one
  that no longer answers, and asks for consent when `check_consent` says so: a dead line shows in 3 s instead of 30.
* `aioice.ice.StunProtocol` is that seat: its transport is the shared port.  Media never reach it.  What it passes on is
  bounded, and DTLS must come from an address that has passed a check: a stranger can neither race the handshake with a
  ClientHello of their own nor fill a queue.
* `pylibsrtp._binding` gives libsrtp without a copy for each call.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from aioice import Candidate, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import CandidatePair, Connection, StunProtocol, get_host_addresses
from pylibsrtp._binding import ffi, lib

from signalling.allowance import KNOWN, STRANGERS, Allowance

if TYPE_CHECKING:
    from signalling.forward import Take
    from signalling.port import Port

protect: Callable[[Any, Any, Any], int] = lib.srtp_protect
unprotect: Callable[[Any, Any, Any], int] = lib.srtp_unprotect
memmove: Callable[[Any, Any, int], None] = ffi.memmove
allocate: Callable[..., Any] = ffi.new
view: Callable[[Any], Any] = ffi.buffer

MOST_ADDRESSES: Final = 32
"""Addresses that one person may be seen at during one connection."""
MOST_QUEUED: Final = 64
"""DTLS datagrams that wait to be read."""
UNANSWERED: Final = 4
"""Consent checks without an answer after which another pair is tried."""


def address_of(buffer: Any) -> int:
    """Where a C buffer stands in memory."""
    return int(ffi.cast("uintptr_t", buffer))


def own_addresses() -> list[str]:
    """The machine's own addresses, and loopback for browsers on it."""
    return [*dict.fromkeys([*get_host_addresses(use_ipv4=True, use_ipv6=True), "127.0.0.1"])]


class Owner(Protocol):
    """Who is told by `Ice`."""

    def follow(self, port: Port, address: tuple[str, int]) -> None:
        """The other side is reached here from now on."""

    def heard(self, round_trip: float | None) -> None:
        """Something authentic came; if it answered a check, so long (in s) after it."""


class _Seat(StunProtocol):
    """One connection at one port."""

    def __init__(self, ice: Ice, port: Port) -> None:
        super().__init__(ice)
        self.ice, self.port, self.allowed = ice, port, ice.allowed
        self.connection_made(_Shared(self))
        port.seat(ice.local_username, self)

    def unusual(self, data: bytes, addr: tuple[str, int]) -> None:
        only = self.ice.only_from  # what comes from elsewhere passes no check, and so brings no media either
        if only is None or addr[0] in only:
            with contextlib.suppress(Exception):  # aioice trusts the length of attributes; nobody shall fill the log
                self.datagram_received(data, addr)


class _Shared(asyncio.DatagramTransport):
    """What aioice takes for the socket of one connection."""

    def __init__(self, seat: _Seat) -> None:
        super().__init__()
        self._port, self._name, self._seat = seat.port, seat.ice.local_username, weakref.ref(seat)

    def sendto(self, data: Any, addr: Any = None) -> None:
        with contextlib.suppress(OSError):  # the socket is full, or there is no way there: what matters is sent again
            self._port.sendto(data, addr)

    def close(self) -> None:
        seat = self._seat()
        assert seat is not None, "it holds this"
        self._port.leave(self._name, seat)
        asyncio.get_running_loop().call_soon(seat.connection_lost, None)


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

    def __init__(self, ports: Sequence[Port], owner: Owner, only_from: frozenset[str] | None = None) -> None:
        super().__init__(
            ice_controlling=True, local_username=secrets.token_hex(4), local_password=secrets.token_hex(16)
        )
        self._ports, self.only_from = ports, only_from
        self._owner: Owner = weakref.proxy(owner)  # which holds this
        self.allowed = (Allowance(STRANGERS), Allowance(KNOWN))
        """STUN and DTLS that is looked at: from others' addresses, from its own."""
        self._asked: dict[bytes, _Seat] = {}  # consent checks without an answer
        self._checked_at: dict[CandidatePair, float] = {}
        self._followed: CandidatePair | None = None

    @property
    def remote_key(self) -> bytes:
        return (self.remote_password or "").encode()

    role = "controlling"  # this and the next two is what `dtls.py` asks of an ICE transport

    async def _recv(self) -> bytes:
        return await self.recv()

    async def _send(self, data: bytes) -> None:
        await self.send(data)

    # -- gathering: exactly the ports that were given

    async def gather_candidates(self) -> None:
        for preference, port in enumerate(self._ports):
            seat = _Seat(self, port)
            foundation = candidate_foundation("host", "udp", port.public)
            priority = candidate_priority(1, "host", 65535 - preference)
            seat.local_candidate = Candidate(foundation, 1, "udp", priority, port.public, port.number, "host")
            self._protocols.append(seat)
            self._local_candidates.append(seat.local_candidate)
        self._local_candidates_start = self._local_candidates_end = True

    def build_request(self, pair: CandidatePair, nominate: bool) -> stun.Message:
        """The answer finds its way by the transaction id.  (64 random bits are left of 96; the answer is signed.)"""
        request = super().build_request(pair, nominate)
        request.transaction_id = bytes.fromhex(self.local_username) + secrets.token_bytes(8)
        return request

    # -- what strangers can cost

    def knows(self, addr: tuple[Any, ...]) -> bool:
        """Has this address passed an authenticated check?"""
        return any(c.port == addr[1] and c._network_host == addr[0] for c in self._remote_candidates)

    def data_received(self, data: bytes, component: int) -> None:
        if self._queue.qsize() < MOST_QUEUED:
            super().data_received(data, component)

    # -- where the other side is

    def check_incoming(self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        if "PRIORITY" not in message.attributes:
            return
        if not self.knows(addr) and len(self._remote_candidates) >= MOST_ADDRESSES:
            return
        cast("_Seat", protocol).port.claim(cast("_Seat", protocol), addr, proven=False)
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
            seat = cast("_Seat", pair.protocol)
            seat.port.claim(seat, pair.remote_addr, proven=True)
            self._owner.follow(seat.port, pair.remote_addr)

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
    def unanswered(self) -> int:  # consent checks in a row
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
        protocol = cast("_Seat", pair.protocol)
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

    # -- the end

    async def close(self) -> None:
        """What it held is free afterwards, without a collector of cycles: that would stall everybody's media."""
        await super().close()
        self._nominated.clear()
        self._check_list.clear()
        self._checked_at.clear()
        self._followed = None

    def route_media(self, take: Take | None) -> None:
        """Whatever comes as media from an address of this connection goes straight there; None: nowhere."""
        for protocol in self._protocols:
            seat = cast("_Seat", protocol)
            seat.port.take(seat, take)
