"""One person, as the plane knows them: connection, slots, line; and what can be taken of a publisher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from signalling.allocation import Rates, Share
from signalling.connection import Connection, State
from signalling.plan import Layer, PeerId, Quality, RoomId
from signalling.planning import Wanted
from signalling.profile import TrackKind
from signalling.quality import Line
from signalling.slots import Slots
from signalling.track import Track

Tracks = Mapping[TrackKind, Track]


@dataclass(slots=True)
class Peer:
    id: PeerId
    room: RoomId
    connection: Connection | None = None
    slots: Slots = field(default_factory=Slots)
    line: Line = field(default_factory=lambda: Line(Quality.LOST))
    share: Share = field(default_factory=Share)
    told_slots: Mapping[int, PeerId] | None = None
    told_wanted: Wanted | None = None
    told_paused: frozenset[PeerId] = frozenset()

    @property
    def up(self) -> Connection | None:
        connection = self.connection
        return connection if connection is not None and connection.state is State.UP else None


_LAYERS: Final[Mapping[Layer, tuple[TrackKind, ...]]] = {
    Layer.NONE: (),
    Layer.LOW: (TrackKind.LOW,),
    Layer.HIGH: (TrackKind.HIGH, TrackKind.LOW),
}


def sound(tracks: Tracks) -> tuple[Track, ...]:
    return (tracks[TrackKind.AUDIO],) if TrackKind.AUDIO in tracks else ()


def pictures(tracks: Tracks, layer: Layer) -> tuple[Track, ...]:
    """What may be shown, best first."""
    return tuple(tracks[kind] for kind in _LAYERS[layer] if kind in tracks)


def rates_of(tracks: Tracks) -> Rates:
    """What they really bring."""

    def rate(kind: TrackKind) -> float:
        track = tracks.get(kind)
        return track.rate if track is not None and track.live else 0.0

    return Rates(rate(TrackKind.AUDIO), rate(TrackKind.HIGH), rate(TrackKind.LOW))
