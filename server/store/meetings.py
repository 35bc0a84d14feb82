"""Meetings and who is invited to them: the names that the journal does not know (R17, R34).

Who may be attached to whom is the room's rule.  It is asked before a row is written, because a row that the room
refuses would shut it for good: whoever is invited has to be brought in when the room is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from server.room import Room, step
from server.room.commands import AddPerson, Plan, Seat
from server.room.ids import MeetingId, PersonId
from server.room.state import Role, Timings
from server.store import text
from server.store.database import Database
from server.store.errors import Conflict
from server.store.journal import Journal
from server.store.schema import meeting, person
from server.store.tokens import AccountId, new_id


@dataclass(frozen=True, slots=True)
class Meeting:
    id: MeetingId
    title: str
    starts_at: datetime | None
    created_by: AccountId | None
    """None for a practice meeting that was made before there was any account."""
    practice: bool
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody to be invited.  Draw the id with `new_id` to attach another invitee to it."""

    id: PersonId
    role: Role
    label: str
    attached_to: PersonId | None = None
    account: AccountId | None = None
    relay_only: bool = False
    """Their address is to be hidden (R18)."""


@dataclass(frozen=True, slots=True)
class Invited:
    id: PersonId
    meeting: MeetingId
    seat: int
    role: Role
    attached_to: PersonId | None
    label: str
    account: AccountId | None
    """Whose account opens this person's room without a link (facilitators)."""
    relay_only: bool = False


class Meetings:
    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal

    async def create(
        self,
        title: str,
        people: Sequence[Invitee],
        *,
        now: datetime,
        id: MeetingId | None = None,  # noqa: A002  # it is the row's name
        starts_at: datetime | None = None,
        created_by: AccountId | None = None,
        practice: bool = False,
        timings: Timings | None = None,
    ) -> Meeting:
        """Keep a meeting, its people in seat order and the first fact of its room (`MeetingPlanned`), or nothing.

        Raises `BadText` (field `title` or `label`), `Refused` if the room cannot have these people (one twice, one
        attached to the wrong person), `Conflict` if an id is taken by another meeting.
        """
        row = Meeting(
            id=id or MeetingId(new_id()),
            title=text.title(title),
            starts_at=starts_at,
            created_by=created_by,
            practice=practice,
            created_at=now,
            ended_at=None,
        )
        seats = tuple(Seat(p.id, p.role, p.attached_to) for p in people)
        _, planned = step(Room(), Plan(seats, timings or Timings()), now)
        rows = [asdict(_seated(row.id, seat, p)) for seat, p in enumerate(people)]

        def keep(connection: Connection) -> None:
            connection.execute(insert(meeting), asdict(row))
            if rows:
                connection.execute(insert(person), rows)
            self._journal.append_within(connection, row.id, 0, planned)

        await self._database.write(keep)
        return row

    async def get(self, id: MeetingId) -> Meeting | None:  # noqa: A002  # it is the row's name
        query = select(meeting).where(meeting.c.id == id)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return Meeting(**row._mapping) if row else None

    async def of_account(self, account: AccountId) -> list[Meeting]:
        """The meetings that this account made, the latest first."""
        when = func.coalesce(meeting.c.starts_at, meeting.c.created_at)
        query = select(meeting).where(meeting.c.created_by == account).order_by(when.desc(), meeting.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Meeting(**row._mapping) for row in rows]

    async def people(self, id: MeetingId) -> list[Invited]:  # noqa: A002  # it is the row's name
        """Everyone invited, in seat order."""
        query = select(person).where(person.c.meeting == id).order_by(person.c.seat)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Invited(**row._mapping) for row in rows]

    async def person(self, id: PersonId) -> Invited | None:  # noqa: A002  # it is the row's name
        query = select(person).where(person.c.id == id)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return Invited(**row._mapping) if row else None

    async def labels(self, id: MeetingId) -> Mapping[PersonId, str]:  # noqa: A002  # it is the row's name
        """What everyone is called in this meeting (R17)."""
        query = select(person.c.id, person.c.label).where(person.c.meeting == id)
        return await self._database.read(lambda connection: dict(connection.execute(query).all()))

    async def add_person(self, id: MeetingId, invitee: Invitee) -> Invited:  # noqa: A002  # it is the row's name
        """Invite one more, at the last seat.  The room hears of it by its own `AddPerson`, which the host gives.

        Raises `BadText`, `Refused` (already here, attached to the wrong person), `Conflict` (no such meeting, an id
        that is taken by another one).
        """

        def add(connection: Connection) -> Invited:
            # Two at once would count to the same seat: the meeting's row is their queue.
            locked = select(meeting.c.created_at).where(meeting.c.id == id).with_for_update()
            planned_at = connection.scalar(locked)
            if planned_at is None:
                raise Conflict("no such meeting")
            query = select(person.c.id, person.c.role, person.c.attached_to).where(person.c.meeting == id)
            seats = tuple(Seat(*columns) for columns in connection.execute(query.order_by(person.c.seat)))
            room, _ = step(Room(), Plan(seats), planned_at)
            step(room, AddPerson(Seat(invitee.id, invitee.role, invitee.attached_to)), planned_at)
            added = _seated(id, len(seats), invitee)
            connection.execute(insert(person), asdict(added))
            return added

        return await self._database.write(add)

    async def set_label(self, id: PersonId, label: str) -> bool:  # noqa: A002  # it is the row's name
        """False if there is no such person.  Raises `BadText`."""
        named = update(person).where(person.c.id == id).values(label=text.label(label))
        return await self._database.write(lambda connection: connection.execute(named).rowcount == 1)

    async def set_relay_only(self, id: PersonId, hidden: bool) -> bool:  # noqa: A002  # it is the row's name
        """False if there is no such person."""
        changed = update(person).where(person.c.id == id).values(relay_only=hidden)
        return await self._database.write(lambda connection: connection.execute(changed).rowcount == 1)


def _seated(of: MeetingId, seat: int, invitee: Invitee) -> Invited:
    return Invited(
        id=invitee.id,
        meeting=of,
        seat=seat,
        role=invitee.role,
        attached_to=invitee.attached_to,
        label=text.label(invitee.label),
        account=invitee.account,
        relay_only=invitee.relay_only,
    )
