"""The media plane beside its peers, in one run on one machine: what a CPU second forwards.

    python -m tests.bench.media [--quick]        also: make bench-media

In turn, and over again: this plane as the product runs it, Janus VideoRoom with one event loop (tuned) and with its
defaults, and the kernel's floor (the same datagrams without keys or headers); aiortc's MediaRelay once, with the three
people that it can carry.  The server has one core, the load the other.  Rooms of six, everybody to everybody, each
sending 50 x 160 bytes of sound and 60 x 1000 bytes of pictures a second; then circles of twelve as the product runs
them against Janus forwarding everything.  Every packet is real SRTP; what arrives is counted, sequence numbers are
followed and packets decrypted on some of the lines.  CPU time is the scheduler's own, of all threads.

Prints a table and one line of JSON, and draws tests/out/bench/media.png.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np

from signalling.insides import own_addresses
from tests.bench.janus import janus
from tests.bench.media_load import Measured
from tests.bench.media_picture import draw

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "tests/out/bench/media.png"
SERVER, LOAD = 0, 1
"""Cores."""
ROOMS, CIRCLES = 10, 3
"""As many as every server carries on a slow machine: one that drops packets proves nothing."""
ROUNDS = 5
"""In each of them every server is measured once.  Servers are compared within a round: a machine that others use too is
a fifth slower in one minute than in the next.
"""
GROWING = (4, 8, 12, 16, 20, 28, 36)
FULL = 0.97
"""Of a core: more rooms than that are not tried."""
FINELY = 0.0005
"""Seconds between two looks of the load while delays are measured: people do not speak in one burst each 5 ms."""


@dataclass(frozen=True, slots=True)
class Point:
    """One server under one load."""

    server: str
    rooms: int
    measured: Measured

    @property
    def rate(self) -> float:
        """Forwarded packets for each CPU second."""
        return self.measured.forwarded / self.measured.cpu

    @property
    def core(self) -> float:
        """Share of a core."""
        return self.measured.cpu / self.measured.window


def address() -> str:
    """One of this machine's own addresses that is not loopback, which Janus leaves out."""
    for found in own_addresses():
        if ":" not in found and not found.startswith("127."):
            return found
    raise SystemExit("This benchmark needs one network interface with an IPv4 address besides loopback.")


@contextmanager
def _child(module: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """(process id, port of its control line)"""
    command = ["taskset", "-c", str(SERVER), sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _server(name: str, host: str) -> Iterator[tuple[int, int]]:
    with tempfile.TemporaryDirectory() as folder:
        match name:
            case "ours":
                with _child("tests.bench.media_ours", host) as started:
                    yield started
            case "media_relay":
                with _child("tests.bench.media_relay") as started:
                    yield started
            case "floor":
                yield 0, 0
            case _:
                loops = 1 if name == "janus_tuned" else 0
                with janus(Path(folder), host, event_loops=loops, core=SERVER) as started:
                    yield started


_TARGETS = {"janus_tuned": "janus", "janus_default": "janus", "media_relay": "relay"}


def measure(name: str, host: str, rooms: int, **more: Any) -> Point:
    """A fresh server, a fresh load."""
    with _server(name, host) as (pid, port):
        job = {"target": _TARGETS.get(name, name), "address": host, "port": port, "pid": pid, "rooms": rooms} | more
        command = ["taskset", "-c", str(LOAD), sys.executable, "-m", "tests.bench.media_load", json.dumps(job)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        point = Point(name, rooms, Measured(**json.loads(done.stdout.splitlines()[-1])))
        told = _tell(port) if name == "ours" else {}
    _check(point)
    size = more.get("size", 6)
    print(
        f"  {name:14} {rooms:3} x {size:2}  {point.measured.forwarded / point.measured.window:9,.0f} packets a second, "
        f"{100 * point.core:5.1f} % of a core, {point.rate:9,.0f} a CPU second"
        + (f", longest collection {told['gc_longest_ms']:.1f} ms" if told else ""),
        flush=True,
    )
    if told:
        _COLLECTIONS.append(told["gc_longest_ms"])
    return point


_COLLECTIONS: list[float] = []
"""The longest garbage collection of each of our servers, in ms."""


def _tell(port: int) -> Mapping[str, float]:
    import socket

    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(b'{"tell": 0}\n')
        told: Mapping[str, float] = json.loads(sock.makefile().readline())
    return told


def _check(point: Point) -> None:
    """A figure counts only if what was sent on arrived, in order, and could be decrypted."""
    measured = point.measured
    assert measured.opened == measured.looked_at > 0, "packets that cannot be decrypted"
    if point.server == "media_relay":
        return  # it makes packets of its own
    whole = measured.forwarded / measured.expected
    if point.core < FULL:
        assert 0.97 < whole < 1.03, f"{100 * whole:.1f} % of the packets arrived"
        assert measured.gaps <= measured.forwarded / 1000, f"{measured.gaps} gaps"


def main() -> None:
    asked = argparse.ArgumentParser(description="The media plane beside its peers.")
    asked.add_argument("--quick", action="store_true", help="about a minute: one round, no growth to a full core")
    result = run(quick=asked.parse_args().quick)
    print(json.dumps(result))


def run(*, quick: bool) -> Mapping[str, Any]:
    """Measure everything, print it, draw it; what the last line says."""
    host = address()
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("This benchmark needs two cores: one for the server, one for the load.")
    names = ("ours", "janus_tuned", "janus_default", "floor")
    rounds: dict[str, list[Point]] = {name: [] for name in names}
    print(f"rooms of 6, {ROOMS} of them, each server in turn")
    for _ in range(1 if quick else ROUNDS):
        for name in names:
            rounds[name].append(measure(name, host, ROOMS))
    print("MediaRelay, one room of 3 (it fails at 6), with real pictures")
    rounds["media_relay"] = [measure("media_relay", host, 1, size=3, warm=4.0)]
    print("circles of 12: ours as the product runs them, Janus forwarding everything")
    circles: dict[str, list[Point]] = {"ours": [], "janus_tuned": []}
    for _ in range(1 if quick else ROUNDS):
        circles["ours"].append(measure("ours", host, CIRCLES, size=12, circle=True))
        circles["janus_tuned"].append(measure("janus_tuned", host, CIRCLES, size=12))
    print("rooms of 6, growing")
    growth = [*rounds["ours"][:1]] if quick else _grow(host)
    half = _half(host, _rooms_at(growth, 0.5), 1 if quick else ROUNDS)
    rate = {name: median(point.rate for point in points) for name, points in rounds.items()}
    result = {
        "forwarded_per_cpu_second": {name: round(each) for name, each in rate.items()},
        "ratio_to_janus_tuned": round(_ratio(rounds, lambda point: point.rate), 2),
        "circle_of_12_cpu_ratio_to_janus": round(_ratio(circles, lambda point: point.measured.cpu), 3),
        "rooms_of_6_per_core": _rooms_at(growth, 1.0),
        "delay_at_half_load_ms": _delays(half),
        "memory_mb_each_participant": round(_memory(growth if len(growth) > 1 else [*circles["ours"], *growth]), 2),
        "longest_collection_ms": round(max(_COLLECTIONS), 2),
    }
    _table(rate, result)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    draw(rate, [(p.measured.forwarded / p.measured.window, p.core) for p in growth], PICTURE)
    print(f"drawn: {PICTURE.relative_to(ROOT)}")
    return result


def _ratio(rounds: Mapping[str, Sequence[Point]], of: Callable[[Point], float]) -> float:
    """Ours to tuned Janus, the median of all rounds."""
    return median(of(ours) / of(janus) for ours, janus in zip(rounds["ours"], rounds["janus_tuned"], strict=True))


def _grow(host: str) -> list[Point]:
    """More and more rooms until the core is full."""
    points: list[Point] = []
    for rooms in (*GROWING, *range(44, 200, 8)):
        points.append(measure("ours", host, rooms))
        if points[-1].core > FULL - 0.06:
            break
    return points


def _half(host: str, rooms: int, rounds: int) -> list[Point]:
    """Half a core, and delays.  Packets that come one by one cost more than `rooms` says, which is of bursts."""
    first = measure("ours", host, rooms, probe=True, step=FINELY)
    rooms = max(1, int(rooms * 0.5 / first.core))
    return [measure("ours", host, rooms, probe=True, step=FINELY) for _ in range(rounds)]


def _line(points: Sequence[Point]) -> tuple[float, float]:
    """(share of a core for each room, share of a core that no room costs)"""
    if len(points) < 2:
        return points[0].core / points[0].rooms, 0.0
    slope, base = np.polyfit([p.rooms for p in points], [p.core for p in points], 1)
    return float(slope), float(base)


def _rooms_at(points: Sequence[Point], share: float) -> int:
    slope, base = _line(points)
    return max(1, int((share - base) / slope))


def _delays(points: Sequence[Point]) -> Mapping[str, float]:
    """Of each figure the median of all rounds."""
    each = [[1000 * delay for delay in point.measured.delays] for point in points]
    return {
        "p50": round(median(median(delays) for delays in each), 3),
        "p99": round(median(quantiles(delays, n=100)[98] for delays in each), 3),
        "packets": sum(map(len, each)),
    }


def _memory(points: Sequence[Point]) -> float:
    """MB that one more participant takes."""
    people = [p.rooms * (12 if p.measured.expected and p.rooms == CIRCLES else 6) for p in points]
    return float(np.polyfit(people, [p.measured.memory / 1e6 for p in points], 1)[0]) if len(points) > 1 else 0.0


def _table(rate: Mapping[str, float], result: Mapping[str, Any]) -> None:
    print(f"\n{'server':16}{'forwarded packets a CPU second':>32}{'against tuned Janus':>22}")
    for name, each in sorted(rate.items(), key=lambda item: -item[1]):
        print(f"{name:16}{each:32,.0f}{each / rate['janus_tuned']:22.2f}")
    print(
        f"\ncircle of 12: {result['circle_of_12_cpu_ratio_to_janus']} of tuned Janus' CPU time"
        f"\nrooms of 6 on one core: {result['rooms_of_6_per_core']}"
        f"\ndelay at half load (socket to socket): {result['delay_at_half_load_ms']}"
        f"\nmemory for each participant: {result['memory_mb_each_participant']} MB"
        f"\nlongest garbage collection: {result['longest_collection_ms']} ms"
    )


if __name__ == "__main__":
    main()
