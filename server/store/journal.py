"""The only writer of history: facts are appended to a meeting's stream and never changed.

Two things keep it true.  A writer names the fact after which its own come, and (stream, seq) is unique, so of two hosts
that believe they hold the same room one gets `SeqTaken`.  And every stream is a chain of MACs under a sealed head
(`chain`), so that what was changed behind our back is found when the room is read again.

Appends that arrive while a commit is under way go together into the next one: after a restart hundreds of people
connect in the same second, and a disk gives a few hundred commits, not a few thousand.  The batch is one transaction;
an append that cannot be is refused alone.

Where a stream ends is remembered after each commit, so that the next append need not ask.  That may be out of date, but
not unnoticed: the number that it leads to is taken.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from server.room import codec
from server.room.events import Fact
from server.room.ids import MeetingId
from server.store import chain
from server.store.database import Database
from server.store.errors import ChainBroken, Conflict, SeqTaken, StoreDown
from server.store.projections import project
from server.store.schema import journal, journal_head

_BATCH = 256
"""Appends in one transaction at most, so that nobody waits long for a commit that is filling up."""
_REMEMBERED = 1000
"""Streams whose head is remembered; then all are forgotten."""
_BREATH = 500
"""Facts checked or decoded before the event loop gets a turn: about 5 ms."""

_MOVE_HEAD = (
    update(journal_head)
    .where(journal_head.c.stream == bindparam("of"))
    .values(seq=bindparam("seq"), mac=bindparam("mac"), seal=bindparam("seal"))
)


@dataclass(frozen=True, slots=True)
class _Append:
    stream: MeetingId
    after: int
    facts: tuple[Fact, ...]
    bodies: tuple[str, ...]


_Outcome = int | Exception


class Journal:
    def __init__(self, database: Database, key: bytes) -> None:
        """`key` authenticates the chains (32 bytes or more); it must not live in the database that it protects."""
        if len(key) < chain.KEY_LEAST:
            raise ValueError(f"the journal's key has {len(key)} bytes, {chain.KEY_LEAST} are the least")
        self._database = database
        self._key = key
        self._known: dict[MeetingId, chain.Head] = {}
        self._waiting: list[tuple[_Append, asyncio.Future[int]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def append(self, stream: MeetingId, after: int, facts: Sequence[Fact]) -> int:
        """Append `facts` behind fact number `after` (0: a new stream); returns the number of the last one.

        On return they are on the disk.  Raises `SeqTaken` if the stream stands elsewhere, `ChainBroken` if its head was
        changed, `StoreDown`; then none of them is kept.  A caller that is cancelled while it waits cannot know whether
        they were recorded and has to read again.
        """
        if not facts:
            return after
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((_prepared(stream, after, facts), done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="journal")
        return await done

    def append_within(self, connection: Connection, stream: MeetingId, after: int, facts: Sequence[Fact]) -> int:
        """The same inside a transaction of the caller, whose commit makes it true.  A lost race raises `Conflict`."""
        (outcome,), _ = self._record(connection, [_prepared(stream, after, facts)], {})
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def read(self, stream: MeetingId) -> list[Fact]:
        """Every fact of the stream in order, verified first; empty if there is no such stream.

        Raises `ChainBroken` rather than let a room be rebuilt from a history that nobody wrote.
        """
        facts = []
        for entry in await self._verified(stream):
            facts.append(codec.decode(json.loads(entry.body)))
            if entry.seq % _BREATH == 0:
                await asyncio.sleep(0)
        return facts

    async def verify(self, stream: MeetingId) -> None:
        """Raises `ChainBroken(seq)` at the first fact that is not what was written (1 if the whole stream is gone)."""
        if not await self._verified(stream):
            raise ChainBroken(1)

    async def head(self, stream: MeetingId) -> chain.Head | None:
        """How far the stream goes, to be kept outside; None if there is no such stream.  Raises `ChainBroken`."""
        return (await self._database.read(lambda connection: self._heads(connection, [stream]))).get(stream)

    async def streams(self) -> list[MeetingId]:
        """Every meeting that has a history."""
        query = select(journal_head.c.stream).order_by(journal_head.c.stream)
        return await self._database.read(lambda connection: list(connection.scalars(query)))

    # ---- writing ----------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        """Commit what waits, batch by batch, until nobody does."""
        while self._waiting:
            batch = [(append, done) for append, done in self._waiting[:_BATCH] if not done.cancelled()]
            del self._waiting[:_BATCH]
            if not batch:
                continue
            try:
                outcomes = await self._commit([append for append, _ in batch])
                assert len(outcomes) == len(batch)
            except asyncio.CancelledError:
                for _, done in [*batch, *self._waiting]:
                    done.cancel()
                self._waiting.clear()
                raise
            except Exception as fault:  # a bug of ours must not leave everybody waiting for ever
                outcomes = [fault] * len(batch)
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                if done.cancelled():
                    continue
                if isinstance(outcome, Exception):
                    done.set_exception(outcome)
                else:
                    done.set_result(outcome)

    async def _commit(self, appends: Sequence[_Append]) -> list[_Outcome]:
        """One transaction for all of them; if one spoils it for the others, each in its own."""
        known = {a.stream: self._known.pop(a.stream) for a in appends if a.stream in self._known}
        try:
            outcomes, heads = await self._database.write(lambda connection: self._record(connection, appends, known))
        except StoreDown as down:
            return [StoreDown(down.reason) for _ in appends]
        except (Conflict, ChainBroken) as spoiled:
            if len(appends) > 1:  # again, alone and by what stands in the database
                return [outcome for append in appends for outcome in await self._commit([append])]
            return [await self._lost(appends[0]) if isinstance(spoiled, Conflict) else spoiled]
        if len(self._known) > _REMEMBERED:
            self._known.clear()
        self._known |= heads
        return outcomes

    async def _lost(self, append: _Append) -> Exception:
        """Why the rows of an append were in the way of others: a faster host, or a head that was taken back."""
        try:
            head = await self.head(append.stream)
        except (StoreDown, ChainBroken) as error:
            return error
        found = head.seq if head else 0
        return SeqTaken(append.stream, append.after, found) if found != append.after else ChainBroken(found + 1)

    def _record(
        self, connection: Connection, appends: Sequence[_Append], known: Mapping[MeetingId, chain.Head]
    ) -> tuple[list[_Outcome], dict[MeetingId, chain.Head]]:
        """What became of each append, and the heads after them.  `known` heads are believed where they fit."""
        fitting = {a.stream: known[a.stream] for a in appends if a.stream in known and known[a.stream].seq == a.after}
        asked = sorted({a.stream for a in appends if a.stream not in fitting})
        old = {**fitting, **self._heads(connection, asked, lock=True)}
        heads = dict(old)
        outcomes: list[_Outcome] = []
        entries = []
        for append in appends:
            head = heads.get(append.stream) or chain.start(self._key, append.stream)
            if head.seq != append.after:
                outcomes.append(SeqTaken(append.stream, append.after, head.seq))
                continue
            head, added = chain.extend(self._key, head, append.bodies)
            heads[append.stream] = head
            entries += [{"stream": head.stream, "seq": e.seq, "body": e.body, "mac": e.mac} for e in added]
            outcomes.append(head.seq)
            project(connection, append.stream, append.facts)
        # The heads first, in the order of their streams: whoever has a stream's head has the stream, and two hosts do
        # not wait for each other.
        ends = [heads[stream] for stream in sorted(heads)]
        if new := [self._row(head, "stream") for head in ends if head.stream not in old]:
            connection.execute(insert(journal_head), new)
        if moved := [self._row(head, "of") for head in ends if head != old.get(head.stream, head)]:
            connection.execute(_MOVE_HEAD, moved)
        if entries:
            connection.execute(insert(journal), entries)
        return outcomes, heads

    def _row(self, head: chain.Head, stream: str) -> dict[str, object]:
        return {stream: head.stream, "seq": head.seq, "mac": head.mac, "seal": chain.seal(self._key, head)}

    # ---- reading ----------------------------------------------------------------------------------------------------

    def _heads(
        self, connection: Connection, streams: Sequence[MeetingId], *, lock: bool = False
    ) -> dict[MeetingId, chain.Head]:
        if not streams:
            return {}
        query = select(journal_head).where(journal_head.c.stream.in_(streams)).order_by(journal_head.c.stream)
        heads = {}
        for row in connection.execute(query.with_for_update() if lock else query):
            head = chain.Head(row.stream, row.seq, row.mac)
            if not chain.sealed(self._key, head, row.seal):
                raise ChainBroken(row.seq + 1)
            heads[head.stream] = head
        return heads

    async def _verified(self, stream: MeetingId) -> list[chain.Entry]:
        facts = select(journal.c.seq, journal.c.body, journal.c.mac).where(journal.c.stream == stream)
        last = select(journal_head).where(journal_head.c.stream == stream)
        rows, end = await self._database.read(
            lambda connection: (
                connection.execute(facts.order_by(journal.c.seq)).all(),
                connection.execute(last).one_or_none(),
            )
        )
        entries = [chain.Entry(seq, body, mac) for seq, body, mac in rows]
        if end is None and not entries:
            return []
        head = chain.start(self._key, stream)
        for entry in entries:
            head = chain.follow(self._key, head, entry)
            if entry.seq % _BREATH == 0:
                await asyncio.sleep(0)
        if end is None or (end.seq, end.mac) != (head.seq, head.mac) or not chain.sealed(self._key, head, end.seal):
            raise ChainBroken(head.seq + 1)
        return entries


def _prepared(stream: MeetingId, after: int, facts: Sequence[Fact]) -> _Append:
    return _Append(stream, after, tuple(facts), tuple(chain.canonical(codec.encode(fact)) for fact in facts))
