"""What the pages stand on, in one value that the composition root makes, and the application made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from aiohttp import web

from server.clock import Clock
from server.http.attempts import Attempts
from server.http.pages import Pages
from server.http.static import StaticFiles
from server.room.commands import Seat
from server.room.ids import MeetingId, PersonId
from server.store import Accounts, Database, Links, Meetings, Sessions


class LiveRooms(Protocol):
    """What a change on a page means to rooms that are live.  A room that nobody is in hears of it from the store."""

    async def relabelled(self, meeting: MeetingId) -> None:
        """Somebody's label has changed (R17)."""
        ...

    async def person_added(self, meeting: MeetingId, seat: Seat) -> None:
        """One more person was invited.  Raises `Refused` when the room cannot take them any more."""
        ...

    async def sessions_ended(self, meeting: MeetingId, person: PersonId) -> None:
        """The link of this person was replaced: whoever is in by the older one is in no longer."""
        ...


@dataclass(frozen=True, slots=True)
class Edge:
    """`origin` as it stands in links; `origins` all that are ours; `secure` when browsers reach us by https."""

    database: Database
    accounts: Accounts
    sessions: Sessions
    meetings: Meetings
    links: Links
    rooms: LiveRooms
    clock: Clock
    pages: Pages
    files: StaticFiles
    attempts: Attempts
    origin: str
    origins: frozenset[str]
    secure: bool
    time_zone: str
    account_session: timedelta
    person_session: timedelta


EDGE = web.AppKey("edge", Edge)
