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
    first = max(min(times), -LONGEST // 2)
    numbers = [n for n in sorted(times) if first <= n < first + LONGEST]
    reference = int(times[numbers[0]] / _REFERENCE)
    statuses: list[int] = []
    deltas = bytearray()
    ticks = round(reference * _REFERENCE / _TICK)
    for number in numbers:
        statuses += [_MISSING] * (number - numbers[0] - len(statuses))
        delta = round(times[number] / _TICK) - ticks
        delta = max(-0x8000, min(0x7FFF, delta))
        ticks += delta
        if 0 <= delta <= 255:
            statuses.append(_SMALL)
            deltas.append(delta)
        else:
            statuses.append(_LARGE)
            deltas += struct.pack("!h", delta)
    chunks = b"".join(_chunk(statuses[i : i + 7]) for i in range(0, len(statuses), 7))
    head = struct.pack(
        "!HHL", (origin + numbers[0]) & 0xFFFF, len(statuses), (reference & 0xFFFFFF) << 8 | count & 0xFF
    )
    body = head + chunks + deltas
    return body + bytes(-len(body) % 4)


def _chunk(statuses: list[int]) -> bytes:
    bits = 3
    for status in statuses:
        bits = bits << 2 | status
    return struct.pack("!H", bits << 2 * (7 - len(statuses)))


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
        ticks = round((reference >> 8) * _REFERENCE / _TICK)
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
