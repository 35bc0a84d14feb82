"""The tables, typed.  `migrations/` builds them; a test holds the two equal on both databases.

Text columns are all TEXT: lengths are checked in `text`, at one place for both databases.  Of a token its SHA-256
is stored.  The journal refers to nothing: it must outlive what it tells of, so that a meeting's names can be erased
while its history still verifies (R34).
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Named,
    Table,
    Text,
    TypedColumns,
    TypeDecorator,
    UniqueConstraint,
    false,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from server.room.ids import MeetingId, PersonId
from server.room.state import Role
from server.store.tokens import AccountId, SessionId

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every constraint has a name, so that a later migration can drop it on SQLite, too."""


_ID: TypeEngine[Any] = Text()
"""An opaque id; which one, the annotation beside it says."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases.  SQLite keeps no offset, so a naive one is refused on the way in."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its offset")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None else value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class SessionKind(StrEnum):
    ACCOUNT = "account"
    """Signed in with an account; the subject is an `AccountId`."""
    PERSON = "person"
    """Came by a link; the subject is a `PersonId`."""


def _choice(kind: type[StrEnum]) -> Enum:
    """A closed set kept as its wire words, without a CHECK: a new word must not need a migration."""
    return Enum(
        kind, native_enum=False, create_constraint=False, length=32, values_callable=lambda k: [e.value for e in k]
    )


class _Account(TypedColumns):
    id: Named[AccountId] = Column(_ID, primary_key=True)
    label: Named[str] = Column(Text)
    email: Named[str] = Column(Text, unique=True)
    created_at: Named[datetime] = Column(Moment)


class _Password(TypedColumns):
    """Apart from the account, so that a passkey will be one more table and not a column that may be empty."""

    account: Named[AccountId] = Column(_ID, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    hash: Named[str] = Column(Text)
    changed_at: Named[datetime] = Column(Moment)


class _Setup(TypedColumns):
    """At most one row: the newest set-up token."""

    slot: Named[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    token_hash: Named[bytes] = Column(LargeBinary)
    expires_at: Named[datetime] = Column(Moment)


class _Meeting(TypedColumns):
    id: Named[MeetingId] = Column(_ID, primary_key=True)
    title: Named[str] = Column(Text)
    starts_at: Named[datetime | None] = Column(Moment)
    created_by: Named[AccountId | None] = Column(_ID, ForeignKey("account.id"), index=True)
    practice: Named[bool]
    created_at: Named[datetime] = Column(Moment)
    ended_at: Named[datetime | None] = Column(Moment)
    """Projected from the journal, in the transaction that records the end."""


class _Person(TypedColumns):
    id: Named[PersonId] = Column(_ID, primary_key=True)
    meeting: Named[MeetingId] = Column(_ID, ForeignKey("meeting.id", ondelete="CASCADE"))
    seat: Named[int] = Column(BigInteger)
    role: Named[Role] = Column(_choice(Role))
    attached_to: Named[PersonId | None] = Column(_ID)
    label: Named[str] = Column(Text)
    account: Named[AccountId | None] = Column(_ID, ForeignKey("account.id"))
    relay_only: Named[bool] = Column(Boolean, server_default=false())
    """Their sound and pictures come by the relay only, so that nobody learns their address (R18)."""


class _Link(TypedColumns):
    """The person is the key: there cannot be two live links for one person."""

    person: Named[PersonId] = Column(_ID, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Named[bytes] = Column(LargeBinary, unique=True)
    issued_at: Named[datetime] = Column(Moment)


class _Session(TypedColumns):
    token_hash: Named[bytes] = Column(LargeBinary, primary_key=True)
    id: Named[SessionId] = Column(_ID, unique=True)
    kind: Named[SessionKind] = Column(_choice(SessionKind))
    subject: Named[str] = Column(Text)
    opened_at: Named[datetime] = Column(Moment)
    expires_at: Named[datetime] = Column(Moment, index=True)


class _Journal(TypedColumns):
    stream: Named[MeetingId] = Column(_ID, primary_key=True)
    seq: Named[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    body: Named[str] = Column(Text)
    """The canonical JSON, kept as it was authenticated: ASCII, keys sorted, no spaces."""
    mac: Named[bytes] = Column(LargeBinary)


class _JournalHead(TypedColumns):
    stream: Named[MeetingId] = Column(_ID, primary_key=True)
    seq: Named[int] = Column(BigInteger)
    mac: Named[bytes] = Column(LargeBinary)
    """Of the last fact."""
    seal: Named[bytes] = Column(LargeBinary)
    """Over this row: without the key nobody can move the head back to an earlier fact."""


account = Table("account", metadata, _Account)
password = Table("password", metadata, _Password)
setup = Table("setup", metadata, _Setup)
meeting = Table("meeting", metadata, _Meeting)
person = Table(
    "person",
    metadata,
    _Person,
    UniqueConstraint("meeting", "seat"),
    UniqueConstraint("meeting", "id"),
    # Attached to somebody of the same meeting.  Deferred, because people are written in seat order.
    ForeignKeyConstraint(
        ["meeting", "attached_to"], ["person.meeting", "person.id"], deferrable=True, initially="DEFERRED"
    ),
)
link = Table("link", metadata, _Link)
session = Table("session", metadata, _Session, Index(None, "kind", "subject"))
journal = Table("journal", metadata, _Journal, sqlite_with_rowid=False)
journal_head = Table("journal_head", metadata, _JournalHead, sqlite_with_rowid=False)
