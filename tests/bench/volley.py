"""Many datagrams to be sent with one system call, each one apart: as a load, and as the kernel's floor."""

from __future__ import annotations

import socket

from signalling.mmsg import Batch, ffi, libc


class Volley(Batch):
    """In `names` item 8*i is the address (a pointer) of place i, in `sizes` item 2*i+1 its length."""

    __slots__ = ("names", "sizes")

    def __init__(self, count: int) -> None:
        super().__init__(count, socket.AF_INET)
        self.names = memoryview(ffi.buffer(self._messages)).cast("B").cast("L")
        self.sizes = memoryview(ffi.buffer(self._places)).cast("B").cast("L")

    def send(self, fd: int, count: int) -> int:
        """Send the first `count`.  How many went; -1 for none."""
        return int(libc.sendmmsg(fd, self._messages, count, socket.MSG_DONTWAIT))
