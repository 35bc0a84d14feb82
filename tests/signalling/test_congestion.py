"""When a subscriber's line is taken for full."""

from __future__ import annotations

import pytest

from signalling.congestion import QUEUED, WINDOW, Congestion, is_ours
from signalling.rtcp import Block


def block(ssrc: int, highest: int, lost: int) -> Block:
    return Block(ssrc, 0, lost, highest, 0, 0, 0)


def test_what_is_lost_counts_over_all_that_was_sent_since_it_was_asked_last() -> None:
    line = Congestion()
    for ssrc in (1, 2):
        line.reported(block(ssrc, 70_000, 9))
    assert line.lost(QUEUED) is None, "what was lost before the first report is nobody's"
    line.reported(block(1, 70_060, 9))
    line.reported(block(2, 70_040, 29))
    assert line.lost(QUEUED) == pytest.approx(0.2)
    assert line.lost(QUEUED) == pytest.approx(0.2), "a second without a report says nothing new"
    assert [line.lost(QUEUED) for _ in range(WINDOW)][-1] is None, "nothing new for long says nothing any more"
    line.reported(block(2, 70_100, 29))
    assert line.lost(QUEUED) is None


def test_nothing_is_full_where_packets_do_not_wait() -> None:
    line = Congestion()
    line.reported(block(1, 0, 0))
    line.reported(block(1, 100, 50))
    assert line.lost(QUEUED / 2) is None


def test_what_was_repeated_in_time_counts_as_come() -> None:
    line = Congestion()
    line.reported(block(1, 100, 10))
    line.reported(block(1, 200, 5))
    assert line.lost(1.0) is None


@pytest.mark.parametrize(
    ("before", "after", "ours"),
    [
        ((50_000, 0.4), (34_000, 0.1), True),
        ((50_000, 0.6), (34_000, 0.45), True),
        ((500_000, 0.1), (34_000, 0.08), False),
        ((50_000, 0.3), (34_000, 0.3), False),
        ((50_000, 0.3), (49_000, 0.3), True),
    ],
)
def test_a_full_queue_lets_as_much_through_as_before_and_a_bad_line_loses_as_large_a_share(
    before: tuple[float, float], after: tuple[float, float], ours: bool
) -> None:
    assert is_ours(before, after) is ours
