"""The load of the media benchmark: rooms of people on real ICE, DTLS and SRTP, canned packets, a counting receiver.

    python -m tests.bench.media_load '{"target": "ours", "port": 1234, "pid": 99, "rooms": 16, ...}'

prints one JSON object: what was sent, what arrived, and the CPU time of the server `pid` in the measured window.  It
runs in a process (and on a core) of its own.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import select
import socket
import struct
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from signalling.mmsg import Batch
from tests.bench.media_line import Line
from tests.bench.media_people import Job, everybody, fanout

BURST = 400
LOOKED_AT = 6
"""Lines whose sequence numbers are followed and whose packets are decrypted."""
_SO_TIMESTAMPNS = 35


@dataclass(frozen=True, slots=True)
class Measured:
    window: float
    cpu: float
    """Seconds of all threads of the server."""
    sent: int
    forwarded: int
    """Packets that arrived, of what the server sent on."""
    expected: int
    """What it should have sent on."""
    gaps: int
    """Sequence numbers that were missing, on the lines that were looked at."""
    opened: int
    looked_at: int
    load_cpu: float
    late: float
    """Seconds by which the load itself was late, at most."""
    memory: int
    """Resident bytes of the server."""
    delays: list[float]
    """Seconds from the socket of a sender to that of a receiver (the kernel's time stamps)."""


def cpu_of(pid: int) -> float:
    """CPU seconds of all threads of a process, by the scheduler's own count."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            spent += int((thread / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return spent / 1e9


def memory_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# ---- the clock runs -------------------------------------------------------------------------------------------------


def _run(job: Job, lines: Sequence[Line], probe: Sequence[Line]) -> Measured:
    total = job.warm + job.seconds
    for line in (*lines, *probe):
        line.take()
    batch = Batch(64, socket.AF_INET)
    poll, by_fd = select.epoll(), {}
    for line in lines:
        by_fd[line.sock.fileno()] = line
        poll.register(line.sock.fileno(), select.EPOLLIN)
    hearing = [line for line in lines if line.hears]
    looked_at = set(random.sample(hearing, min(LOOKED_AT, len(hearing))))
    due = []
    for number, line in enumerate(lines):
        place = number % job.size
        goes = {s.ssrc: fanout(job, s, place == 0, place == 1) for s in line.sends}
        for at, datagram in line.ready(total):
            media = not 192 <= datagram[1] < 224
            due.append((at, line.sock.send, datagram, goes[int.from_bytes(datagram[8:12], "big")] if media else -1))
    due.sort(key=lambda each: each[0])
    delays = _Delays(probe, total) if probe else None
    gc.collect()
    gc.freeze()
    gc.disable()
    start, i, sent, expected, received, late = time.monotonic() + 0.2, 0, 0, 0, 0, 0.0
    marked: tuple[float, float, float, int, int, int] | None = None
    tick = start
    lengths, views = batch.lengths, batch.views
    while True:
        now = time.monotonic() - start
        if marked is None and now >= job.warm:
            marked = (now, cpu_of(job.pid), time.process_time(), sent, expected, received)
        if now >= total:
            break
        last = min(i + BURST, len(due))
        while i < last and due[i][0] <= now:
            at, send, packet, copies = due[i]
            i += 1
            try:
                send(packet)
            except OSError:
                continue
            if copies >= 0:
                sent += 1
                expected += copies
            late = max(late, now - at)
        if delays is not None:
            delays.look(now)
        for fd, _ in poll.poll(0, 1024):
            line = by_fd[fd]
            close = line in looked_at
            while count := batch.receive(fd):
                for k in range(count):
                    view = views[k]
                    first = view[0]
                    if 127 < first < 192:
                        if not 191 < view[1] < 224:
                            line.received += 1
                            received += 1
                            if close:
                                _look(line, view, lengths[16 * k + 14])
                    elif first < 4:
                        line.check(bytes(view[: lengths[16 * k + 14]]))
                if count < batch.count:
                    break
        if i == last and last < len(due) and due[i][0] <= now:
            continue
        tick += job.step
        rest = tick - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        else:
            tick = time.monotonic()
    assert marked is not None
    cpu, load = cpu_of(job.pid) - marked[1], time.process_time() - marked[2]
    return Measured(
        window=now - marked[0],
        cpu=cpu,
        sent=sent - marked[3],
        forwarded=received - marked[5],
        expected=expected - marked[4],
        gaps=sum(line.gaps for line in looked_at),
        opened=sum(line.opens() for line in looked_at),
        looked_at=len(looked_at),
        load_cpu=load,
        late=late,
        memory=memory_of(job.pid),
        delays=delays.after(job.warm) if delays is not None else [],
    )


def _look(line: Line, datagram: memoryview, length: int) -> None:
    seq, ssrc = struct.unpack_from("!HxxxxL", datagram, 2)
    newest = line.newest.get(ssrc)
    if newest is not None:
        line.gaps += (seq - newest - 1) & 0xFFFF
    line.newest[ssrc] = seq
    line.last = bytes(datagram[:length])


def _waiting(sock: socket.socket, most: int) -> tuple[bytes, list[tuple[int, int, bytes]]]:
    """(a datagram that waits, what the kernel says of it); nothing if none does."""
    try:
        datagram, extra, _, _ = sock.recvmsg(most, 256)
    except BlockingIOError:
        return b"", []
    return datagram, extra


class _Delays:
    """A pair in a room of its own: when each packet was given to one socket, and came to the other."""

    def __init__(self, pair: Sequence[Line], seconds: float) -> None:
        self._sender, self._receiver = sender, _ = pair
        self._send = sender.sock.send
        voice = replace(sender.sends[0], rate=200)
        self._due = [(at, sender.keys._tx_srtp.protect(packet)) for at, packet in voice.packets(seconds)]
        self._next = 0
        self._sent: list[tuple[float, float]] = []
        self._came: dict[int, float] = {}
        self._receiver.sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def look(self, now: float) -> None:
        if self._next < len(self._due) and self._due[self._next][0] <= now:
            at = time.time()
            self._send(self._due[self._next][1])
            self._sent.append((now, at))
            self._next += 1
        while datagram := _waiting(self._sender.sock, 2048)[0]:
            if datagram[0] < 4:
                self._sender.check(datagram)
        while True:
            datagram, extra = _waiting(self._receiver.sock, 2048)
            if not datagram:
                return
            if datagram[0] < 4:
                self._receiver.check(datagram)
            elif 127 < datagram[0] < 192 and not 191 < datagram[1] < 224:
                seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
                self._came[int.from_bytes(datagram[2:4], "big")] = seconds + nanoseconds / 1e9

    def after(self, warm: float) -> list[float]:
        """Sequence numbers go on from the first that came."""
        first = next(iter(self._came))
        came = {(seq - first) & 0xFFFF: at for seq, at in self._came.items()}
        return [came[n] - at for n, (when, at) in enumerate(self._sent) if when >= warm and n in came]


async def main(job: Job) -> None:
    async with AsyncExitStack() as stack:
        lines, probe, pid = await everybody(job, stack)
        await asyncio.sleep(1)
        print(json.dumps(asdict(_run(replace(job, pid=pid), lines, probe))), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Job(**json.loads(sys.argv[1]))))
