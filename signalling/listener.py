"""What the media plane tells its owner."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from signalling.plan import PeerId, Quality, RoomId


class MediaListener(Protocol):
    """Told what happens, in order, on the event loop, never from inside a call of the listener's own.  Must not block.

    Every connection that was offered ends with exactly one `peer_down`, whatever ended it (`stop` of the plane alone
    ends them without a word).
    """

    def peer_up(self, peer: PeerId, generation: str) -> None:
        """Media may flow.  `slots_changed` and `wanted` of this connection follow at once."""

    def peer_down(self, peer: PeerId, generation: str) -> None:
        """The connection is over: closed, replaced, never came about, or silent for 3 s.  It does not come back."""

    def slots_changed(self, peer: PeerId, generation: str, slots: Mapping[int, PeerId]) -> None:
        """Through which slot pair whose sound or picture may come now: the whole map.

        A pair in which nothing may flow is not in it.  Its slot is kept for it: what flows again comes through the
        same one.
        """

    def wanted(self, peer: PeerId, generation: str, audio: bool, high: bool, low: bool) -> None:
        """What anybody may receive of this person now; their browser should stop sending the rest."""

    def pictures_paused(
        self, peer: PeerId, generation: str, paused: Collection[PeerId], resting: Collection[PeerId]
    ) -> None:
        """Whose pictures this person's line does not carry now; and of whom none comes because *their* line carries
        their voice at most, themselves among them.  All of both; not told of a new connection while both are empty.
        """

    def quality_changed(self, peer: PeerId, quality: Quality) -> None:
        """How good this person's line is, judged once a second."""


class WorkersListener(MediaListener, Protocol):
    """What there is to tell as well when media is carried by other processes."""

    def room_lost(self, room: RoomId) -> None:
        """Its worker has ended, and every connection in it: `peer_down` of each follows at once.  Nobody went."""
