"""The child process that carries packets between the namespaces of `network.py`, and does to them what a bad line does.

The kernels that tests run on need not have netem, so each line is a pair of TUN devices, and this process is the wire.
It is told on its standard input, one JSON object a line, what each line does from now on, and ends when that closes.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import random
import struct
import sys
from dataclasses import dataclass

NETNS = "/var/run/netns"
_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_LARGEST = 2048
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Impairment:
    """What one way of a line does to packets; they stay in order, as on nearly all real lines."""

    loss: float = 0.0
    """Share of packets that vanish, each for itself."""
    delay: float = 0.0
    """s"""
    jitter: float = 0.0
    """Up to so many s on top, evenly spread."""
    rate: float = 0.0
    """bit/s; 0 is without a limit."""
    queue: float = 0.3
    """s that a packet waits at most for its turn at `rate`; what would wait longer is dropped."""


class Wire:
    """One way of one line, from one TUN device to the other."""

    def __init__(self, source: int, target: int) -> None:
        self._source, self._target = source, target
        self._loop = asyncio.get_running_loop()
        self._free = self._last = 0.0
        self.impairment = Impairment()
        self._loop.add_reader(source, self._read)

    def _read(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                packet = os.read(self._source, _LARGEST)
            except OSError:  # nothing more now
                return
            self._carry(packet)

    def _carry(self, packet: bytes) -> None:
        does, now = self.impairment, self._loop.time()
        if random.random() < does.loss:
            return
        at = now + does.delay + random.uniform(0, does.jitter)
        if does.rate:
            took = len(packet) * 8 / does.rate
            begins = max(self._free, now)
            if begins - now > does.queue:
                return
            self._free = begins + took
            at += self._free - now
        self._last = at = max(at, self._last)
        if at <= now:
            self._write(packet)
        else:
            self._loop.call_at(at, self._write, packet)

    def _write(self, packet: bytes) -> None:
        try:
            os.write(self._target, packet)
        except OSError:
            return  # that end is down: a line that leads nowhere loses its packets


def step_into(namespace: str) -> int:
    """Moves this thread, and whatever it starts from now on, into a namespace; returns the old one, to be given to
    `step_back`."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"{NETNS}/{namespace}", os.O_RDONLY)
    try:
        _setns(there)
    finally:
        os.close(there)
    return home


def step_back(home: int) -> None:
    _setns(home)
    os.close(home)


def _setns(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _tun(namespace: str, name: str) -> int:
    home = step_into(namespace)
    try:
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
        return device
    finally:
        step_back(home)


async def main(hub: str, namespaces: list[str]) -> None:
    ways: dict[str, tuple[Wire, Wire]] = {}
    for number, namespace in enumerate(namespaces, start=1):
        near, far = _tun(namespace, "line"), _tun(hub, f"line{number}")
        ways[namespace] = Wire(near, far), Wire(far, near)
    print("ready", flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while order := await orders.readline():
        told = json.loads(order)
        up, down = ways[told["line"]]
        up.impairment, down.impairment = Impairment(**told["up"]), Impairment(**told["down"])
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
