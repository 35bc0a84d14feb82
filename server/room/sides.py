"""Who belongs with whom.

A person attached to another is of that person's side, at whatever remove: the interpreter of a victim's mother is of
the harmed side.  A side is fixed by the plan; that somebody leaves changes nobody's side.

Sides order the arrival (R9).  They do *not* decide who may meet without a facilitator: nobody may, not even people of
one side, so that the promise "never alone" hangs on no judgement of who belongs to whom (R6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from server.room.ids import PersonId
from server.room.state import Person, Role


class Side(StrEnum):
    STAFF = "staff"
    HARMED = "harmed"
    RESPONSIBLE = "responsible"
    OBSERVING = "observing"


_OF_ROLE = {
    Role.FACILITATOR: Side.STAFF,
    Role.VICTIM: Side.HARMED,
    Role.OFFENDER: Side.RESPONSIBLE,
    Role.OBSERVER: Side.OBSERVING,
}

_ARRIVAL = {Side.HARMED: 0, Side.STAFF: 1, Side.OBSERVING: 1, Side.RESPONSIBLE: 2}
"""The harmed side settles first and the responsible side last (R9); a programme may change it for each meeting."""


def side(people: Mapping[PersonId, Person], person: Person) -> Side:
    """The side of a person.  Attachments were checked when the meeting was planned, so the walk ends."""
    while person.attached_to is not None:
        person = people[person.attached_to]
    return _OF_ROLE[person.role]


def default_arrival_order(people: Mapping[PersonId, Person]) -> tuple[PersonId, ...]:
    """Victims with their people, then others, then offenders with theirs; in seat order within."""
    guests = [p for p in people.values() if p.role is not Role.FACILITATOR]
    return tuple(p.id for p in sorted(guests, key=lambda p: _ARRIVAL[side(people, p)]))


def placed_in_order(
    people: Mapping[PersonId, Person], order: Iterable[PersonId], person: Person
) -> tuple[PersonId, ...]:
    """`order` with one more person, before the first one who by default comes in later."""
    if person.role is Role.FACILITATOR:
        return tuple(order)
    rank = _ARRIVAL[side(people, person)]
    ids = list(order)
    later = (i for i, other in enumerate(ids) if _ARRIVAL[side(people, people[other])] > rank)
    ids.insert(next(later, len(ids)), person.id)
    return tuple(ids)
