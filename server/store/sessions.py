"""Who is at the other end of a request: a random token in a cookie, its hash in a row, gone when the row is gone.

Nothing about the person is in the cookie, so closing a session here ends it everywhere at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from server.room.ids import PersonId
from server.store.database import Database
from server.store.schema import SessionKind, session
from server.store.tokens import AccountId, SessionId, digest, new_id, new_token


@dataclass(frozen=True, slots=True)
class Session:
    id: SessionId
    """Safe to show and to journal: it is the room's `DeviceId` and tells nothing of the token."""
    kind: SessionKind
    subject: str
    """An `AccountId` or a `PersonId`, as `kind` says."""
    expires_at: datetime
    token: str | None = field(default=None, repr=False)
    """Only from `open`: it is never read back, because it is not kept."""


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, kind: SessionKind, subject: AccountId | PersonId, ttl: timedelta, *, now: datetime) -> Session:
        """A new session that ends after `ttl`.  `token` goes into the cookie."""
        token = new_token()
        opened = Session(SessionId(new_id()), kind, subject, now + ttl, token)
        row = {
            "token_hash": digest(token),
            "id": opened.id,
            "kind": kind,
            "subject": subject,
            "opened_at": now,
            "expires_at": opened.expires_at,
        }

        def keep(connection: Connection) -> None:
            connection.execute(delete(session).where(session.c.expires_at <= now))
            connection.execute(insert(session), row)

        await self._database.write(keep)
        return opened

    async def find(self, token: str, *, now: datetime) -> Session | None:
        """The live session of this token, whatever rubbish the cookie holds."""
        hashed = digest(token)
        if hashed is None:
            return None
        query = select(session).where(session.c.token_hash == hashed, session.c.expires_at > now)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return Session(row.id, row.kind, row.subject, row.expires_at) if row else None

    async def close(self, token: str) -> None:
        """End this session; one that is not there has already ended."""
        ended = delete(session).where(session.c.token_hash == digest(token))
        await self._database.write(lambda connection: connection.execute(ended))

    async def close_all_of(self, kind: SessionKind, subject: AccountId | PersonId) -> int:
        """End every session of this account or person; returns how many there were."""
        ended = delete(session).where(session.c.kind == kind, session.c.subject == subject)
        return await self._database.write(lambda connection: connection.execute(ended).rowcount)
