"""Many datagrams for one system call: recvmmsg(2) and sendmmsg(2), which Python's socket module does not have.

Linux on a 64-bit machine.  The arrays that the kernel reads and fills are seen through memoryviews, because reading and
writing an item of one takes a third of the time of a field of a cffi structure.
"""

from __future__ import annotations

import socket
import struct
from typing import Any, Final

from cffi import FFI

from signalling.insides import address_of, allocate, view

SIZE: Final = 2048
"""Bytes of a datagram that are read at most."""
NAME: Final = 28
"""Bytes of a `sockaddr_in6`, the longer of the two."""

_ffi = FFI()
_ffi.cdef("""
struct iovec { void *iov_base; size_t iov_len; };
struct msghdr { void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
                void *msg_control; size_t msg_controllen; int msg_flags; };
struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
int sendmmsg(int, struct mmsghdr *, unsigned int, int);
""")
_libc: Any = _ffi.dlopen(None)
assert (_ffi.sizeof("struct mmsghdr"), _ffi.sizeof("struct iovec")) == (64, 16)


class Batch:
    """`count` places for datagrams.  The attributes are what the hot path reads and writes.

    In `names` item 8*i is the address (a pointer) of place i, in `sizes` item 2*i+1 its length to be sent, in `lengths`
    item 16*i+14 the length that was received.
    """

    __slots__ = (
        "_messages",
        "_own_names",
        "_places",
        "addresses",
        "buffers",
        "count",
        "lengths",
        "names",
        "sizes",
        "views",
    )

    def __init__(self, count: int, family: int) -> None:
        self.count = count
        data, own_names = allocate("char[]", count * SIZE), allocate("char[]", count * NAME)
        self._own_names = own_names
        self.buffers = tuple(data + i * SIZE for i in range(count))
        """A C pointer for each place ..."""
        whole = memoryview(view(data)).cast("B")
        self.views = tuple(whole[i * SIZE : (i + 1) * SIZE] for i in range(count))
        """... and the same bytes for Python."""
        self.addresses = view(own_names)
        """Where each received datagram came from: a socket address every `NAME` bytes."""
        self._messages = _ffi.new("struct mmsghdr[]", count)
        self._places = places = _ffi.new("struct iovec[]", count)
        for i, message in enumerate(self._messages):
            places[i].iov_base = _ffi.cast("void *", address_of(self.buffers[i]))
            places[i].iov_len = SIZE
            message.msg_hdr.msg_name = _ffi.cast("void *", address_of(own_names) + i * NAME)
            message.msg_hdr.msg_namelen = name_size(family)
            message.msg_hdr.msg_iov = places + i
            message.msg_hdr.msg_iovlen = 1
        self.sizes = memoryview(_ffi.buffer(places)).cast("B").cast("L")
        headers = memoryview(_ffi.buffer(self._messages)).cast("B")
        self.names, self.lengths = headers.cast("L"), headers.cast("I")

    def receive(self, fd: int) -> int:
        """Take what waits, at most `count` datagrams, and never wait.  How many."""
        return max(0, int(_libc.recvmmsg(fd, self._messages, self.count, socket.MSG_DONTWAIT, _ffi.NULL)))

    def send(self, fd: int, first: int, last: int) -> int:
        """Send the datagrams first..last-1.  How many went, in order, before one did not; -1 and `error` for none."""
        return int(_libc.sendmmsg(fd, self._messages + first, last - first, socket.MSG_DONTWAIT))

    @property
    def error(self) -> int:
        """The errno of the last call."""
        return int(_ffi.errno)


def name_size(family: int) -> int:
    return 16 if family == socket.AF_INET else NAME


def sockaddr(address: tuple[str, int], family: int) -> bytes:
    """The `sockaddr_in` or `sockaddr_in6` of (host, port)."""
    host, port = address
    if family == socket.AF_INET:
        return struct.pack("=H", family) + struct.pack("!H", port) + socket.inet_pton(family, host) + bytes(8)
    return struct.pack("=H", family) + struct.pack("!HI", port, 0) + socket.inet_pton(family, host) + bytes(4)


def address(name: bytes) -> tuple[str, int]:
    """(host, port) of the beginning of a socket address."""
    (family,) = struct.unpack_from("=H", name)
    (port,) = struct.unpack_from("!H", name, 2)
    at, size = (4, 4) if family == socket.AF_INET else (8, 16)
    return socket.inet_ntop(family, name[at : at + size]), port
