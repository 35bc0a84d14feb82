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

ffi = FFI()
ffi.cdef("""
struct iovec { void *iov_base; size_t iov_len; };
struct msghdr { void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
                void *msg_control; size_t msg_controllen; int msg_flags; };
struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
int sendmmsg(int, struct mmsghdr *, unsigned int, int);
""")
libc: Any = ffi.dlopen(None)
assert (ffi.sizeof("struct mmsghdr"), ffi.sizeof("struct iovec")) == (64, 16)


class Batch:
    """`count` places for datagrams that come.  The attributes are what the hot path reads.

    In `lengths` item 16*i+14 is the length of what was received in place i.
    """

    __slots__ = ("_messages", "_own_names", "_places", "addresses", "buffers", "count", "lengths", "views")

    def __init__(self, count: int, family: int) -> None:
        self.count = count
        self.buffers, self.views = places(count)
        self._own_names = own_names = allocate("char[]", count * NAME)
        self.addresses = view(own_names)
        """Where each received datagram came from: a socket address every `NAME` bytes."""
        self._messages = ffi.new("struct mmsghdr[]", count)
        self._places = parts = ffi.new("struct iovec[]", count)
        for i, message in enumerate(self._messages):
            parts[i].iov_base = ffi.cast("void *", address_of(self.buffers[i]))
            parts[i].iov_len = SIZE
            message.msg_hdr.msg_name = ffi.cast("void *", address_of(own_names) + i * NAME)
            message.msg_hdr.msg_namelen = name_size(family)
            message.msg_hdr.msg_iov = parts + i
            message.msg_hdr.msg_iovlen = 1
        self.lengths = memoryview(ffi.buffer(self._messages)).cast("B").cast("I")

    def receive(self, fd: int) -> int:
        """Take what waits, at most `count` datagrams, and never wait.  How many."""
        return max(0, int(libc.recvmmsg(fd, self._messages, self.count, socket.MSG_DONTWAIT, ffi.NULL)))


def places(count: int) -> tuple[tuple[Any, ...], tuple[memoryview, ...]]:
    """Memory for `count` datagrams: a C pointer for each place, and the same bytes for Python."""
    data = allocate("char[]", count * SIZE)
    whole = memoryview(view(data)).cast("B")
    return tuple(data + i * SIZE for i in range(count)), tuple(whole[i * SIZE : (i + 1) * SIZE] for i in range(count))


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
