"""The journal: what is appended is read back in order, and of two writers one is told to stop."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest

from server.room.events import Fact, PhaseChanged
from server.room.ids import MeetingId
from server.room.state import Phase
from server.store import Database, Invitee, Journal, Meetings, SeqTaken
from server.store.chain import KEY_LEAST
from tests.store.conftest import KEY, NOW
from tests.store.facts import EVENTS, STREAM, facts
from tests.store.tables import change, rows


async def test_what_was_appended_is_read_back_in_order_after_a_restart(database: Database, url: str) -> None:
    written = facts(3 * len(EVENTS))
    journal = Journal(database, KEY)
    assert await journal.append(STREAM, 0, written[:5]) == 5
    assert await journal.append(STREAM, 5, written[5:]) == len(written)
    await database.close()

    again = await Database.open(url)
    assert await Journal(again, KEY).read(STREAM) == written
    await Journal(again, KEY).verify(STREAM)
    await again.close()


async def test_a_stream_that_nobody_wrote_is_empty(journal: Journal) -> None:
    assert await journal.read(MeetingId("nobody's")) == []
    assert await journal.streams() == []
    assert await journal.head(MeetingId("nobody's")) is None


async def test_no_facts_are_no_append(journal: Journal) -> None:
    assert await journal.append(STREAM, 7, []) == 7
    assert await journal.streams() == []


async def test_streams_do_not_touch_each_other(journal: Journal) -> None:
    other = MeetingId("other")
    await journal.append(STREAM, 0, facts(3))
    await journal.append(other, 0, facts(2, offset=50))
    assert await journal.read(STREAM) == facts(3)
    assert await journal.read(other) == facts(2, offset=50)
    assert sorted(await journal.streams()) == sorted([STREAM, other])


@pytest.mark.parametrize("after", [0, 1, 3, 40])
async def test_an_append_anywhere_but_at_the_end_is_refused_and_leaves_no_trace(journal: Journal, after: int) -> None:
    await journal.append(STREAM, 0, facts(2))
    with pytest.raises(SeqTaken) as taken:
        await journal.append(STREAM, after, facts(2, offset=90))
    assert (taken.value.stream, taken.value.after, taken.value.found) == (STREAM, after, 2)
    assert await journal.read(STREAM) == facts(2)


async def test_of_two_hosts_that_hold_the_same_room_exactly_one_wins_each_time(url: str) -> None:
    """Two processes in everything but name: connections, pools and queues of their own."""
    hosts = [await Database.open(url) for _ in range(2)]
    journals = [Journal(host, KEY) for host in hosts]
    for turn in range(20):
        outcomes = await asyncio.gather(
            *(journal.append(STREAM, turn, facts(1, offset=turn + 100 * n)) for n, journal in enumerate(journals)),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes if not isinstance(outcome, int)] == [SeqTaken], outcomes
        assert [outcome for outcome in outcomes if isinstance(outcome, int)] == [turn + 1]
    assert len(await journals[0].read(STREAM)) == 20
    for host in hosts:
        await host.close()


async def test_a_host_that_has_read_again_goes_on_whatever_it_remembers(journal: Journal, url: str) -> None:
    second = await Database.open(url)
    other = Journal(second, KEY)
    await journal.append(STREAM, 0, facts(2))
    await other.append(STREAM, 2, facts(3, offset=2))
    assert await journal.append(STREAM, len(await journal.read(STREAM)), facts(1, offset=5)) == 6
    await other.append(STREAM, 6, facts(1, offset=6))
    with pytest.raises(SeqTaken) as taken:
        await journal.append(STREAM, 6, facts(1))
    assert taken.value.found == 7
    assert await journal.append(STREAM, 7, facts(1, offset=7)) == 8
    assert await journal.read(STREAM) == facts(8)
    await second.close()


async def test_two_hosts_that_begin_the_same_stream_do_not_both_begin_it(url: str) -> None:
    hosts = [await Database.open(url) for _ in range(2)]
    for turn in range(20):
        outcomes = await asyncio.gather(
            *(Journal(host, KEY).append(MeetingId(f"m{turn}"), 0, facts(1)) for host in hosts), return_exceptions=True
        )
        assert sorted(str(type(outcome)) for outcome in outcomes) == sorted([str(int), str(SeqTaken)]), outcomes
    for host in hosts:
        await host.close()


async def test_ten_rooms_write_at_once_without_one_error_or_gap(url: str) -> None:
    """Half of them from a second host, as when the command line makes a practice meeting beside the running program."""
    hosts = [await Database.open(url) for _ in range(2)]

    async def room(n: int) -> None:
        journal = Journal(hosts[n % 2], KEY)
        for seq in range(30):
            assert await journal.append(MeetingId(f"room-{n}"), seq, facts(1, offset=seq)) == seq + 1

    await asyncio.gather(*(room(n) for n in range(10)))
    for n in range(10):
        assert await Journal(hosts[0], KEY).read(MeetingId(f"room-{n}")) == facts(30)
    for host in hosts:
        await host.close()


async def test_appends_that_wait_share_a_commit_and_each_gets_its_own_answer(journal: Journal) -> None:
    """Good ones, a late one and a successor of a waiting one, all in the same batch."""
    await journal.append(STREAM, 0, facts(1))
    outcomes = await asyncio.gather(
        journal.append(STREAM, 1, facts(1, offset=1)),
        journal.append(STREAM, 1, facts(1, offset=70)),
        journal.append(STREAM, 2, facts(2, offset=2)),
        journal.append(MeetingId("other"), 0, facts(1)),
        journal.append(MeetingId("third"), 4, facts(1)),
        return_exceptions=True,
    )
    assert outcomes[0] == 2
    assert isinstance(outcomes[1], SeqTaken)
    assert outcomes[2] == 4
    assert outcomes[3] == 1
    assert isinstance(outcomes[4], SeqTaken)
    assert await journal.read(STREAM) == facts(4)
    assert await journal.streams() == [STREAM, "other"]


async def test_one_broken_stream_does_not_spoil_the_commit_of_the_others(journal: Journal, database: Database) -> None:
    broken = MeetingId("broken")
    await Journal(database, KEY).append(broken, 0, facts(1))
    await change(database, "UPDATE journal_head SET seal = mac WHERE stream = 'broken'")
    outcomes = await asyncio.gather(
        *(journal.append(MeetingId(f"sound-{n}"), 0, facts(2)) for n in range(5)),
        journal.append(broken, 1, facts(1)),
        *(journal.append(MeetingId(f"sound-{n}"), 2, facts(1, offset=2)) for n in range(5)),
        return_exceptions=True,
    )
    assert outcomes[:5] == [2] * 5
    assert type(outcomes[5]).__name__ == "ChainBroken"
    assert outcomes[6:] == [3] * 5


async def test_a_caller_who_gives_up_before_the_commit_writes_nothing_and_disturbs_nobody(journal: Journal) -> None:
    first = asyncio.create_task(journal.append(STREAM, 0, facts(1)))
    impatient = asyncio.create_task(journal.append(MeetingId("given up"), 0, facts(1)))
    patient = asyncio.create_task(journal.append(MeetingId("other"), 0, facts(1)))
    await asyncio.sleep(0)  # all three stand in the queue, and the writer has not begun
    impatient.cancel()
    assert await first == 1
    assert await patient == 1
    assert impatient.cancelled()
    assert sorted(await journal.streams()) == [STREAM, "other"]


async def test_the_journal_goes_on_after_a_caller_was_cancelled_during_the_commit(journal: Journal) -> None:
    for n in range(20):
        stream = MeetingId(f"m{n}")
        doomed = asyncio.create_task(journal.append(stream, 0, facts(1)))
        for _ in range(n):
            await asyncio.sleep(0)
        doomed.cancel()
        known = len(await journal.read(stream))
        # What became of it is not known before the queue has moved on; then it is either there or not.
        await journal.append(MeetingId("barrier"), n, facts(1, offset=n))
        known = len(await journal.read(stream))
        assert await journal.append(stream, known, facts(1, offset=known)) == known + 1
        await journal.verify(stream)


async def test_the_end_of_a_meeting_is_known_to_its_row_with_the_fact_that_says_so(
    journal: Journal, meetings: Meetings, people: tuple[Invitee, ...]
) -> None:
    meeting = await meetings.create("Our meeting", people, now=NOW)
    opened, ended = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)
    await journal.append(meeting.id, 1, [Fact(PhaseChanged(Phase.DOORS_OPEN), opened)])
    assert (await meetings.get(meeting.id)) == meeting
    await journal.append(meeting.id, 2, [Fact(PhaseChanged(Phase.ENDED), ended)])
    found = await meetings.get(meeting.id)
    assert found is not None
    assert found.ended_at == ended


async def test_a_refused_append_projects_nothing(
    journal: Journal, meetings: Meetings, people: tuple[Invitee, ...]
) -> None:
    meeting = await meetings.create("Our meeting", people, now=NOW)
    with pytest.raises(SeqTaken):
        await journal.append(meeting.id, 0, [Fact(PhaseChanged(Phase.ENDED), NOW)])
    assert (await meetings.get(meeting.id)) == meeting


async def test_a_database_without_its_tables_is_told_to_every_waiting_caller(
    journal: Journal, database: Database
) -> None:
    """The first one's failure must neither leave the others waiting nor stop the queue for good."""
    await change(database, "ALTER TABLE journal RENAME TO gone")
    async with asyncio.timeout(60):
        outcomes = await asyncio.gather(
            *(journal.append(MeetingId(f"m{n}"), 0, facts(1)) for n in range(5)), return_exceptions=True
        )
    assert all(isinstance(outcome, Exception) for outcome in outcomes), outcomes
    await change(database, "ALTER TABLE gone RENAME TO journal")
    assert await journal.append(STREAM, 0, facts(1)) == 1


async def test_the_rows_hold_no_more_than_the_facts(journal: Journal, database: Database) -> None:
    """Canonical bytes: the same fact is the same text, whoever writes it."""
    await journal.append(STREAM, 0, facts(1) * 2)
    (first, second) = await rows(database, "SELECT body, mac FROM journal ORDER BY seq")
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert first[0].isascii()
    assert " " not in first[0]


async def test_numbers_have_no_gaps(journal: Journal, database: Database) -> None:
    for seq in range(0, 12, 3):
        await journal.append(STREAM, seq, facts(3, offset=seq))
    numbers = [seq for (seq,) in await rows(database, "SELECT seq FROM journal ORDER BY seq")]
    assert numbers[0] == 1
    assert all(b == a + 1 for a, b in pairwise(numbers))


def test_a_short_key_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="32"):
        Journal(database, KEY[: KEY_LEAST - 1])
