"""What a live room needs of the world around it, as narrow as it can be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from server.room.events import Fact
from server.room.ids import DeviceId, MeetingId, PersonId
from server.room.state import Role
from signalling.plan import MediaPlan, PeerId, Quality, RoomId


class Told(StrEnum):
    """The events that a browser hears."""

    VIEW = "view"
    MEDIA = "media"
    MESSAGE = "message"
    LINES = "lines"
    STALLED = "stalled"
    BYE = "bye"


class Bye(StrEnum):
    """Why the server closes a line for good.  The browser does not come back by itself after one of these."""

    ELSEWHERE = "elsewhere"
    """Another device, or another window, has taken over (R14)."""
    SESSION_ENDED = "session_ended"
    """The session has run out, the link was replaced, or the person does not belong to the meeting."""
    MALFORMED = "malformed"
    """Three messages that our own pages do not send."""
    SLOW_DOWN = "slow_down"
    """Far too many messages."""


class Line(Protocol):
    """The connection to one browser.  Every method returns at once, never raises, and is nothing after the end."""

    @property
    def device(self) -> DeviceId: ...

    def view(self, rev: int, now: int, view: bytes) -> None:
        """Tell the person their whole view (UTF-8 JSON).  A newer one replaces one that is still waiting to go out."""
        ...

    def post(self, event: Told, body: Mapping[str, object]) -> None:
        """Tell the person anything else, in order."""
        ...

    def bye(self, reason: Bye) -> None:
        """Say why, and close for good."""
        ...

    def drop(self) -> None:
        """Close in such a way that the browser comes back by itself."""
        ...


class Journal(Protocol):
    """The history of all meetings; a stream is one meeting."""

    async def append(self, stream: MeetingId, after: int, facts: Sequence[Fact]) -> object:
        """Record facts behind fact number `after`, all or none.

        Raises `SeqTaken` when somebody else has written there, `StoreDown` when nothing can be written now.
        """
        ...

    async def read(self, stream: MeetingId) -> Sequence[Fact]:
        """Every fact of a stream, oldest first.  Raises `StoreDown`."""
        ...


class Invited(Protocol):
    """One person of a meeting, with the label that others see (R17)."""

    @property
    def id(self) -> PersonId: ...
    @property
    def role(self) -> Role: ...
    @property
    def attached_to(self) -> PersonId | None: ...
    @property
    def label(self) -> str: ...
    @property
    def relay_only(self) -> bool:
        """Their address is to be hidden (R18)."""
        ...


class Invitations(Protocol):
    async def people(self, id: MeetingId, /) -> Sequence[Invited]:  # noqa: A002  # as in the store
        """Everybody who is invited to a meeting, in seat order.  Raises `StoreDown`."""
        ...


class Offered(Protocol):
    """What the media plane offers to a peer.  `generation` names the connection from then on; it is opaque."""

    @property
    def generation(self) -> str: ...
    @property
    def sdp(self) -> str: ...


class Plane(Protocol):
    """The media plane, as `signalling` provides it.  It calls its listener (`MediaLink`) afterwards, never from
    inside.
    """

    async def offer(self, room: RoomId, peer: PeerId, only_from: frozenset[str] | None = None) -> Offered:
        """`only_from`: the IP addresses from which this peer is heard; None for anywhere."""
        ...

    async def answer(self, peer: PeerId, generation: str, sdp: str) -> None: ...

    async def close(self, peer: PeerId) -> None:
        """The listener hears `peer_down` if there was a connection."""
        ...

    def set_plan(self, room: RoomId, plan: MediaPlan) -> None:
        """From now on exactly `plan` is to be forwarded, also to those who connect later.  Returns at once."""
        ...

    async def confirmed(self, room: RoomId) -> None:
        """On return nothing outside the newest plan is forwarded, whatever became of whoever forwarded it.

        Never fails, takes two seconds at most, and nothing at all where media is forwarded in this very process.
        """
        ...

    def forget_room(self, room: RoomId) -> None: ...

    def generation(self, peer: PeerId) -> str | None:
        """Of the connection that is up."""
        ...

    def quality(self, peer: PeerId) -> Quality: ...
