"""The hot path on a bench: one publisher, one viewer, no sockets and no keys."""

from __future__ import annotations

import socket
from itertools import count
from math import inf
from types import SimpleNamespace
from typing import Any, cast

from signalling.allowance import Allowance
from signalling.answer import Published
from signalling.counters import Counters
from signalling.forward import Inlet
from signalling.insides import allocate, memmove, view
from signalling.outbox import Destination, Outbox
from signalling.path import Path
from signalling.profile import TrackKind
from signalling.slot import Slot
from signalling.timeline import ServerTime
from signalling.track import Track
from tests.signalling.packets import rtp_packet


class Kept(Outbox):
    """An outbox that keeps what the kernel would be given."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(-1, 8, socket.AF_INET, Counters())
        self._wire = wire

    def send(self) -> None:
        self._wire.sent += emptied(self)


def emptied(outbox: Outbox) -> list[bytes]:
    """What waited in it, in the order in which it was put there."""
    assert sorted(place for to in outbox.due for place in (*to.places, *to.voices)) == list(range(outbox.taken))
    for to in outbox.due:
        to.places.clear()
        to.voices.clear()
    outbox.due.clear()
    taken, outbox.taken = outbox.taken, 0
    return [bytes(outbox.views[i][: outbox.sizes[i]]) for i in range(taken)]


ALL_STREAMS = object()
"""The handle of a session that is not one stream's."""


class Wire:
    """A path without sockets and keys: keeps what is sent."""

    def __init__(self) -> None:
        self.rx = self.tx = ALL_STREAMS
        self.address, self.destination = ("", 0), Destination(bytes(16))
        self.outbox = Kept(self)
        self.heard_at = 0.0
        self.round_trip, self.queued = 0.05, 0.0
        self.sent: list[bytes] = []
        self.rtcp: list[bytes] = []

    def sendto(self, data: memoryview, _: object) -> int:
        self.sent.append(bytes(data))
        return len(data)

    def stream(self, ssrc: int) -> Any:
        return SimpleNamespace(_srtp=[ssrc])

    def send_rtcp(self, data: bytes) -> None:
        self.rtcp.append(data)


class Bench:
    """One publisher with three tracks and one viewer with a slot pair."""

    def __init__(self) -> None:
        self.publisher, self.viewer = Wire(), Wire()
        path = cast("Path", self.publisher)
        self.audio = Track(Published(TrackKind.AUDIO, 100, None, True, False), path)
        self.high = Track(Published(TrackKind.HIGH, 200, 201, True, True), path)
        self.low = Track(Published(TrackKind.LOW, 300, 301, True, True), path)
        tracks = {t.ssrc: t for t in (self.audio, self.high, self.low)} | {201: self.high, 301: self.low}
        self.counters = Counters()
        self.reports: list[bytes] = []
        self.inlet = Inlet(path, tracks, self.counters, self.reports.append)
        time, ssrcs = ServerTime(0.0), count(1000)
        self.sound = Slot(cast("Path", self.viewer), time, ssrcs, is_video=False)
        self.picture = Slot(cast("Path", self.viewer), time, ssrcs, is_video=True)

    def take(self, packet: bytes) -> None:
        """One datagram, and what comes of it is sent."""
        buffer = allocate("char[]", 2048)
        memmove(buffer, packet, len(packet))
        self.inlet.receive(buffer, memoryview(view(buffer)).cast("B"), len(packet))
        self.viewer.outbox.send()

    def open(self) -> None:
        self.sound.show((self.audio,), 0.0)
        self.picture.show((self.high, self.low), 0.0)

    def voice(self, seq: int, payload: bytes = b"voice", **more: Any) -> None:
        self.take(rtp_packet(111, seq, seq * 960, 100, payload, **more))

    def rest(self) -> None:
        """For as long as it takes until as much comes in at once as ever may."""
        refill(self.inlet._media, self.inlet._reports)

    def sent(self) -> list[tuple[int, int, int]]:
        """(SSRC, sequence number, timestamp) of what the viewer got."""
        return [(integer(p[8:12]), integer(p[2:4]), integer(p[4:8])) for p in self.viewer.sent]


def refill(*allowances: Allowance) -> None:
    """As after a long rest."""
    for allowance in allowances:
        allowance._at = -inf


def integer(data: bytes) -> int:
    return int.from_bytes(data, "big")
