"""Telling each person their own view, and only when it is not what they were told last.

When something is sent is information, too: a waiting person who got a message whenever the other side did something
would know more than any view may say (R8).  So views are compared as bytes, and the number that goes with a view
counts what *this connection* was told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from server.clock import Clock, milliseconds
from server.host.ports import Line, Told
from server.log import logger
from server.room import view_for
from server.room.ids import PersonId
from server.room.state import Room
from server.room.view import Surroundings, View

_VIEW = TypeAdapter(View)
Look = Callable[[], tuple[Room, Surroundings]]
"""What is true at this moment."""

log = logger()


def view_bytes(room: Room, reader: PersonId, around: Surroundings) -> bytes:
    """A person's view as it travels: UTF-8 JSON, the fields as they are named in `View`."""
    return _VIEW.dump_json(view_for(room, reader, around))


@dataclass(slots=True)
class Listener:
    """The line of one person, and what it was told."""

    line: Line
    joined: bool = False
    """Their arrival has been recorded; before that they are told nothing."""
    told: bytes = b""
    rev: int = 0
    stalled: bool = False
    """Was told that the room cannot record anything now."""


class Listeners:
    """Everyone who has a line to one room: one line for each person (R14)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_person: dict[PersonId, Listener] = {}

    def __len__(self) -> int:
        return len(self._by_person)

    def __iter__(self) -> Iterator[tuple[PersonId, Listener]]:
        return iter(list(self._by_person.items()))

    def put(self, person: PersonId, line: Line) -> Line | None:
        """A new line of a person; returns the one it takes the place of."""
        older = self._by_person.get(person)
        self._by_person[person] = Listener(line)
        return older.line if older else None

    def take(self, person: PersonId, line: Line) -> bool:
        """The end of a line.  False if another one has taken its place already."""
        if not self.has(person, line):
            return False
        del self._by_person[person]
        return True

    def has(self, person: PersonId, line: Line) -> bool:
        listener = self._by_person.get(person)
        return listener is not None and listener.line is line

    def welcome(self, person: PersonId, line: Line) -> bool:
        """Their arrival is recorded: from now on they are told.  False if the line is gone, or another one's turn."""
        if not self.has(person, line):
            return False
        self._by_person[person].joined = True
        return True

    def rev(self, person: PersonId) -> int:
        """The number of the newest view that this person was told."""
        listener = self._by_person.get(person)
        return listener.rev if listener else 0

    def post(self, person: PersonId, event: Told, body: Mapping[str, object]) -> None:
        listener = self._by_person.get(person)
        if listener and listener.joined:
            listener.line.post(event, body)

    def tell(self, look: Look, only: PersonId | None = None) -> None:
        """Tell everyone, or `only` one, whose view has changed."""
        for person, listener in self:
            if only in (None, person):
                self._tell(person, listener, look)

    async def tell_in_turn(self, look: Look) -> None:
        """The same for everyone, and what waits in the sockets goes before each: a circle's views take milliseconds.

        Each is looked at when it is their turn, so that nobody is told what is no longer true.
        """
        for person, listener in self:
            await asyncio.sleep(0)  # the sockets are read behind what was due already ...
            await asyncio.sleep(0)  # ... and therefore before this
            if self.has(person, listener.line):
                self._tell(person, listener, look)

    def _tell(self, person: PersonId, listener: Listener, look: Look) -> None:
        if not listener.joined:
            return
        try:
            room, around = look()
            view = view_bytes(room, person, around)
        except Exception as fault:
            # what has been recorded is true whether or not one person can be shown it
            log.error("view_failed", person=person, exc_info=fault)
            return
        if view != listener.told:
            listener.told = view
            listener.rev += 1
            listener.line.view(listener.rev, milliseconds(self._clock.now()), view)
