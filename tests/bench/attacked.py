"""What two people in another room notice of an attack: how late a voice comes, by the kernel's own time stamps.

    python -m tests.bench.attacked 'undeclared SSRCs'     prints a `Result` as JSON

Twelve people are in the room of the attacker.  The voice that is watched goes from Ana to Zoe, 200 packets a second,
and is late by the time between its sending and its arrival.  The server has a core, and it and this process run before
all other work of the machine, if they may; the attacker shares the other core with whatever else there is.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from tests.bench.attacker import ROOM
from tests.bench.attacks import SECONDS
from tests.bench.media_line import Line
from tests.bench.media_load import memory_of
from tests.bench.media_people import Job, Ours

ROOT: Final = Path(__file__).parents[2]
HOST: Final = "127.0.0.1"
HEARERS: Final = 11
VOICES: Final = 200
"""Packets of the watched voice a second."""
_LONGEST: Final = 60
_SO_TIMESTAMPNS = 35


@dataclass(frozen=True, slots=True)
class Result:
    attack: str
    sent: int
    """Datagrams."""
    forwarded: int
    """Packets that came to those eleven who may hear the attacker, or may not."""
    late: float
    """Seconds by which the other room's voice was late, at most."""
    noise: float
    """The same while the attacker sent as much to nobody."""
    lost: int
    """Packets of that voice."""
    grown: float
    """MB of memory of the server."""
    amplified: float
    """Bytes that came back for each byte of the attack."""
    excess: int
    """Datagrams that were dropped as more than is taken of one person."""

    @property
    def stall(self) -> float:
        return max(0.0, self.late - self.noise)


@contextmanager
def _process(core: int, module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = ["taskset", "-c", str(core), sys.executable, "-m", module, *arguments]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "it has ended"
    return line


async def attacked(name: str) -> Result:
    """A fresh server, and one attack on it."""
    os.sched_setaffinity(0, {1})
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))  # which the server inherits
    with _process(0, "tests.bench.media_ours", HOST) as server:
        port = int(_said(server))
        ours = Ours(Job("ours", HOST, port, server.pid, 1), *await asyncio.open_connection("127.0.0.1", port))
        room, pair = await ours.room(ROOM, HEARERS), await ours.room("elsewhere", 2)
        await ours.ask(plan=["elsewhere", {"elsewhere.1": {"elsewhere.0": (True, 0)}}])
        victim = pair[0].connection._nominated[1].local_candidate
        order = {
            "attack": name,
            "host": HOST,
            "port": port,
            "victim": (victim.host, victim.port),
            "hearers": [f"{ROOM}.{n}" for n in range(HEARERS)],
            "seconds": SECONDS,
        }
        with _process(1, "tests.bench.attacker", json.dumps(order)) as attacker:
            await asyncio.to_thread(_said, attacker)
            watch = _Watch(pair[0], pair[1], room, attacker)
            quiet = watch.until_told("nobody")
            before, memory = _tell(port), memory_of(server.pid)
            loud = watch.until_told("server")
            grown = memory_of(server.pid) - memory
            excess = _tell(port)["excess"] - before["excess"]
    told = loud.told
    return Result(
        name,
        told["sent"],
        loud.heard,
        loud.late,
        quiet.late,
        loud.lost,
        grown / 1e6,
        told["came"] / max(1, told["bytes"]),
        excess,
    )


def _tell(port: int) -> dict[str, Any]:
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(b'{"tell": 0}\n')
        told: dict[str, Any] = json.loads(sock.makefile().readline())
    return told


@dataclass(slots=True)
class _Span:
    told: dict[str, Any]
    late: float = 0.0
    lost: int = 0
    heard: int = 0


class _Watch:
    def __init__(self, ana: Line, zoe: Line, room: Sequence[Line], attacker: subprocess.Popen[str]) -> None:
        self._attacker, self._room = attacker, room
        for line in (ana, zoe, *room):
            line.take()
        self._ana, self._zoe = ana, zoe
        zoe.sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        voice = replace(ana.sends[0], rate=VOICES)
        self._voice = iter([*enumerate(ana.keys._tx_srtp.protect(packet) for _, packet in voice.packets(_LONGEST))])
        self._came: dict[int, float] = {}  # number of a packet of that voice -> when it came
        self._first: int | None = None  # the sequence number of the first
        self._pictures = iter(
            sorted(room[0].ready(_LONGEST), key=lambda each: each[0])
        )  # for whoever is shown the first of them
        self._picture = next(self._pictures)
        self._began = time.monotonic()
        self._lines = {line.sock.fileno(): line for line in (ana, zoe, *room)}
        self._poll = select.epoll()
        for fd in self._lines:
            self._poll.register(fd, select.EPOLLIN)
        assert attacker.stdout is not None
        self._poll.register(attacker.stdout.fileno(), select.EPOLLIN)

    def until_told(self, target: str) -> _Span:
        """The attacker sends to this target, and says when it is done."""
        assert self._attacker.stdin is not None
        assert self._attacker.stdout is not None
        span, sent = _Span({}), dict[int, float]()
        self._came.clear()
        self._attacker.stdin.write(target + "\n")
        self._attacker.stdin.flush()
        due, end = time.monotonic(), float("inf")
        while (now := time.monotonic()) < end:
            if now >= due and end == float("inf"):
                due += 1 / VOICES
                number, packet = next(self._voice)
                sent[number] = time.time()
                self._ana.sock.send(packet)
            while self._picture[0] <= now - self._began:
                with suppress(OSError):
                    self._room[0].sock.send(self._picture[1])
                self._picture = next(self._pictures)
            for fd, _ in self._poll.poll(max(0.0, due - time.monotonic()), 64):
                if fd == self._attacker.stdout.fileno():
                    span.told = json.loads(_said(self._attacker))
                    end = due = time.monotonic() + 0.5  # what is under way arrives
                else:
                    self._take(self._lines[fd], span)
        late = [self._came[number] - at for number, at in sent.items() if number in self._came]
        span.lost, span.late = len(sent) - len(late), max(late, default=float("inf"))
        return span

    def _take(self, line: Line, span: _Span) -> None:
        with suppress(BlockingIOError):
            while True:
                datagram, extra, _, _ = line.sock.recvmsg(2048, 256)
                if datagram[0] < 4:
                    line.check(datagram)
                elif 127 < datagram[0] < 192 and not 191 < datagram[1] < 224:
                    if line is self._zoe:
                        seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
                        seq = int.from_bytes(datagram[2:4], "big")
                        self._first = seq if self._first is None else self._first
                        self._came[(seq - self._first) & 0xFFFF] = seconds + nanoseconds / 1e9
                    else:
                        span.heard += 1


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(attacked(sys.argv[1])))), flush=True)
