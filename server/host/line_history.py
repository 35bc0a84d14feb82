"""The lines of the people of one room over the last minutes, told to those who lead and to nobody else (R8).

When somebody's line becomes worse is a hint of what they do and where they are, so it goes to facilitators only.  It
goes beside the views: a view is made anew and compared, which takes long, and this changes often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from server.clock import Clock, milliseconds
from server.host.ports import Told
from server.room.ids import PersonId
from server.room.seeing import leads
from server.room.spells import History, line_now, noted, recent
from server.room.state import Room
from server.room.view import Spell, Surroundings

Post = Callable[[PersonId, Told, Mapping[str, object]], None]


class LineHistory:
    """In memory only, and gone with the room."""

    def __init__(self, clock: Clock, post: Post) -> None:
        self._clock = clock
        self._post = post
        self._of: dict[PersonId, History] = {}

    def note(self, room: Room, around: Surroundings, paused: frozenset[PersonId]) -> None:
        """To be called whenever a line may have changed.  `paused`: whose lines do not carry all pictures."""
        now = milliseconds(self._clock.now())
        changed = []
        for person in room.people.values():
            before = self._of.get(person.id, ())
            after = noted(before, line_now(person, around), person.id in paused, now)
            if after is not before:
                self._of[person.id] = after
                changed.append(person.id)
        if changed:
            told = self._told(changed, now, whole=False)
            for reader in filter(leads, room.people.values()):
                self._post(reader.id, Told.LINES, told)

    def hand(self, room: Room, reader: PersonId) -> None:
        """Somebody's browser is there anew: hand them everything, if they lead."""
        if leads(room.people[reader]):
            self._post(reader, Told.LINES, self._told(self._of, milliseconds(self._clock.now()), whole=True))

    def _told(self, people: Iterable[PersonId], now: int, *, whole: bool) -> Mapping[str, object]:
        return {"whole": whole, "people": {p: [_plain(spell) for spell in recent(self._of[p], now)] for p in people}}


def _plain(spell: Spell) -> Mapping[str, object]:
    """`dataclasses.asdict` copies deeply: 19 us for each, where this takes 0.2."""
    return {"since": spell.since, "line": spell.line, "paused": spell.paused}
