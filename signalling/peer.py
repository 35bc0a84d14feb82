"""One person, as the plane knows them: connection, slots, line; and what can be taken of a publisher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from signalling.allocation import Rates, RatesOf, Second, Share, Step, next_share, next_share_above
from signalling.connection import Connection, State
from signalling.plan import Flow, Layer, PeerId, Quality, RoomId
from signalling.planning import Wanted
from signalling.profile import TrackKind
from signalling.quality import Line
from signalling.slots import Slots
from signalling.track import Track

Tracks = Mapping[TrackKind, Track]


Paused = tuple[frozenset[PeerId], frozenset[PeerId]]
"""Whose pictures somebody's own line does not carry; whose pictures do not come because of *their* lines."""
NONE_PAUSED: Final[Paused] = frozenset(), frozenset()


@dataclass(slots=True)
class Peer:
    id: PeerId
    room: RoomId
    connection: Connection | None = None
    slots: Slots = field(default_factory=Slots)
    line: Line = field(default_factory=lambda: Line(Quality.LOST))
    share: Share = field(default_factory=Share)
    """What the line carries to them ..."""
    share_above: Share = field(default_factory=Share)
    """... and from them."""
    wanted: Wanted = field(default_factory=Wanted)
    """What others may receive of them, and have a line for."""
    told_slots: Mapping[int, PeerId] | None = None
    told_wanted: Wanted | None = None
    told_paused: Paused = NONE_PAUSED

    @property
    def up(self) -> Connection | None:
        connection = self.connection
        return connection if connection is not None and connection.state is State.UP else None

    def begin(self) -> None:
        """A new connection: nothing was told over it, nothing is known of its line."""
        self.told_slots, self.told_wanted, self.told_paused = None, None, NONE_PAUSED
        self.share = self.share_above = Share()

    @property
    def rests(self) -> bool:
        """Their own line carries their voice at most."""
        return self.share_above.step is Step.VOICES

    @property
    def tracks(self) -> Tracks:
        """What they send, as far as their line carries it: of what is given up nobody is shown the last that comes."""
        if self.up is None:
            return {}
        kinds = _CARRIED.get(self.share_above.step)
        return self.up.tracks if kinds is None else {k: t for k, t in self.up.tracks.items() if k in kinds}

    def share_out(self, connection: Connection, flows: Mapping[PeerId, Flow], rates_of: RatesOf) -> bool:
        """What this line carries after another second, of these `flows` to them and of what they send.

        True when that is not what it was.
        """
        before = self.share.step, self.share_above.step
        self.share = next_share(self.share, flows, rates_of, Second(*connection.sent(), connection.estimate))
        own, lost = rates(connection.tracks), connection.lost_above()
        self.share_above = next_share_above(self.share_above, self.wanted, own, lost)
        return before != (self.share.step, self.share_above.step)


_CARRIED: Final[Mapping[Step, tuple[TrackKind, ...]]] = {
    Step.VOICES: (TrackKind.AUDIO,),
    Step.FIRST_LOW: (TrackKind.AUDIO, TrackKind.LOW),
}
"""By the step of a publisher's own line; the higher steps carry everything."""

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


def rates(tracks: Tracks) -> Rates:
    """What they really bring."""

    def rate(kind: TrackKind) -> float:
        track = tracks.get(kind)
        return track.rate if track is not None and track.live else 0.0

    return Rates(rate(TrackKind.AUDIO), rate(TrackKind.HIGH), rate(TrackKind.LOW))
