"""Meetings, who is invited to them, and what everyone is called."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from server.room import Refused, replay
from server.room.commands import Seat
from server.room.ids import MeetingId, PersonId
from server.room.state import Role, Timings
from server.store import Accounts, BadText, Conflict, Database, Invited, Invitee, Journal, Meetings, new_id
from tests.store.conftest import KEY, NOW
from tests.store.tables import rows

People = tuple[Invitee, ...]


async def test_a_meeting_is_kept_with_its_people_in_seat_order_and_the_first_fact_of_its_room(
    meetings: Meetings, journal: Journal, people: People
) -> None:
    timings = Timings(notice=timedelta(seconds=1))
    starts = datetime(2026, 12, 1, 18, 0, tzinfo=timezone(timedelta(hours=1)))
    made = await meetings.create("  Our meeting ", people, now=NOW, starts_at=starts, timings=timings)

    found = await meetings.get(made.id)
    assert found == made
    assert found.title == "Our meeting"
    assert found.starts_at == starts
    assert found.starts_at.tzinfo is UTC
    assert (found.created_at, found.ended_at, found.created_by, found.practice) == (NOW, None, None, False)
    assert await meetings.people(made.id) == [
        Invited(p.id, made.id, seat, p.role, p.attached_to, p.label, None) for seat, p in enumerate(people)
    ]
    room = replay(await journal.read(made.id))
    assert [Seat(p.id, p.role, p.attached_to) for p in room.people.values()] == [
        Seat(p.id, p.role, p.attached_to) for p in people
    ]
    assert room.timings == timings


async def test_what_is_not_there_is_none(meetings: Meetings) -> None:
    assert await meetings.get(MeetingId("no such meeting")) is None
    assert await meetings.person(PersonId("nobody")) is None
    assert await meetings.people(MeetingId("no such meeting")) == []
    assert await meetings.labels(MeetingId("no such meeting")) == {}
    assert not await meetings.set_label(PersonId("nobody"), "Nobody")
    assert not await meetings.set_relay_only(PersonId("nobody"), True)


async def test_whose_address_is_hidden_is_kept(meetings: Meetings) -> None:
    june, dan = PersonId(new_id()), PersonId(new_id())
    made = await meetings.create(
        "Ours", (Invitee(june, Role.VICTIM, "June", relay_only=True), Invitee(dan, Role.OFFENDER, "Dan")), now=NOW
    )
    assert [person.relay_only for person in await meetings.people(made.id)] == [True, False]
    assert await meetings.set_relay_only(dan, True)
    assert await meetings.set_relay_only(june, False)
    assert [person.relay_only for person in await meetings.people(made.id)] == [False, True]


async def test_a_meeting_that_cannot_be_kept_whole_is_not_kept_at_all(
    meetings: Meetings, database: Database, people: People
) -> None:
    first = await meetings.create("First", people[:1], now=NOW)
    june = PersonId(new_id())
    strangers = (
        (people[:1], Conflict),  # belongs to the first meeting
        ((people[3], people[3]), Refused),
        ((Invitee(june, Role.SUPPORTER, "Sue", attached_to=people[0].id),), Refused),
        ((Invitee(june, Role.SUPPORTER, "Sue"),), Refused),
        ((Invitee(june, Role.VICTIM, "June\x00"),), BadText),
        ((Invitee(june, Role.VICTIM, "June", account=None), Invitee(PersonId(""), Role.VICTIM, " ")), BadText),
    )
    for wrong, kind in strangers:
        with pytest.raises(kind):
            await meetings.create("Second", wrong, now=NOW)
    with pytest.raises(Conflict):
        await meetings.create("Second", (), now=NOW, id=first.id)
    with pytest.raises(BadText):
        await meetings.create("\ud800", people[1:], now=NOW)
    assert await rows(database, "SELECT title FROM meeting") == [("First",)]
    assert await rows(database, "SELECT id FROM person") == [(people[0].id,)]
    assert await rows(database, "SELECT stream FROM journal_head") == [(first.id,)]


async def test_ids_are_drawn_and_never_twice(meetings: Meetings) -> None:
    ids = {(await meetings.create("One", (), now=NOW)).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(id_) == 22 for id_ in ids)


async def test_a_time_without_its_offset_is_refused_on_both(meetings: Meetings) -> None:
    with pytest.raises(Exception, match="offset"):
        await meetings.create("One", (), now=NOW.replace(tzinfo=None))


async def test_an_account_sees_its_own_meetings_the_latest_first(meetings: Meetings, accounts: Accounts) -> None:
    token = await accounts.issue_setup(now=NOW)
    fay = await accounts.create_first(token, label="Fay", email="f@example.org", password="correct horse", now=NOW)
    hour = timedelta(hours=1)
    planned = [
        await meetings.create("In May", (), now=NOW, starts_at=NOW + 3 * hour, created_by=fay.id),
        await meetings.create("Sometime", (), now=NOW + 2 * hour, created_by=fay.id),
        await meetings.create("In March", (), now=NOW, starts_at=NOW + hour, created_by=fay.id),
    ]
    await meetings.create("Practice", (), now=NOW, practice=True)
    assert await meetings.of_account(fay.id) == planned


async def test_one_more_person_sits_at_the_end(meetings: Meetings, people: People) -> None:
    meeting = await meetings.create("Our meeting", people, now=NOW)
    june = people[2]
    ivo = Invitee(PersonId(new_id()), Role.INTERPRETER, "Ivo", attached_to=june.id)
    added = await meetings.add_person(meeting.id, ivo)
    assert (added.seat, added.label, added.attached_to) == (len(people), "Ivo", june.id)
    assert (await meetings.people(meeting.id))[-1] == added
    assert await meetings.person(ivo.id) == added


async def test_a_person_whom_the_room_would_refuse_gets_no_row(
    meetings: Meetings, database: Database, people: People
) -> None:
    """The host brings everyone with a row into the room when it opens it; one that it refuses shuts it for good."""
    meeting = await meetings.create("Our meeting", people, now=NOW)
    other = await meetings.create("Another", (Invitee(PersonId(new_id()), Role.VICTIM, "Vera"),), now=NOW)
    (vera,) = await meetings.people(other.id)
    new = PersonId(new_id())
    for wrong, kind in (
        (Invitee(new, Role.SUPPORTER, "Sam", attached_to=vera.id), Refused),
        (Invitee(new, Role.SUPPORTER, "Sam"), Refused),
        (Invitee(new, Role.VICTIM, "Sam", attached_to=people[0].id), Refused),
        (people[0], Refused),
        (Invitee(vera.id, Role.VICTIM, "Sam"), Conflict),
        (Invitee(new, Role.VICTIM, ""), BadText),
    ):
        with pytest.raises(kind):
            await meetings.add_person(meeting.id, wrong)
    with pytest.raises(Conflict):
        await meetings.add_person(MeetingId("no such meeting"), Invitee(new, Role.VICTIM, "Sam"))
    assert len(await rows(database, "SELECT id FROM person")) == len(people) + 1


async def test_two_who_are_invited_at_the_same_moment_get_different_seats(url: str, people: People) -> None:
    hosts = [await Database.open(url) for _ in range(2)]
    both = [Meetings(host, Journal(host, KEY)) for host in hosts]
    meeting = await both[0].create("Our meeting", people, now=NOW)
    newcomers = [Invitee(PersonId(new_id()), Role.OBSERVER, f"Guest {n}") for n in range(8)]
    added = await asyncio.gather(*(both[n % 2].add_person(meeting.id, p) for n, p in enumerate(newcomers)))
    assert sorted(p.seat for p in added) == [*range(len(people), len(people) + 8)]
    for host in hosts:
        await host.close()


async def test_a_label_is_the_facilitators_to_change(meetings: Meetings, people: People) -> None:
    meeting = await meetings.create("Our meeting", people, now=NOW)
    june = people[2].id
    assert await meetings.set_label(june, " The person  harmed ")
    assert (await meetings.labels(meeting.id))[june] == "The person  harmed"
    with pytest.raises(BadText):
        await meetings.set_label(june, "x" * 61)
    assert (await meetings.labels(meeting.id))[june] == "The person  harmed"
