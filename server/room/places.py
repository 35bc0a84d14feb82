"""Places: who shares one can meet, nobody else can.

There is one circle, and a holding place for each participant.  In a holding place stand its owner and whichever
facilitators visit them; nobody else ever does.  A *guard* is a facilitator who is in a place in fact: connected, and
with their media up.  Only before a guard can two participants meet (R6).

A facilitator visits a person who is in their own holding place: one who waits, or an admitted one during a pause or a
freeze.  The visit ends when the facilitator returns or visits somebody else, or by itself when the owner goes or is
moved; `settle` sees to that, as it sees to the freeze when the only guard goes on a visit.

Hard cases
- A visit that ended by itself closes the facilitator's microphone, as nothing else does: they may be in the middle of a
  private sentence, and must not finish it in the circle.
- A facilitator whose line drops during a visit stays there in name.  They guard nobody meanwhile, and are back with the
  same person when the line is.
- A second facilitator in the circle keeps it guarded; then a visit freezes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.room import commands as c
from server.room import events as e
from server.room.errors import AlreadyThere, NoHoldingPlace, UnknownPerson
from server.room.ids import CIRCLE, PersonId, PlaceId, holding_of
from server.room.state import Person, Phase, Role, Room

LIVE = frozenset({Phase.DOORS_OPEN, Phase.UNDER_WAY, Phase.CLOSING})
"""The phases in which people meet in the circle."""
HALTED = frozenset({Phase.PAUSED, Phase.FROZEN})

PlaceCommand = c.Visit | c.ReturnToCircle

_HOLDING = holding_of(PersonId(""))


def owner_of(place: PlaceId) -> PersonId | None:
    """Whose holding place it is; None for the circle."""
    return PersonId(place.removeprefix(_HOLDING)) if place != CIRCLE else None


def guards(person: Person) -> bool:
    """Is a facilitator who sees and hears what happens in the place where they are."""
    return person.role is Role.FACILITATOR and person.connected and person.media


def guarded(room: Room, place: PlaceId) -> bool:
    """Somebody guards this place."""
    return any(p.place == place and guards(p) for p in room.people.values())


def in_own_holding(person: Person) -> bool:
    return person.place is not None and person.place == holding_of(person.id)


def known(room: Room, person: PersonId) -> Person:
    """The person of this id, or the refusal `unknown_person`."""
    found = room.people.get(person)
    if found is None:
        raise UnknownPerson(person)
    return found


def decide(room: Room, command: PlaceCommand) -> Iterator[e.Event]:
    actor = room.people[command.actor]
    match command:
        case c.Visit(person=owner):
            if not in_own_holding(known(room, owner)):
                raise NoHoldingPlace(owner)
            if actor.place == holding_of(owner):
                raise AlreadyThere
            yield e.PersonMoved(actor.id, owner)
        case c.ReturnToCircle():
            if actor.place == CIRCLE:
                raise AlreadyThere
            yield e.PersonMoved(actor.id, None)
