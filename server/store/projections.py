"""What the tables must know of the journal, written in the transaction that records it: they cannot disagree."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, update

from server.room.events import Fact, PhaseChanged
from server.room.ids import MeetingId
from server.room.state import Phase
from server.store.schema import meeting


def project(connection: Connection, stream: MeetingId, facts: Sequence[Fact]) -> None:
    """The end of a meeting shuts its links (after their grace) without anybody having to read the journal."""
    for fact in facts:
        if fact.event == PhaseChanged(Phase.ENDED):
            connection.execute(
                update(meeting).where(meeting.c.id == stream, meeting.c.ended_at.is_(None)).values(ended_at=fact.at)
            )
