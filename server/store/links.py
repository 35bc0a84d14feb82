"""One live link for each person of a meeting: what they were sent, exchanged for a session by their own hand.

A link stays good until another is issued, it is revoked, or its meeting has been over for a while: people open it on
the telephone first and on the laptop later.  Nothing is consumed, so only a POST may redeem it: link previews only GET.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from server.room.ids import MeetingId, PersonId
from server.store.database import Database
from server.store.schema import SessionKind, link, meeting, person, session
from server.store.tokens import digest, new_token

GRACE = timedelta(hours=24)
"""How long after the end a link still opens the room, which then says that the meeting is over."""


class Links:
    def __init__(self, database: Database, grace: timedelta = GRACE) -> None:
        self._database = database
        self._grace = grace

    async def issue(self, of: PersonId, *, now: datetime) -> str:
        """A new link for this person, shown once.  The older one and every session that came of it end here and now.

        Returns the token (43 characters); only its hash is kept.  Raises `Conflict` if there is no such person.
        """
        token = new_token()
        row = {"person": of, "token_hash": digest(token), "issued_at": now}

        def replace(connection: Connection) -> None:
            # The person's row is the queue of two who issue at the same moment.
            connection.execute(select(person.c.id).where(person.c.id == of).with_for_update())
            _end(connection, of)
            connection.execute(insert(link), row)

        await self._database.write(replace)
        return token

    async def revoke(self, of: PersonId) -> None:
        """No link opens this person's room any more, and no session that came of one."""
        await self._database.write(lambda connection: _end(connection, of))

    async def redeem(self, token: str, *, now: datetime) -> PersonId | None:
        """Whose link this is; None if it is no longer anybody's, for whatever reason."""
        hashed = digest(token)
        if hashed is None:
            return None
        query = (
            select(link.c.person, meeting.c.ended_at)
            .join(person, person.c.id == link.c.person)
            .join(meeting, meeting.c.id == person.c.meeting)
            .where(link.c.token_hash == hashed)
        )
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        if row is None or (row.ended_at is not None and now > row.ended_at + self._grace):
            return None
        return PersonId(row.person)

    async def issued(self, of: MeetingId) -> Mapping[PersonId, datetime]:
        """Who of this meeting has a live link, and since when."""
        query = select(link.c.person, link.c.issued_at).join(person, person.c.id == link.c.person)
        query = query.where(person.c.meeting == of)
        return await self._database.read(lambda connection: dict(connection.execute(query).all()))


def _end(connection: Connection, of: PersonId) -> None:
    connection.execute(delete(link).where(link.c.person == of))
    connection.execute(delete(session).where(session.c.kind == SessionKind.PERSON, session.c.subject == of))
