"""One UDP port for everybody: whose is a datagram?

A firewall then needs one rule.  There is one socket for each of the addresses of the machine, all with the same number,
since an answer has to leave from the address that was asked.

* A STUN request names the connection in its USERNAME (RFC 8445 section 7.1.2); in a response it stands in the
  transaction id, which we made.
* Everything else is told by where it comes from.  An address belongs to the first connection that passed an
  authenticated check there, until another has *proven* it, by an answer to a check that we sent there (an address that
  a phone network gives to somebody else).  So nobody takes an address over by writing it on an envelope.
* What belongs to nobody is counted and dropped.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Final, Protocol

from signalling.allowance import Allowance
from signalling.counters import Counters
from signalling.errors import NoAddress
from signalling.forward import Take, drain
from signalling.mmsg import Batch, address, sockaddr
from signalling.outbox import Destination, Outbox, can_join

_BATCH_IN: Final = 64
_BATCH_OUT: Final = 256
_ROUNDS: Final = 5
"""Batches that are taken before the event loop gets a turn.  While one is carried through, the next packets come: to
look again costs 1 us, to be woken again 30.
"""
_BUFFER: Final = 8 << 20
"""Bytes that the kernel keeps for us while we are busy: everybody's sound and pictures share them."""
_SO_RCVBUFFORCE, _SO_SNDBUFFORCE = 33, 32
_USERNAME, _USERNAME_FIRST = 6, b"\x00\x06"
_REQUEST, _RESPONSE, _ERROR = b"\x00\x01", b"\x01\x01", b"\x01\x11"
_MOST_ATTRIBUTES: Final = 4
"""STUN attributes among which the name of the connection is looked for; browsers write it first.  Strangers may make
this be read as fast as they can send.
"""


class Seat(Protocol):
    """One connection at one port."""

    allowed: tuple[Allowance, Allowance]
    """How much more is looked at: from others' addresses, from those of this connection."""

    def unusual(self, data: bytes, addr: tuple[str, int]) -> None:
        """STUN or DTLS."""


class Port:
    def __init__(self, host: str, number: int, public: str, counters: Counters, outboxes: list[Outbox]) -> None:
        """Bind `host` and `number` (0: a free one).  Browsers are told to come to `public`.  Raises OSError.

        `outboxes` are those of all ports; this one's is added.
        """
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._sock = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            self._sock.setblocking(False)
            if self._family == socket.AF_INET6:
                self._sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            _enlarge(self._sock)
            self._sock.bind((host, number))
        except OSError:
            self._sock.close()
            raise
        self.public = public
        self.number: int = self._sock.getsockname()[1]
        self.sendto: Callable[[bytes | bytearray | memoryview, tuple[str, int]], int] = self._sock.sendto
        self._key = 8 if self._family == socket.AF_INET else 24
        """Bytes of a socket address that tell it from others."""
        self._in = Batch(_BATCH_IN, self._family)
        self.outbox = Outbox(self._sock.fileno(), _BATCH_OUT, self._family, counters)
        self._joins = can_join(self._sock)
        self._outboxes = outboxes
        outboxes.append(self.outbox)
        self._counters = counters
        self._by_name: dict[bytes, Seat] = {}
        self._by_address: dict[bytes, Seat] = {}
        self._addresses: dict[Seat, set[bytes]] = {}
        self._takers: dict[bytes, Take] = {}
        self._take_of: dict[Seat, Take] = {}
        asyncio.get_running_loop().add_reader(self._sock.fileno(), self._readable)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._sock.fileno())
        self._sock.close()

    # ---- who sits here ----------------------------------------------------------------------------------------------

    def seat(self, name: str, seat: Seat) -> None:
        """A connection, which is called `name` (4 bytes in hexadecimal: its ICE user name fragment)."""
        self._by_name[name.encode()] = seat
        self._addresses[seat] = set()

    def leave(self, name: str, seat: Seat) -> None:
        self._by_name.pop(name.encode(), None)
        self.take(seat, None)
        for key in self._addresses.pop(seat, ()):
            del self._by_address[key]

    def claim(self, seat: Seat, addr: tuple[str, int], *, proven: bool) -> None:
        """What comes from `addr` is this connection's; if it is another's, only when it is `proven`."""
        if seat not in self._addresses:
            return
        key = sockaddr(addr, self._family)[: self._key]
        holder = self._by_address.get(key)
        if holder is seat or (holder is not None and not proven):
            return
        if holder is not None:
            self._addresses[holder].discard(key)
            self._takers.pop(key, None)
        self._by_address[key] = seat
        self._addresses[seat].add(key)
        if seat in self._take_of:
            self._takers[key] = self._take_of[seat]

    def take(self, seat: Seat, take: Take | None) -> None:
        """From now on `take` gets the media of this connection; None: nobody does."""
        if take is not None:
            self._take_of[seat] = take
            self._takers |= dict.fromkeys(self._addresses.get(seat, ()), take)
        elif self._take_of.pop(seat, None) is not None:
            for key in self._addresses.get(seat, ()):
                self._takers.pop(key, None)

    def destination(self, addr: tuple[str, int]) -> Destination:
        return Destination(sockaddr(addr, self._family), joins=self._joins)

    # ---- what arrives -----------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        for _ in range(_ROUNDS):
            try:
                took = drain(self._sock.fileno(), self._in, self._takers, self._key, self._unusual)
            finally:  # also after a fault: a gate that this passed may be shut before the next time
                for outbox in self._outboxes:
                    if outbox.taken:
                        outbox.send()
            if not took:
                return

    def _unusual(self, data: bytes, key: bytes) -> None:
        holder = seat = self._by_address.get(key)
        first = data[0] if data else 255
        if first < 4:
            seat = self._by_name.get(_name_in(data))
        elif not 19 < first < 64:
            seat = None
        if seat is None:
            self._counters.strange += 1
            return
        if not seat.allowed[seat is holder].take(monotonic()):
            self._counters.excess += 1
            return
        seat.unusual(data, address(key))


def open_ports(
    addresses: Sequence[str], number: int, public: Mapping[str, str], counters: Counters
) -> tuple[Port, ...]:
    """One for each address that can be bound, all with the same number (0: a free one).

    Raises NoAddress when none can.
    """
    ports: list[Port] = []
    outboxes: list[Outbox] = []
    reason = "no address"
    for host in addresses:
        try:
            port = Port(host, number, public.get(host, host), counters, outboxes)
        except OSError as error:
            reason = error.strerror or str(error)
            continue
        ports.append(port)
        number = port.number
    if not ports:
        raise NoAddress(reason)
    return tuple(ports)


def _name_in(message: bytes) -> bytes:
    """Which connection a STUN message is for; empty if it does not say."""
    kind = message[:2]
    if kind == _REQUEST:
        if message[20:22] == _USERNAME_FIRST:
            return message[24:32]
        at = 20
        for _ in range(_MOST_ATTRIBUTES):
            if at + 4 > len(message):
                break
            number, size = struct.unpack_from("!HH", message, at)
            if number == _USERNAME:
                return message[at + 4 : at + 4 + size].partition(b":")[0]
            at += 4 + (size + 3 & ~3)
    elif kind in (_RESPONSE, _ERROR):
        return message[8:12].hex().encode()
    return b""


def _enlarge(sock: socket.socket) -> None:
    """As root beyond what the system allows everybody (net.core.rmem_max), otherwise up to that."""
    for forced, usual in ((_SO_RCVBUFFORCE, socket.SO_RCVBUF), (_SO_SNDBUFFORCE, socket.SO_SNDBUF)):
        try:
            sock.setsockopt(socket.SOL_SOCKET, forced, _BUFFER)
        except PermissionError:
            sock.setsockopt(socket.SOL_SOCKET, usual, _BUFFER)
