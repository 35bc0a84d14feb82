"""The door: from a link to the circle and out again.

    away -> arriving -> waiting -> admitted
              asked      alone      in the circle

Everyone but the facilitators comes this way.  *Arriving*: connected, checks their devices, is asked "Do you still want
to take part today?" (R3).  Yes, not sure and no weigh the same: each leads to the person's own holding place, where
only a facilitator can join them (R8); but only a yes can be admitted.  *Admitted* one by one, by a facilitator, in an
order that was agreed beforehand (R9).  A call gives notice first; the person can come at once, or say "not yet".

Out: a person leaves or withdraws, at any moment and at once (R4, R12); a facilitator refuses, removes or sees
off.  Who left comes to the door again when they connect; who withdrew can answer the question again; who was refused
or removed needs a facilitator's word.

Hard cases
- The order binds people who have never been in.  One who was in the circle today and lost their line does not wait for
  others who are late.
- Whoever cannot come today (refused, removed, left, withdrawn) holds nobody up; whoever has not connected yet does,
  until a facilitator changes the order.
- A call is a promise about the circle as it is.  If the circle is not live or not guarded when the notice is over, the
  call lapses, and the person simply waits again.  Whoever answers a call early is told no more than "not now".
- A person called by a facilitator who is with them: the facilitator comes along, so the circle needs no other guard.
- A called person who is no longer sure is no longer called.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.room import commands as c
from server.room import events as e
from server.room.errors import (
    AlreadyCalled,
    CannotEnterNow,
    LineDown,
    NotBarred,
    NotCalled,
    NotHere,
    NotWaiting,
    NotWilling,
    OrderIncomplete,
    OutOfOrder,
    Refused,
)
from server.room.ids import CIRCLE, PersonId, holding_of
from server.room.places import LIVE, guarded, known
from server.room.state import Departure, Door, Person, Role, Room, Willing

DoorCommand = (
    c.AnswerDoor
    | c.EnterNow
    | c.NotYet
    | c.Leave
    | c.WithdrawConsent
    | c.Admit
    | c.Refuse
    | c.Remove
    | c.AllowReturn
    | c.SetArrivalOrder
    | c.SeeOff
)

STILL_TO_COME = frozenset({Door.AWAY, Door.ARRIVING, Door.WAITING})
_BEFORE_THE_DOOR = frozenset({Door.ARRIVING, Door.WAITING})
_IN_A_PLACE = frozenset({Door.WAITING, Door.ADMITTED})
_BARRED = frozenset({Door.REFUSED, Door.REMOVED})


def first_to_come(room: Room) -> PersonId | None:
    """Who of those that have not been in today is brought in next (R9)."""
    for person in room.arrival_order:
        expected = room.people[person]
        if not expected.was_admitted and expected.door in STILL_TO_COME:
            return person
    return None


def can_enter(room: Room, person: Person) -> bool:
    """The circle can take in this called person at this moment."""
    return (
        person.door is Door.WAITING
        and person.willing is Willing.YES
        and person.connected
        and room.phase in LIVE
        and (guarded(room, CIRCLE) or guarded(room, holding_of(person.id)))
    )


def decide(room: Room, command: DoorCommand) -> Iterator[e.Event]:
    actor = command.actor
    match command:
        case c.AnswerDoor(willing=willing):
            if willing is Willing.UNASKED:
                raise NotWilling(actor)
            yield e.DoorAnswered(actor, willing)
        case c.EnterNow():
            _need_call(room, actor)
            if not can_enter(room, room.people[actor]):
                raise CannotEnterNow
            yield e.PersonAdmitted(actor)
        case c.NotYet():
            _need_call(room, actor)
            yield e.CallDeclined(actor)
        case c.Leave(quick=quick):
            yield e.PersonLeft(actor, Departure.QUICK_EXIT if quick else Departure.LEFT)
        case c.WithdrawConsent():
            yield e.ConsentWithdrawn(actor)
        case c.Admit(person=person):
            _check_call(room, _participant(room, person))
            yield e.PersonCalled(person)
        case c.Refuse(person=person):
            if (before := _participant(room, person)).door not in _BEFORE_THE_DOOR:
                raise NotWaiting(person, before.door)
            yield e.PersonRefused(person)
        case c.Remove(person=person):
            if (here := _participant(room, person)).door not in _BEFORE_THE_DOOR | _IN_A_PLACE:
                raise NotHere(person, here.door)
            yield e.PersonRemoved(person)
        case c.AllowReturn(person=person):
            if _participant(room, person).door not in _BARRED:
                raise NotBarred(person)
            yield e.ReturnAllowed(person)
        case c.SetArrivalOrder(order=order):
            if sorted(order) != sorted(room.arrival_order):
                raise OrderIncomplete
            if order != room.arrival_order:
                yield e.ArrivalOrderSet(order)
        case c.SeeOff(person=person):
            if (leaving := _participant(room, person)).door not in _IN_A_PLACE:
                raise NotHere(person, leaving.door)
            yield e.PersonLeft(person, Departure.SEEN_OFF)


def can_be_called(room: Room, person: Person) -> bool:
    """A facilitator could call this person into the circle now."""
    try:
        _check_call(room, person)
    except Refused:
        return False
    return True


def _check_call(room: Room, called: Person) -> None:
    person = called.id
    if called.door is not Door.WAITING:
        raise NotWaiting(person, called.door)
    if called.willing is not Willing.YES:
        raise NotWilling(person)
    if not called.connected:
        raise LineDown(person)
    if called.called_at is not None:
        raise AlreadyCalled(person)
    first = first_to_come(room)
    if not called.was_admitted and first is not None and first != person:
        raise OutOfOrder(first)


def _need_call(room: Room, person: PersonId) -> None:
    if room.people[person].called_at is None:
        raise NotCalled


def _participant(room: Room, person: PersonId) -> Person:
    """Somebody who comes through the door; facilitators do not."""
    found = known(room, person)
    if found.role is Role.FACILITATOR:
        raise NotHere(person, found.door)
    return found
