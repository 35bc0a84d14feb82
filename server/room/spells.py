"""How one person's line has been over the last minutes, for the small picture on the facilitators' console.  Pure.

A history is the spells of the line, oldest first.  One begins when something changes, so a line that stays as it is
costs nothing; one that ended more than `SPAN` ago is forgotten, and so is the oldest when there are `MOST`.  A line
that drops and comes back stays one history; somebody who is not to have a line (gone, or not there yet) has a gap in
theirs and not a loss.  Nothing of it is an event: it is not worth a journal, and ends with the room's time in memory.
"""

from __future__ import annotations

from typing import Final

from server.room.state import Door, Person
from server.room.view import Line, Pictures, Spell, Surroundings

SPAN: Final = 5 * 60_000
"""Milliseconds that the picture shows."""
MOST: Final = 100
"""Spells.  A line that is judged once a second could have more of them, and then the picture is shorter."""

History = tuple[Spell, ...]
_WITH_A_LINE = frozenset({Door.WAITING, Door.ADMITTED})


def line_now(person: Person, around: Surroundings) -> Line | None:
    """How this person's line is, as far as there is one to be judged."""
    if person.door not in _WITH_A_LINE or person.id not in around.lines:
        return None
    return around.lines[person.id] if person.connected else Line.LOST


def noted(history: History, line: Line | None, pictures: Pictures, now: int) -> History:
    """The history as it goes on at `now`, in milliseconds since the epoch: the very same one when nothing is new."""
    if line in (None, Line.LOST):
        pictures = Pictures.ALL
    last = history[-1] if history else None
    if (last.line, last.pictures) == (line, pictures) if last is not None else line is None:
        return history
    return recent((*history, Spell(now, line, pictures)), now)


def recent(history: History, now: int) -> History:
    """What the picture still shows of it."""
    ended = sum(1 for after in history[1:] if after.since <= now - SPAN)
    left = history[ended:][-MOST:]
    return () if len(left) == 1 and left[0].line is None else left
