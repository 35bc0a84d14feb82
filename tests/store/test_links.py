"""Links and sessions: one live link for each person, good until it is replaced or the meeting is long over."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from server.room.events import Fact, PhaseChanged
from server.room.ids import MeetingId, PersonId
from server.room.state import Phase
from server.store import Conflict, Database, Invitee, Journal, Links, Meeting, Meetings, SessionKind, Sessions
from tests.store.conftest import NOW
from tests.store.tables import rows


@pytest.fixture
async def meeting(meetings: Meetings, people: tuple[Invitee, ...]) -> Meeting:
    return await meetings.create("Our meeting", people, now=NOW)


@pytest.fixture
def june(people: tuple[Invitee, ...], meeting: Meeting) -> PersonId:
    return people[2].id


@pytest.fixture
def otis(people: tuple[Invitee, ...], meeting: Meeting) -> PersonId:
    return people[3].id


async def test_a_link_opens_its_persons_room_as_often_as_it_is_used(links: Links, june: PersonId) -> None:
    token = await links.issue(june, now=NOW)
    assert len(token) == 43
    for days in (0, 1, 400):
        assert await links.redeem(token, now=NOW + timedelta(days=days)) == june


async def test_a_new_link_ends_the_older_one_and_the_sessions_that_came_of_it(
    links: Links, sessions: Sessions, june: PersonId, otis: PersonId
) -> None:
    """A link is replaced because somebody else may have it: what they opened with it has to end, too."""
    day = timedelta(days=1)
    old, others = await links.issue(june, now=NOW), await links.issue(otis, now=NOW)
    hers = await sessions.open(SessionKind.PERSON, june, day, now=NOW)
    his = await sessions.open(SessionKind.PERSON, otis, day, now=NOW)

    new = await links.issue(june, now=NOW)
    assert await links.redeem(old, now=NOW) is None
    assert await links.redeem(new, now=NOW) == june
    assert await links.redeem(others, now=NOW) == otis
    assert hers.token is not None
    assert his.token is not None
    assert await sessions.find(hers.token, now=NOW) is None
    assert await sessions.find(his.token, now=NOW) is not None


async def test_a_revoked_link_opens_nothing(links: Links, sessions: Sessions, june: PersonId) -> None:
    token = await links.issue(june, now=NOW)
    hers = await sessions.open(SessionKind.PERSON, june, timedelta(days=1), now=NOW)
    await links.revoke(june)
    assert await links.redeem(token, now=NOW) is None
    assert hers.token is not None
    assert await sessions.find(hers.token, now=NOW) is None
    await links.revoke(june)


async def test_a_link_ends_a_while_after_its_meeting(
    links: Links, journal: Journal, meeting: Meeting, june: PersonId
) -> None:
    token = await links.issue(june, now=NOW)
    await journal.append(meeting.id, 1, [Fact(PhaseChanged(Phase.ENDED), NOW)])
    assert await links.redeem(token, now=NOW + timedelta(hours=24)) == june
    assert await links.redeem(token, now=NOW + timedelta(hours=24, microseconds=1)) is None


async def test_nobody_gets_a_link_who_is_not_there(links: Links, database: Database) -> None:
    with pytest.raises(Conflict):
        await links.issue(PersonId("nobody"), now=NOW)
    assert await rows(database, "SELECT * FROM link") == []


async def test_of_two_links_issued_at_once_one_is_good(links: Links, url: str, june: PersonId) -> None:
    second = await Database.open(url)
    tokens = await asyncio.gather(*(each.issue(june, now=NOW) for each in (links, Links(second)) for _ in range(4)))
    assert sorted([await links.redeem(token, now=NOW) is not None for token in tokens]) == [False] * 7 + [True]
    await second.close()


async def test_who_has_a_link_and_since_when_can_be_seen_and_the_link_cannot(
    links: Links, meeting: Meeting, june: PersonId
) -> None:
    assert await links.issued(meeting.id) == {}
    await links.issue(june, now=NOW)
    assert await links.issued(meeting.id) == {june: NOW}
    assert await links.issued(MeetingId("another")) == {}


@pytest.mark.parametrize(
    "rubbish", ["", "x", "=" * 43, "x" * 42, "x" * 44, "x" * 43 + "\n", "ж" * 43, "\ud800" * 43, "x\x00" + "x" * 41]
)
async def test_rubbish_opens_nothing_and_breaks_nothing(
    links: Links, sessions: Sessions, june: PersonId, rubbish: str
) -> None:
    assert await links.redeem(rubbish, now=NOW) is None
    assert await sessions.find(rubbish, now=NOW) is None
    await sessions.close(rubbish)


async def test_no_other_spelling_of_a_token_is_accepted(links: Links, june: PersonId) -> None:
    """The last character of base64 carries two bits that say nothing: decoded, four texts would be the same token."""
    token = await links.issue(june, now=NOW)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    opened = [last for last in alphabet if await links.redeem(token[:-1] + last, now=NOW)]
    assert opened == [token[-1]]


# ---- sessions -------------------------------------------------------------------------------------------------------


async def test_a_session_is_found_by_its_token_until_it_ends(sessions: Sessions, june: PersonId) -> None:
    opened = await sessions.open(SessionKind.PERSON, june, timedelta(hours=8), now=NOW)
    assert opened.token is not None
    late = NOW + timedelta(hours=8)
    found = await sessions.find(opened.token, now=late - timedelta(microseconds=1))
    assert found is not None
    assert (found.id, found.kind, found.subject, found.expires_at) == (opened.id, SessionKind.PERSON, june, late)
    assert found.token is None
    assert await sessions.find(opened.token, now=late) is None


async def test_a_session_is_closed_alone_or_with_all_of_its_subject(
    sessions: Sessions, june: PersonId, otis: PersonId
) -> None:
    async def opened(kind: SessionKind, who: PersonId) -> str:
        token = (await sessions.open(kind, who, timedelta(hours=8), now=NOW)).token
        assert token is not None
        return token

    async def live(*tokens: str) -> list[bool]:
        return [await sessions.find(token, now=NOW) is not None for token in tokens]

    tokens = (
        await opened(SessionKind.PERSON, june),
        await opened(SessionKind.PERSON, june),
        await opened(SessionKind.PERSON, june),
        await opened(SessionKind.ACCOUNT, june),  # an account that has the same id is somebody else
        await opened(SessionKind.PERSON, otis),
    )
    await sessions.close(tokens[0])
    assert await live(*tokens) == [False, True, True, True, True]
    assert await sessions.close_all_of(SessionKind.PERSON, june) == 2
    assert await live(*tokens) == [False, False, False, True, True]
    assert await sessions.close_all_of(SessionKind.PERSON, june) == 0


async def test_sessions_that_are_over_do_not_pile_up(sessions: Sessions, database: Database, june: PersonId) -> None:
    for hours in range(5):
        await sessions.open(SessionKind.PERSON, june, timedelta(hours=1), now=NOW + timedelta(hours=hours))
    assert await rows(database, "SELECT count(*) FROM session") == [(1,)]


async def test_the_public_id_tells_nothing_of_the_token(sessions: Sessions, june: PersonId) -> None:
    opened = [await sessions.open(SessionKind.PERSON, june, timedelta(hours=1), now=NOW) for _ in range(10)]
    assert len({session.id for session in opened}) == 10
    for session in opened:
        assert session.token is not None
        assert session.id not in session.token
        assert session.token not in repr(session)
        assert await sessions.find(session.id, now=NOW) is None
