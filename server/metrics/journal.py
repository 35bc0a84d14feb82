"""The journal as the rooms use it, with a watch on it: how long an append takes, and what it is that is recorded.

Nothing happens in a room before it is recorded, so what happens can be counted here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram

from server.host.ports import Journal
from server.room.events import Fact, PhaseChanged, RecoveryEnded, ServerRestarted
from server.room.ids import MeetingId
from server.room.state import Phase


class MeasuredJournal:
    def __init__(self, journal: Journal, registry: CollectorRegistry) -> None:
        self._journal = journal
        self._duration = Histogram(
            "talkingpiece_journal_append_duration_seconds",
            "From handing facts to the journal until they are on the disk; everything that people do waits for it",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0),
            registry=registry,
        )
        self._failures = Counter(
            "talkingpiece_journal_append_failures", "Appends that were not acknowledged", registry=registry
        )
        self._freezes = Counter(
            "talkingpiece_meeting_freezes", "Times a circle stopped for want of a facilitator", registry=registry
        )
        self._restarts = Counter(
            "talkingpiece_meeting_restarts",
            "Times a meeting began again after the program or its media process had ended",
            registry=registry,
        )
        self._recoveries = Counter(
            "talkingpiece_meeting_recoveries",
            "Times that was over: a facilitator was back, or the time for it had run out",
            registry=registry,
        )

    async def append(self, stream: MeetingId, after: int, facts: Sequence[Fact]) -> object:
        began = time.monotonic()
        try:
            done = await self._journal.append(stream, after, facts)
        except Exception:
            self._failures.inc()
            raise
        self._duration.observe(time.monotonic() - began)
        for fact in facts:
            match fact.event:
                case PhaseChanged(Phase.FROZEN):
                    self._freezes.inc()
                case ServerRestarted():
                    self._restarts.inc()
                case RecoveryEnded():
                    self._recoveries.inc()
                case _:
                    pass
        return done

    async def read(self, stream: MeetingId) -> Sequence[Fact]:
        return await self._journal.read(stream)
