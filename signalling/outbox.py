"""What goes out on one port, until it is sent: gathered by whom it is for, so that the kernel is asked less often.

Several packets of one size to one address, the last of them perhaps shorter, are given to it as one message, which it
cuts at the end of its way down (UDP_SEGMENT, Linux 4.18; net/ipv4/udp.c).  On the wire nothing is different.  A packet
costs 4.2 us alone, 3.0 as one of two and 2.0 as one of three.  Voices come last, since a short packet can only be the
last of a message: an eighth fewer messages in a circle.  Otherwise packets to one address keep their order.
"""

from __future__ import annotations

import errno
import socket
import struct
from typing import Final

from signalling.counters import Counters
from signalling.insides import address_of, allocate, memmove, view
from signalling.mmsg import ffi, libc, name_size, places

_SOL_UDP, _UDP_SEGMENT = 17, 103
_CONTROL: Final = 24
"""Bytes of a control message that holds 16 bits, filled up."""
_NOT_JOINED: Final = (errno.EINVAL, errno.EIO, errno.EMSGSIZE)
"""What the kernel says when it does not cut up messages on this way: by its device, or its packets are too long."""
_LONGEST_JOINED: Final = 1400
"""Bytes: the kernel cuts no message into pieces that it would have to cut again to send them."""
_MOST_JOINED: Final = 40
"""Packets: a message stays under 64 KB, and the kernel makes at most 64 of one."""


class Destination:
    """A socket address in the form that the kernel reads, and what waits to go there.

    `pointer` is good as long as this object.
    """

    __slots__ = ("_memory", "joins", "places", "pointer", "voices")

    def __init__(self, name: bytes, *, joins: bool = True) -> None:
        self._memory = allocate("char[]", len(name))
        memmove(self._memory, name, len(name))
        self.pointer = address_of(self._memory)
        self.places: list[int] = []
        """Where in the outbox its packets stand ..."""
        self.voices: list[int] = []
        """... and those that are sent behind them."""
        self.joins = joins
        """Whether the kernel takes several packets in one message for it, as far as we know."""


def can_join(sock: socket.socket) -> bool:
    """Does the kernel cut up messages at all?  One from before 4.18 would send them as they are, and say nothing."""
    try:
        sock.getsockopt(_SOL_UDP, _UDP_SEGMENT)
    except OSError:
        return False
    return True


class Outbox:
    """`size` places for packets.  The attributes are what the hot path reads and writes.

    To put a packet in: write it into `buffers[taken]`, its length into `sizes`, the place into the destination's
    `places` or `voices`, the destination into `due` unless it is there, and count `taken` up.
    """

    __slots__ = (
        "_controls",
        "_counters",
        "_fd",
        "_fields",
        "_messages",
        "_numbers",
        "_parts",
        "_parts_at",
        "_pieces",
        "_segments",
        "_starts",
        "buffers",
        "due",
        "lengths",
        "size",
        "sizes",
        "taken",
        "views",
    )

    def __init__(self, fd: int, size: int, family: int, counters: Counters) -> None:
        self._fd, self._counters = fd, counters
        self.size, self.taken = size, 0
        self.buffers, self.views = places(size)
        numbers = allocate("int[]", size)
        self._numbers, self.lengths = numbers, tuple(numbers + i for i in range(size))
        """The bytes in each place: a C pointer, as libsrtp wants it ..."""
        self.sizes = memoryview(view(numbers)).cast("B").cast("i")
        """... and the same for Python."""
        self.due: list[Destination] = []
        self._starts = tuple(address_of(buffer) for buffer in self.buffers)
        self._controls, self._parts = allocate("char[]", size * _CONTROL), ffi.new("struct iovec[]", size)
        self._messages = ffi.new("struct mmsghdr[]", size)
        control = memoryview(view(self._controls)).cast("B")
        for i, message in enumerate(self._messages):
            message.msg_hdr.msg_namelen = name_size(family)
            message.msg_hdr.msg_control = ffi.cast("void *", address_of(self._controls) + i * _CONTROL)
            struct.pack_into("=Qii", control, i * _CONTROL, 18, _SOL_UDP, _UDP_SEGMENT)
        self._parts_at = address_of(self._parts)
        # As memoryviews, because writing an item of one takes a third of the time of a field of a cffi structure.
        self._fields = memoryview(ffi.buffer(self._messages)).cast("B").cast("L")
        self._pieces = memoryview(ffi.buffer(self._parts)).cast("B").cast("L")
        self._segments = control.cast("H")

    def send(self) -> None:
        """What the socket does not take is lost, as on any other full line."""
        to = self._arrange()
        self.taken = done = 0
        while done < len(to):
            sent = libc.sendmmsg(self._fd, self._messages + done, len(to) - done, socket.MSG_DONTWAIT)
            if sent > 0:
                done += sent
                continue
            why = ffi.errno
            if why in (errno.EAGAIN, errno.ENOBUFS):
                self._counters.unsent += sum(self._fields[8 * i + 3] for i in range(done, len(to)))
                return
            if why in _NOT_JOINED:
                to[done].joins = False
            self._send_apart(done)
            done += 1

    def _arrange(self) -> list[Destination]:
        """Write the messages, and forget what waited.  Whom each of them is for."""
        fields, pieces, segments = self._fields, self._pieces, self._segments
        sizes, starts, parts_at = self.sizes, self._starts, self._parts_at
        to: list[Destination] = []
        part = field = held = 0
        for destination in self.due:
            if destination.voices:
                destination.places += destination.voices
                destination.voices.clear()
            fits = 0  # bytes of a packet that may join the message before it
            for place in destination.places:
                length = sizes[place]
                pieces[2 * part], pieces[2 * part + 1] = starts[place], length
                if length <= fits:
                    held += 1
                    if held == 2:
                        fields[field + 5] = _CONTROL
                        segments[field // 8 * 12 + 8] = fits
                    fields[field + 3] = held
                    if length < fits or held == _MOST_JOINED:
                        fits = 0
                else:
                    field, held = 8 * len(to), 1
                    to.append(destination)
                    fields[field], fields[field + 2] = destination.pointer, parts_at + 16 * part
                    fields[field + 3], fields[field + 5] = 1, 0
                    fits = length if destination.joins and length <= _LONGEST_JOINED else 0
                part += 1
            destination.places.clear()
        self.due.clear()
        return to

    def _send_apart(self, message: int) -> None:
        """Packet by packet what the kernel did not take: its way cannot be cut for, or leads nowhere."""
        fields, field = self._fields, 8 * message
        packets, fields[field + 3] = fields[field + 3], 1
        if packets == 1:
            self._counters.unsent += 1
            return
        fields[field + 5] = 0
        for _ in range(packets):
            if libc.sendmmsg(self._fd, self._messages + message, 1, socket.MSG_DONTWAIT) < 1:
                self._counters.unsent += 1
            fields[field + 2] += 16
