"""The laws of the room, attacked by many lives of a meeting (`walks`).

- hypothesis searches, and shrinks what it finds;
- walks with fixed seeds must hold as well, and between them reach every event and every refusal: what is never reached
  is never tested;
- each named deletion (`deletions`) must be noticed by a law, in its own words (`state_laws`, `view_laws`,
  `step_laws`, `meeting_laws`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from server.room import Refused, errors, replay
from server.room.events import Event
from server.room.state import Phase
from tests.room.deletions import DELETIONS
from tests.room.walks import Walk

SEEDS = range(240)
LENGTH = 70


class Lives(RuleBasedStateMachine):
    """One meeting, and everything that hypothesis lets happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.walk: Walk | None = None

    @rule(data=st.data())
    def something_happens(self, data: st.DataObject) -> None:
        def choose(options: Any) -> Any:
            return data.draw(st.sampled_from(options))

        if self.walk is None:
            self.walk = Walk(choose)
        self.walk.choose = choose
        self.walk.advance()

    @invariant()
    def the_journal_alone_makes_the_room(self) -> None:
        assert self.walk is None or replay(self.walk.journal) == self.walk.room


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


def lives() -> Iterator[Walk]:
    """Seeded walks, each until the meeting is over or it has become long."""
    for seed in SEEDS:
        walk = Walk(random.Random(seed).choice)
        for _ in range(LENGTH):
            if walk.room.phase is Phase.ENDED and walk.choose((True, False, False, False)):
                break
            walk.advance()
        yield walk


def test_the_laws_hold_and_every_event_and_every_refusal_is_reached() -> None:
    events: set[type[Event]] = set()
    refusals: set[type[Refused]] = set()
    for walk in lives():
        assert replay(walk.journal) == walk.room
        events |= {type(fact.event) for fact in walk.journal}
        refusals |= walk.refusals
    assert set(get_args(Event)) - events == set(), "events that never happened"
    of_the_room = {kind for kind in Refused.__subclasses__() if kind.__module__ == errors.__name__}
    assert of_the_room - refusals == set(), "refusals that were never given"


def live_and_replay() -> None:
    for walk in lives():
        assert replay(walk.journal) == walk.room


@pytest.mark.parametrize("name", DELETIONS)
def test_the_laws_notice_each_deletion(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    DELETIONS[name](monkeypatch)
    with pytest.raises((AssertionError, LookupError, Refused)):
        live_and_replay()
