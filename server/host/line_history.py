"""The lines of the people of one room over the last minutes, told to those who lead and to nobody else (R8).

When somebody's line becomes worse is a hint of what they do and where they are, so it goes to facilitators only.  It
goes beside the views: a view is made anew and compared, which takes long, and this changes often.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.clock import Clock, milliseconds
from server.host.ports import Told
from server.room.ids import PersonId
from server.room.seeing import leads
from server.room.spells import History, line_now, noted, recent
from server.room.state import Room
from server.room.view import Pictures, Spell, Surroundings

Post = Callable[[PersonId, Told, Mapping[str, object]], None]


class LineHistory:
    """In memory only, and gone with the room."""

    def __init__(self, clock: Clock, post: Post) -> None:
        self._clock = clock
        self._post = post
        self._of: dict[PersonId, History] = {}

    def note(self, room: Room, around: Surroundings, pictures: Mapping[PersonId, Pictures]) -> None:
        """To be called whenever a line may have changed.  `pictures` of those who do not get all of them."""
        now = milliseconds(self._clock.now())
        begun: dict[PersonId, History] = {}
        for person in room.people.values():
            before = self._of.get(person.id, ())
            after = noted(before, line_now(person, around), pictures.get(person.id, Pictures.ALL), now)
            if after is not before:
                self._of[person.id] = after
                begun[person.id] = after[-1:]
        if begun:
            told = _told(begun, whole=False)
            for reader in filter(leads, room.people.values()):
                self._post(reader.id, Told.LINES, told)

    def hand(self, room: Room, reader: PersonId) -> None:
        """Somebody's browser is there anew: hand them everything, if they lead."""
        if leads(room.people[reader]):
            now = milliseconds(self._clock.now())
            self._post(
                reader, Told.LINES, _told({p: recent(spells, now) for p, spells in self._of.items()}, whole=True)
            )


def _told(people: Mapping[PersonId, History], *, whole: bool) -> Mapping[str, object]:
    return {
        "whole": whole,
        "people": {person: [_plain(spell) for spell in spells] for person, spells in people.items()},
    }


def _plain(spell: Spell) -> Mapping[str, object]:
    """`dataclasses.asdict` copies deeply: 19 us for each, where this takes 0.2."""
    return {"since": spell.since, "line": spell.line, "pictures": spell.pictures}
