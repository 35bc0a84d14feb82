"""The words of the requirements, said once more for the laws: who leads, who watches, who has the word.

Nothing here asks the room's own predicates: they are what is on trial.
"""

from __future__ import annotations

from server.room.ids import PersonId
from server.room.state import Mode, Person, Phase, Role, Room

LIVE = {Phase.DOORS_OPEN, Phase.UNDER_WAY, Phase.CLOSING}
CIRCLE = "circle"
WITH_THE_PIECE = {Role.VICTIM, Role.OFFENDER, Role.SUPPORTER}


def leads(person: Person) -> bool:
    return person.role is Role.FACILITATOR


def holding(person: PersonId) -> str:
    return f"holding:{person}"


def watched(room: Room, place: str | None) -> bool:
    """A facilitator is there in fact."""
    return any(leads(p) and p.connected and p.media and p.place == place for p in room.people.values())


def has_the_word(room: Room, person: Person) -> bool:
    """May be heard in the circle, as the facilitators' guide would put it."""
    if person.role is Role.OBSERVER or person.place != CIRCLE or room.phase not in LIVE:
        return False
    if person.role is Role.FACILITATOR:
        return True
    turn = room.floor.turn
    somebody_holds = turn is not None and turn.taken
    if person.role is Role.INTERPRETER:
        theirs = room.people[person.attached_to] if person.attached_to else None
        return somebody_holds or room.floor.mode is Mode.OPEN or (theirs is not None and has_the_word(room, theirs))
    if room.floor.mode is Mode.OPEN:
        return True
    return turn is not None and turn.taken and turn.holder == person.id
