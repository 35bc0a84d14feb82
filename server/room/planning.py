"""The plan of a meeting: who belongs to it, and to whom each is attached.

Seats come in seating order, which never changes afterwards (R28): somebody invited later sits at the end.  A supporter
is attached to a victim or an offender; an interpreter to anybody who is neither an interpreter nor an observer;
everyone else to nobody.  That is checked here and nowhere again, so chains of attachment are at most two long and have
no circles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.room import commands as c
from server.room import events as e
from server.room.errors import AlreadyPlanned, PersonExists, WrongAttachment, WrongPhase
from server.room.ids import PersonId
from server.room.state import Phase, Role, Room

PlanOccurrence = c.Plan | c.AddPerson

_MAY_BE_SUPPORTED = frozenset({Role.VICTIM, Role.OFFENDER})
_MAY_BE_INTERPRETED = frozenset(Role) - {Role.INTERPRETER, Role.OBSERVER}
_ATTACHED_TO: Mapping[Role, frozenset[Role]] = {
    Role.SUPPORTER: _MAY_BE_SUPPORTED,
    Role.INTERPRETER: _MAY_BE_INTERPRETED,
}


def decide(room: Room, occurrence: PlanOccurrence) -> Iterator[e.Event]:
    match occurrence:
        case c.Plan(seats, timings):
            if room.people:
                raise AlreadyPlanned
            roles: dict[PersonId, Role] = {}
            for seat in seats:
                _check_new(seat, roles)
                roles[seat.id] = seat.role
            for seat in seats:
                _check_attachment(seat, roles)
            yield e.MeetingPlanned(seats, timings)
        case c.AddPerson(seat):
            if room.phase is Phase.ENDED:
                raise WrongPhase(room.phase)
            roles = {p.id: p.role for p in room.people.values()}
            _check_new(seat, roles)
            _check_attachment(seat, roles)
            yield e.PersonAdded(seat)


def _check_new(seat: c.Seat, roles: Mapping[PersonId, Role]) -> None:
    if seat.id in roles:
        raise PersonExists(seat.id)


def _check_attachment(seat: c.Seat, roles: Mapping[PersonId, Role]) -> None:
    allowed = _ATTACHED_TO.get(seat.role)
    to = None if seat.attached_to is None else roles.get(seat.attached_to)
    if allowed is None:
        if seat.attached_to is not None:
            raise WrongAttachment(seat.id)
    elif to not in allowed:
        raise WrongAttachment(seat.id)
