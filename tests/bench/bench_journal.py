"""The journal's figures for `make bench` (`journal` says how they are made)."""

from __future__ import annotations

from tests.bench import journal


async def test_the_journal_keeps_up_with_more_than_a_busy_evening() -> None:
    """Twenty rooms of twelve people make some 100 facts a second; a tenth of a second is soon enough for a click."""
    found = await journal.measure(seconds=3.0)
    print("\n" + journal.table(found))
    for measured in found:
        if measured.writers == 10:
            assert measured.per_second > 100
            assert measured.p99 < 100
