"""The hash chain of a stream, pure: what makes a changed, lost, moved or added fact visible.

    mac(0)    = HMAC(key, "stream" | stream)
    mac(n)    = HMAC(key, "fact" | mac(n-1) | n | body(n))
    seal      = HMAC(key, "head" | mac(n) | n)

The chain alone does not show that its end was cut off: a shorter chain is a chain.  So the head says how long it is,
and is sealed, because otherwise whoever can write to the database could move it back.  What no database can show by
itself is that the whole of it was replaced by an older copy; for that, `Journal.head` can be kept elsewhere.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from server.room.ids import MeetingId
from server.store.errors import ChainBroken

KEY_LEAST = 32


@dataclass(frozen=True, slots=True)
class Head:
    """How far a stream goes, and the MAC of its last fact."""

    stream: MeetingId
    seq: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact as it is stored: number, canonical bytes (ASCII), MAC."""

    seq: int
    body: str
    mac: bytes


def canonical(fact: Mapping[str, Any]) -> str:
    """The one text for a fact: keys sorted, no spaces, ASCII, no NaN."""
    return json.dumps(fact, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def start(key: bytes, stream: MeetingId) -> Head:
    """The head of a stream that has no facts yet."""
    return Head(stream, 0, _mac(key, b"stream", stream.encode()))


def extend(key: bytes, head: Head, bodies: Iterable[str]) -> tuple[Head, list[Entry]]:
    """Link `bodies` to `head`."""
    entries = []
    for body in bodies:
        seq = head.seq + 1
        entry = Entry(seq, body, _mac(key, b"fact", head.mac, seq.to_bytes(8), body.encode()))
        entries.append(entry)
        head = Head(head.stream, seq, entry.mac)
    return head, entries


def seal(key: bytes, head: Head) -> bytes:
    return _mac(key, b"head", head.mac, head.seq.to_bytes(8))


def sealed(key: bytes, head: Head, found: bytes) -> bool:
    return hmac.compare_digest(seal(key, head), found)


def follow(key: bytes, head: Head, entry: Entry) -> Head:
    """The head after `entry`; raises `ChainBroken` if it is not what was written there."""
    (after, (true,)) = extend(key, head, [entry.body])
    if entry.seq != true.seq or not hmac.compare_digest(entry.mac, true.mac):
        raise ChainBroken(true.seq)
    return after


def _mac(key: bytes, kind: bytes, *parts: bytes) -> bytes:
    # Every part but the last has a fixed length, so no two meanings share their bytes.
    return hmac.digest(key, kind + b"\0" + b"".join(parts), sha256)
