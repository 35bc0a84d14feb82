"""How a worker and its owner talk: JSON lists behind a length of four bytes (big-endian) on a Unix socket.

Nothing but JSON is ever read, since a worker reads what strangers send it and must not be able to do more to its owner
than to say something that is not understood.

To the worker, in this order of its life:

    start {addresses, port, public}            once, first: as for `MediaPlane`
    plan number room {to: {from: [sound, layer, first]}}          answered by obeyed
    forget number room                         answered by obeyed
    offer id room peer [addresses] | null      answered by offered or refused
    answer id peer generation sdp              answered by answered or refused
    close peer
    stop

From the worker:

    ready | no_address reason                  once, first
    obeyed number room                         nothing outside that plan, or a newer one, is forwarded
    offered id generation sdp | answered id | refused id code detail
    begun peer generation                      the connection of an offer; it ends with one peer_down
    peer_up, peer_down, slots_changed, wanted, pictures_paused, quality_changed    as in `MediaListener`
    beat [counters]                            five times a second
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from signalling.plan import Flow, Layer, MediaPlan, PeerId

LONGEST: Final = 1 << 24
"""Bytes of one message; a plan for twelve people takes 10,000."""
_HEAD: Final = 4

Message = list[Any]
WrittenPlan = dict[PeerId, dict[PeerId, list[int]]]


class Garbled(Exception):
    """What came is no message of ours.  Carries nothing of it."""


class Channel(asyncio.Protocol):
    """One end.  `hear` is called for each message, in order; `ended` once, when the other end is gone."""

    def __init__(self, hear: Callable[[Message], None], ended: Callable[[], None]) -> None:
        self._hear, self._ended = hear, ended
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None

    def send(self, *message: object) -> None:
        """Returns at once; after the end it is nothing."""
        if self._transport is not None:
            self._transport.write(frame(*message))

    def close(self) -> None:
        """Nothing is heard from now on."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    # ---- asyncio.Protocol -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._frames.feed(data):
                if self._transport is None:
                    return
                self._hear(message)
        except Garbled:
            self.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._ended()


class Frames:
    """Bytes as they come, cut into messages."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete with this.  Raises Garbled."""
        rest = self._rest
        rest += data
        while len(rest) >= _HEAD:
            size = int.from_bytes(rest[:_HEAD], "big")
            if size > LONGEST:
                raise Garbled
            if len(rest) < _HEAD + size:
                return
            body = bytes(rest[_HEAD : _HEAD + size])
            del rest[: _HEAD + size]
            try:
                message = json.loads(body)
            except (ValueError, RecursionError):
                raise Garbled from None
            if not isinstance(message, list):
                raise Garbled
            yield message


def frame(*message: object) -> bytes:
    body = json.dumps(message, separators=(",", ":")).encode()
    return len(body).to_bytes(_HEAD, "big") + body


def written(plan: MediaPlan) -> WrittenPlan:
    return {
        subscriber: {
            publisher: [int(flow.audio), int(flow.video), int(flow.first)] for publisher, flow in flows.items()
        }
        for subscriber, flows in plan.items()
    }


def read(plan: Mapping[str, Mapping[str, list[int]]]) -> dict[PeerId, dict[PeerId, Flow]]:
    """Raises ValueError for what is no plan."""
    return {
        PeerId(subscriber): {
            PeerId(publisher): Flow(bool(a), Layer(v), bool(f)) for publisher, (a, v, f) in flows.items()
        }
        for subscriber, flows in plan.items()
    }
