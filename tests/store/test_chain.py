"""Whoever can write to the database but has no key: every way to change a history is found, and where it begins.

The program's own statements never do any of this, so the rows are changed past it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from server.room.ids import MeetingId
from server.store import ChainBroken, Database, Journal
from server.store.chain import canonical
from tests.store.conftest import KEY
from tests.store.facts import STREAM, facts
from tests.store.tables import change, rows

Tamper = Callable[[Database], Awaitable[object]]
LENGTH = 9


async def _broken_at(journal: Journal, stream: MeetingId = STREAM) -> int | None:
    """Where `verify` and `read` say that it breaks; they must agree."""
    found: list[int | None] = []
    for look in (journal.verify, journal.read):
        try:
            await look(stream)
        except ChainBroken as broken:
            found.append(broken.seq)
        else:
            found.append(None)
    assert found[0] == found[1]
    return found[0]


def test_the_same_fact_is_the_same_text_whoever_wrote_it() -> None:
    assert (
        canonical({"b": "ü", "a": [1, None]}) == canonical({"a": [1, None], "b": "ü"}) == r'{"a":[1,null],"b":"\u00fc"}'
    )
    with pytest.raises(ValueError, match="JSON"):
        canonical({"x": float("nan")})


async def test_a_changed_fact_is_found_wherever_it_stands(journal: Journal, database: Database) -> None:
    await journal.append(STREAM, 0, facts(LENGTH))
    for seq, body in await rows(database, "SELECT seq, body FROM journal ORDER BY seq"):
        for changed in (body.replace('"v":1', '"v": 1'), body.replace("2026", "2027"), body[:-1], "{}"):
            assert changed != body
            await change(database, "UPDATE journal SET body = :b WHERE seq = :n", b=changed, n=seq)
            assert await _broken_at(journal) == seq
        await change(database, "UPDATE journal SET body = :b WHERE seq = :n", b=body, n=seq)
    assert await _broken_at(journal) is None


async def test_a_changed_mac_is_found_wherever_it_stands(journal: Journal, database: Database) -> None:
    await journal.append(STREAM, 0, facts(LENGTH))
    for seq, mac in await rows(database, "SELECT seq, mac FROM journal ORDER BY seq"):
        for byte in (0, 15, 31):
            changed = bytearray(mac)
            changed[byte] ^= 1
            await change(database, "UPDATE journal SET mac = :m WHERE seq = :n", m=bytes(changed), n=seq)
            assert await _broken_at(journal) == seq
        await change(database, "UPDATE journal SET mac = :m WHERE seq = :n", m=mac, n=seq)
    assert await _broken_at(journal) is None


@pytest.mark.parametrize("last", range(LENGTH))
async def test_a_cut_off_end_is_found_even_with_the_head_moved_back(
    journal: Journal, database: Database, last: int
) -> None:
    """The chain that is left is whole; only the seal of the head knows that there was more."""
    await journal.append(STREAM, 0, facts(LENGTH))
    await change(database, "DELETE FROM journal WHERE seq > :last", last=last)
    assert await _broken_at(journal) == last + 1
    await change(database, "UPDATE journal_head SET seq = :last", last=last)
    assert await _broken_at(journal) == last + 1
    if last:
        await change(database, "UPDATE journal_head SET mac = (SELECT mac FROM journal WHERE seq = :last)", last=last)
        assert await _broken_at(journal) == last + 1
    await change(database, "DELETE FROM journal_head")
    if last:
        assert await _broken_at(journal) == last + 1
    else:
        with pytest.raises(ChainBroken) as broken:  # read() finds no such stream; who knows better asks verify()
            await journal.verify(STREAM)
        assert broken.value.seq == 1


async def test_a_head_that_does_not_say_where_the_stream_ends_is_found(journal: Journal, database: Database) -> None:
    """Under its true seal, which is over the true end."""
    await journal.append(STREAM, 0, facts(3))
    for wrong, right in (("seq = 2", "seq = 3"), ("mac = seal", "mac = (SELECT mac FROM journal WHERE seq = 3)")):
        await change(database, f"UPDATE journal_head SET {wrong}")
        assert await _broken_at(journal) == 4
        await change(database, f"UPDATE journal_head SET {right}")
        assert await _broken_at(journal) is None


@pytest.mark.parametrize("seq", range(1, LENGTH + 1))
async def test_a_missing_fact_is_found_and_so_is_closing_the_gap(
    journal: Journal, database: Database, seq: int
) -> None:
    await journal.append(STREAM, 0, facts(LENGTH))
    await change(database, "DELETE FROM journal WHERE seq = :n", n=seq)
    assert await _broken_at(journal) == seq
    for following in range(seq + 1, LENGTH + 1):
        await change(database, "UPDATE journal SET seq = seq - 1 WHERE seq = :n", n=following)
    await change(database, "UPDATE journal_head SET seq = seq - 1")
    assert await _broken_at(journal) == seq


@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, 4), (2, 9), (8, 9)])
async def test_two_facts_that_changed_places_are_found(
    journal: Journal, database: Database, one: int, other: int
) -> None:
    await journal.append(STREAM, 0, facts(LENGTH))
    for source, target in ((one, 0), (other, one), (0, other)):
        await change(database, "UPDATE journal SET seq = :target WHERE seq = :source", source=source, target=target)
    assert await _broken_at(journal) == one


async def test_a_fact_added_at_the_end_or_before_the_beginning_is_found(journal: Journal, database: Database) -> None:
    await journal.append(STREAM, 0, facts(LENGTH))
    copy = "INSERT INTO journal (stream, seq, body, mac) SELECT stream, :new, body, mac FROM journal WHERE seq = :old"
    await change(database, copy, new=LENGTH + 1, old=LENGTH)
    assert await _broken_at(journal) == LENGTH + 1
    await change(database, "DELETE FROM journal WHERE seq > :n", n=LENGTH)
    await change(database, copy, new=0, old=1)
    assert await _broken_at(journal) == 1


async def test_facts_written_behind_the_head_are_found_when_they_are_in_the_way(
    journal: Journal, database: Database
) -> None:
    """The head was put back to a true earlier one, seal and all: appending there must not look like a race."""
    await journal.append(STREAM, 0, facts(3))
    [(seq, mac, seal)] = await rows(database, "SELECT seq, mac, seal FROM journal_head")
    await journal.append(STREAM, 3, facts(3, offset=3))
    await change(database, "UPDATE journal_head SET seq = :q, mac = :m, seal = :s", q=seq, m=mac, s=seal)
    assert await _broken_at(journal) == 7
    with pytest.raises(ChainBroken) as broken:
        await journal.append(STREAM, 3, facts(1))
    assert broken.value.seq == 4


async def test_another_meetings_history_is_not_this_ones(journal: Journal, database: Database) -> None:
    other = MeetingId("other")
    await journal.append(STREAM, 0, facts(LENGTH))
    await journal.append(other, 0, facts(LENGTH))
    await change(database, "DELETE FROM journal WHERE stream = :s", s=other)
    await change(
        database,
        "INSERT INTO journal (stream, seq, body, mac) SELECT :to, seq, body, mac FROM journal WHERE stream = :of",
        to=other,
        of=STREAM,
    )
    assert await _broken_at(journal, other) == 1
    await change(database, "DELETE FROM journal_head WHERE stream = :s", s=other)
    await change(database, "UPDATE journal_head SET stream = :to WHERE stream = :of", to=other, of=STREAM)
    assert await _broken_at(journal, other) == 1


async def test_nothing_is_appended_to_a_head_that_was_changed(journal: Journal, database: Database) -> None:
    await Journal(database, KEY).append(STREAM, 0, facts(2))
    for statement in (
        "UPDATE journal_head SET seq = 1",
        "UPDATE journal_head SET seq = 2, mac = seal",
        "UPDATE journal_head SET seal = mac",
    ):
        await change(database, statement)
        for after in (1, 2):
            with pytest.raises(ChainBroken):
                await journal.append(STREAM, after, facts(1))
    assert len(await rows(database, "SELECT seq FROM journal")) == 2


async def test_a_live_room_that_goes_on_writing_does_not_cover_up_what_was_cut_away(
    journal: Journal, database: Database
) -> None:
    """The journal remembers where the stream ends, so it does not look at the head before every append."""
    await journal.append(STREAM, 0, facts(4))
    [(mac,)] = await rows(database, "SELECT mac FROM journal WHERE seq = 2")
    await change(database, "DELETE FROM journal WHERE seq > 2")
    await change(database, "UPDATE journal_head SET seq = 2, mac = :m", m=mac)
    assert await journal.append(STREAM, 4, facts(1, offset=4)) == 5
    assert await _broken_at(journal) == 3


async def test_a_changed_head_under_a_live_room_is_put_right_by_its_next_fact(
    journal: Journal, database: Database
) -> None:
    await journal.append(STREAM, 0, facts(4))
    await change(database, "UPDATE journal_head SET seq = 2, mac = seal, seal = mac")
    assert await _broken_at(journal) == 5
    assert await journal.append(STREAM, 4, facts(1, offset=4)) == 5
    assert await journal.read(STREAM) == facts(5)


async def test_another_key_accepts_nothing(journal: Journal, database: Database) -> None:
    await journal.append(STREAM, 0, facts(2))
    stranger = Journal(database, bytes(reversed(KEY)))
    assert await _broken_at(stranger) == 1
    with pytest.raises(ChainBroken):
        await stranger.append(STREAM, 2, facts(1))
    with pytest.raises(ChainBroken):
        await stranger.head(STREAM)


async def test_an_older_copy_of_everything_shows_only_against_a_head_kept_elsewhere(
    journal: Journal, database: Database
) -> None:
    """What this chain cannot do, said as a test: a whole old database is consistent in itself."""
    await journal.append(STREAM, 0, facts(3))
    before = await rows(database, "SELECT seq, mac, seal FROM journal_head")
    await journal.append(STREAM, 3, facts(2))
    kept = await journal.head(STREAM)
    await change(database, "DELETE FROM journal WHERE seq > 3")
    [(seq, mac, seal)] = before
    await change(database, "UPDATE journal_head SET seq = :q, mac = :m, seal = :s", q=seq, m=mac, s=seal)
    assert await _broken_at(journal) is None
    found = await journal.head(STREAM)
    assert kept is not None
    assert found is not None
    assert (found.seq, kept.seq) == (3, 5)
