"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01).  Pure.

Publishers number every packet over all their m-lines; the server tells when each arrived, and the browser's own
estimator does the rest: 680 kbit/s after 3 s, 1 Mbit/s after 6 (with the estimate computed here and sent as REMB it
took over 20).  Only two-bit status vectors are written: simpler than run lengths, and at most 40 bytes more.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Final

LONGEST: Final = 512
"""Statuses in one message; with the largest deltas that is 1,170 bytes."""

_TICK: Final = 0.00025
_REFERENCE: Final = 0.064
_TICKS_IN_REFERENCE: Final = 256
_MISSING, _SMALL, _LARGE = 0, 1, 2


def build(arrivals: Iterable[tuple[int, float]], count: int) -> bytes:
    """The body of one feedback message about `arrivals`: (transport-wide number, arrival in s), at least one.

    `count` numbers the messages.  What is `LONGEST` or more behind the first arrival is left out: only a hostile
    publisher numbers like that.
    """
    times: dict[int, float] = {}
    origin: int | None = None
    for number, at in arrivals:
        if origin is None:
            origin = number
        times.setdefault(((number - origin + 0x8000) & 0xFFFF) - 0x8000, at)
    assert origin is not None
    numbers = sorted(times)
    first = numbers[0]
    if numbers[-1] - first >= LONGEST:
        first = max(first, -LONGEST // 2)
        numbers = [n for n in numbers if first <= n < first + LONGEST]
        first = numbers[0]
    reference = int(times[first] / _REFERENCE)
    ticks = reference * _TICKS_IN_REFERENCE
    statuses, last = 0, first - 1
    deltas = bytearray()
    for number in numbers:
        delta = round(times[number] / _TICK) - ticks
        if 0 <= delta <= 255:
            status = _SMALL
            deltas.append(delta)
        else:
            status = _LARGE
            delta = max(-0x8000, min(0x7FFF, delta))
            deltas += delta.to_bytes(2, "big", signed=True)
        ticks += delta
        statuses = statuses << 2 * (number - last) | status  # what is missing between them has the status 0
        last = number
    total = last - first + 1
    chunks = -(-total // 7)
    statuses <<= 2 * (7 * chunks - total)
    body = struct.pack("!HHL", (origin + first) & 0xFFFF, total, (reference & 0xFFFFFF) << 8 | count & 0xFF)
    for shift in range(14 * (chunks - 1), -1, -14):
        body += (0xC000 | statuses >> shift & 0x3FFF).to_bytes(2, "big")
    body += deltas
    return body + bytes(-len(body) % 4)


def parse(body: bytes) -> Mapping[int, float | None]:
    """What `build` wrote: transport-wide number -> arrival in s (modulo 12 days) or None for missing.

    Only two-bit vectors are read, which is all that `build` writes.  Raises ValueError on anything else.
    """
    try:
        base, total, reference = struct.unpack_from("!HHL", body)
        position = 8
        statuses: list[int] = []
        while len(statuses) < total:
            (chunk,) = struct.unpack_from("!H", body, position)
            position += 2
            if chunk >> 14 != 3:
                raise ValueError("not a two-bit vector")
            statuses += [chunk >> (12 - 2 * i) & 3 for i in range(7)]
        ticks = (reference >> 8) * _TICKS_IN_REFERENCE
        arrivals: dict[int, float | None] = {}
        for i, status in enumerate(statuses[:total]):
            at = None
            if status != _MISSING:
                (delta,) = struct.unpack_from("!B" if status == _SMALL else "!h", body, position)
                position += 1 if status == _SMALL else 2
                ticks += delta
                at = ticks * _TICK
            arrivals[(base + i) & 0xFFFF] = at
    except struct.error:
        raise ValueError("too short") from None
    return arrivals
