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
from server.room.ids import MeetingId, PersonId
from server.store import Accounts, Database, Links, Meetings, Sessions


class LiveRooms(Protocol):
    """What live rooms are told of changes that are in the store already.  Nothing here fails: a room that nobody is in,
    or that cannot be told now, finds the change when it is opened.
    """

    async def people_changed(self, meeting: MeetingId) -> None:
        """Somebody was invited, is called something else now (R17), or is to be hidden (R18)."""
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
    may_hide: bool
    """There is a relay, so that somebody's address can be hidden (R18)."""


EDGE = web.AppKey("edge", Edge)
