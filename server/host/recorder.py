"""Writing a room's facts down, and finding out afterwards whether they were.

A store that fails may have recorded what it was given: the commit went through and its answer was lost.  So after a
failure nothing is appended before `recorded_since` has looked, and an append that takes too long is not cancelled (it
could still succeed) but waited for the next time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from server.clock import Clock
from server.host.ports import Journal
from server.room.events import Fact
from server.room.ids import MeetingId
from server.store.errors import SeqTaken, StoreDown

PATIENCE = timedelta(seconds=2)
"""How long a room waits for its journal before it says that it is stalled."""


class NotRecorded(Exception):
    """The facts are not recorded, as far as can be known now."""


class Superseded(Exception):
    """Another host has written to this room's stream: this one must stop at once and hand nothing on."""


class Recorder:
    """The journal of one room, for the one task that writes to it."""

    def __init__(self, journal: Journal, meeting: MeetingId, clock: Clock) -> None:
        self._journal = journal
        self._meeting = meeting
        self._clock = clock
        self._under_way: asyncio.Task[None] | None = None
        self._doubtful: tuple[Fact, ...] = ()

    async def record(self, after: int, facts: Sequence[Fact]) -> None:
        """Append `facts` behind fact number `after`.  Raises `NotRecorded` or `Superseded`."""
        assert self._under_way is None, "an append of unknown end has to be settled first"
        self._doubtful = tuple(facts)
        self._under_way = asyncio.create_task(self._append(after, facts))
        await self._wait()
        self._doubtful = ()

    async def recorded_since(self, seq: int) -> tuple[Fact, ...]:
        """After `NotRecorded`: what of it stands in the journal behind fact number `seq` after all.

        Raises `NotRecorded` while that cannot be found out, `Superseded` if it is somebody else's.
        """
        if self._under_way is not None:
            await self._wait()
        try:
            facts = await self._journal.read(self._meeting)
        except StoreDown as down:
            raise NotRecorded from down
        found = tuple(facts[seq:])
        if found and found != self._doubtful:
            raise Superseded
        self._doubtful = ()
        return found

    async def finish(self) -> None:
        """Wait for an append that is still under way, whatever becomes of it."""
        if self._under_way is not None:
            await asyncio.wait({self._under_way}, timeout=PATIENCE.total_seconds())

    async def _append(self, after: int, facts: Sequence[Fact]) -> None:
        await self._journal.append(self._meeting, after, facts)

    async def _wait(self) -> None:
        assert self._under_way is not None
        late = asyncio.Event()
        alarm = self._clock.call_at(self._clock.now() + PATIENCE, late.set)
        waiting = asyncio.create_task(late.wait())
        try:
            await asyncio.wait({self._under_way, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
            waiting.cancel()
        if not self._under_way.done():
            raise NotRecorded
        finished, self._under_way = self._under_way, None
        try:
            finished.result()
        except StoreDown as down:
            raise NotRecorded from down
        except SeqTaken as taken:
            raise Superseded from taken
