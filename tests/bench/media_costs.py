"""What the media plane costs, in CPU time: the hot path, a plan, an offer, a beat of the clock.

The hot path runs with real libsrtp (AES-128-GCM) and a real socket, without the event loop: one publisher's voice and
picture (50 x 160 and 60 x 1000 bytes a second, as one stream of packets) to five viewers, every feature on.

    python -m tests.bench.media_costs
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from itertools import count
from typing import Any, cast

from pylibsrtp import Policy, Session

from signalling import SLOT_PAIRS, Flow, Layer, PeerId
from signalling.answer import Published
from signalling.counters import Counters
from signalling.dtls import Keys
from signalling.forward import Inlet
from signalling.insides import allocate, memmove, view
from signalling.mmsg import sockaddr
from signalling.outbox import Destination, Outbox
from signalling.path import Path
from signalling.profile import OPUS, VP8, TrackKind
from signalling.slot import Slot
from signalling.timeline import ServerTime
from signalling.track import Track
from tests.signalling.client import audio_level, rtp_packet, video_extensions
from tests.signalling.stage import BOTH, ROOM, stage
from tests.signalling.wire import refill

VIEWERS = 5
PACKETS = 22_000
CIRCLE = SLOT_PAIRS + 1


class _Wire:
    """A path with keys and a socket, and nothing else."""

    def __init__(self, key: bytes, outbox: Outbox, address: tuple[str, int]) -> None:
        self._key = key
        self._session = _session(key, Policy.SSRC_ANY_INBOUND)
        self.rx = self._session._srtp[0]
        self.outbox = outbox
        self.destination = Destination(sockaddr(address, socket.AF_INET))
        self.heard_at, self.round_trip = 0.0, 0.05

    def stream(self, ssrc: int) -> Session:
        session = self._session
        keys = Keys(session, session, self.rx, None, Policy.SRTP_PROFILE_AEAD_AES_128_GCM, self._key)
        return keys.stream(ssrc)

    def send_rtcp(self, _: bytes) -> None:
        return


def _session(key: bytes, kind: int) -> Session:
    policy = Policy(key=key, ssrc_type=kind, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    policy.window_size = 1024
    return Session(policy)


def _packets(key: bytes) -> list[bytes]:
    """Encrypted packets of a voice (SSRC 100) and a picture (200)."""
    encrypt = _session(key, Policy.SSRC_ANY_OUTBOUND).protect
    voice, picture = count(1), count(1)
    packets = []
    for i in range(PACKETS):
        if i % 11 < 5:
            n = next(voice)
            packets.append(rtp_packet(OPUS, n, 960 * n, 100, bytes(160), extensions=audio_level()))
        else:
            n = next(picture)
            head = b"\x10\x00" if n % 600 == 1 else b"\x10\x01"
            packets.append(rtp_packet(VP8, n, 1500 * n, 200, head + bytes(998), extensions=video_extensions(n)))
    return [encrypt(packet) for packet in packets]


def hot_path() -> float:
    """CPU seconds for each forwarded copy, sending included."""
    key = secrets.token_bytes(28)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out,
    ):
        sink.bind(("127.0.0.1", 0))
        out.setblocking(False)

        counters = Counters()
        outbox = Outbox(out.fileno(), 256, socket.AF_INET, counters)

        def wire() -> Path:
            return cast("Path", _Wire(key, outbox, sink.getsockname()))

        publisher = wire()
        voice = Track(Published(TrackKind.AUDIO, 100, None, nack=True, transport_cc=False), publisher)
        picture = Track(Published(TrackKind.HIGH, 200, 201, nack=True, transport_cc=True), publisher)
        ssrcs = count(1000)
        inlet = Inlet(publisher, {100: voice, 200: picture, 201: picture}, counters, lambda _: None)
        for _ in range(VIEWERS):
            viewer = wire()
            Slot(viewer, ServerTime(0.0), ssrcs, is_video=False).show((voice,), 0.0)
            Slot(viewer, ServerTime(0.0), ssrcs, is_video=True).show((picture,), 0.0)
        packets = _packets(key)
        buffer = allocate("char[]", 2048)
        seen = memoryview(view(buffer)).cast("B")
        start = time.process_time()
        for i, packet in enumerate(packets):
            memmove(buffer, packet, len(packet))
            inlet.receive(buffer, seen, len(packet))
            if i % 50 == 0:
                outbox.send()
                inlet.arrivals.clear()
                refill(inlet._media)
        took = time.process_time() - start
    assert counters.forwarded > 0.98 * PACKETS * VIEWERS
    return took / counters.forwarded


async def plane() -> dict[str, float]:
    """CPU seconds of the plane's own calls, in a circle of twelve."""
    names = [f"p{i}" for i in range(CIRCLE)]
    everybody: dict[str, dict[str, Flow]] = {v: {p: BOTH for p in names if p != v} for v in names}
    without_one = {
        v: {p: Flow(video=Layer.HIGH) if p == "p3" else f for p, f in of.items()} for v, of in everybody.items()
    }
    async with stage() as s:
        for name in names:
            await s.join(name)
        s.plan(everybody)

        def there_and_back(other: dict[str, dict[str, Flow]]) -> None:
            s.plan(other)
            s.plan(everybody)

        costs = {
            "a plan that shuts everybody, and one that opens everybody": _cost(lambda: there_and_back({}), 50),
            "a plan that shuts one voice, and one that opens it": _cost(lambda: there_and_back(without_one), 50),
        }
        connection = s.plane._peers[PeerId("p0")].connection
        assert connection is not None
        beats = count()

        def beat() -> None:
            connection.path.heard_at = now = time.monotonic()
            connection.tick(now, next(beats))

        costs["one connection's beat"] = _cost(beat, 5000)
        start = time.process_time()
        for i in range(50):
            await s.plane.offer(ROOM, PeerId(f"x{i}"))
        costs["an offer"] = (time.process_time() - start) / 50
    return costs


def _cost(what: Callable[[], Any], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        what()
    return (time.process_time() - start) / times


def main() -> None:
    copy = hot_path()
    print(f"hot path: {1e6 * copy:.2f} us a copy, {1 / copy:,.0f} copies a CPU second")
    for what, cost in asyncio.run(plane()).items():
        print(f"{what}: {1e6 * cost:,.1f} us")


if __name__ == "__main__":
    main()
