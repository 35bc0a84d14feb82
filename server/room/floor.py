"""The floor: who may speak in the circle (RFC 8855 terms; our facilitator is its chair).

Facilitators may always speak.  Of the others:

    quiet     nobody
    chaired   whom a facilitator has granted the floor
    circle    who has taken up the talking piece
    open      everyone but the observers

and an interpreter whenever the person they are attached to may, or while anybody holds the floor.  Observers never.  To
be allowed is not to be heard: a person's own hand opens the microphone, beforehand if they like, and when a turn is
over it is closed for them (`settle`), so that nobody is heard for having forgotten it.

The queue (`quiet` and `chaired`): each person has at most one request; it waits until it is granted, denied or
cancelled, or its owner goes.  Facilitators may grant out of turn, or unasked.

The talking piece (`circle`): a facilitator lays it before somebody.  They take it up, or pass it on without a word, or
say "come back to me".  It goes round in seat order from whoever passes it, to each who has not had it in this round;
then to those who asked to be asked again; then the round is over, and the piece lies with the facilitators.

Hard cases
- A dropped line does not forfeit the turn.  When the grace is over the turn ends, and goes to nobody by itself (R24).
- The piece never goes to somebody whose line is down: they are passed over, and asked again at the end of the round.
- "Come back to me" from the last one who is left would bring the piece straight back; it is refused then.
- A facilitator who takes the piece back has not used up its holder's turn: it comes to them again in this round.
- The same mode set again ends the turn and keeps the round; another mode forgets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from server.room import commands as c
from server.room import events as e
from server.room.errors import (
    AlreadyQueued,
    AlreadyTaken,
    FloorNotHeld,
    HoldsFloor,
    LineDown,
    NeverHolds,
    NobodyElseLeft,
    NotInCircle,
    NotQueued,
    WrongMode,
)
from server.room.ids import CIRCLE, PersonId
from server.room.places import LIVE, known
from server.room.state import Floor, FloorRequest, Mode, Person, Role, Room, Turn

FloorCommand = (
    c.SetMode
    | c.RequestFloor
    | c.CancelRequest
    | c.GrantFloor
    | c.DenyRequest
    | c.ReleaseFloor
    | c.RevokeFloor
    | c.TakePiece
    | c.PassPiece
    | c.ComeBackToMe
)

FloorEvent = (
    e.ModeChanged
    | e.FloorRequested
    | e.FloorRequestCancelled
    | e.FloorRequestDenied
    | e.FloorGranted
    | e.PieceTaken
    | e.FloorReleased
    | e.FloorRevoked
    | e.PersonPassedOver
    | e.RoundCompleted
)

QUEUED_IN = frozenset({Mode.QUIET, Mode.CHAIRED})
GRANTED_IN = frozenset({Mode.CHAIRED, Mode.CIRCLE})
HOLDERS = frozenset({Role.VICTIM, Role.OFFENDER, Role.SUPPORTER})
"""Who may hold the floor.  Facilitators need none; an interpreter speaks with those they interpret."""
_VOICES_OF_OPEN = HOLDERS | {Role.INTERPRETER}


def may_speak(room: Room, person: Person) -> bool:
    """Whoever is in this person's place would hear them if their microphone were on and a guard there."""
    if person.place is None or person.role is Role.OBSERVER:
        return False
    if person.place != CIRCLE or person.role is Role.FACILITATOR:
        return True
    if room.phase not in LIVE:
        return False
    if room.floor.mode is Mode.OPEN:
        return person.role in _VOICES_OF_OPEN
    turn = room.floor.turn
    held_by = turn.holder if turn is not None and turn.taken else None
    if person.role is not Role.INTERPRETER:
        return held_by == person.id
    if held_by is not None or person.attached_to is None:
        return held_by is not None
    interpreted = room.people[person.attached_to]
    return interpreted.place == CIRCLE and may_speak(room, interpreted)


def queued(floor: Floor, person: PersonId) -> bool:
    return any(request.by == person for request in floor.queue)


def decide(room: Room, command: FloorCommand) -> Iterator[e.Event]:
    floor, actor = room.floor, command.actor
    match command:
        case c.SetMode(mode=mode):
            if floor.turn is not None:
                yield e.FloorRevoked(floor.turn.holder)
            if mode is not floor.mode:
                yield e.ModeChanged(mode)
        case c.RequestFloor():
            _need_mode(floor, QUEUED_IN)
            if floor.turn is not None and floor.turn.holder == actor:
                raise HoldsFloor(actor)
            if queued(floor, actor):
                raise AlreadyQueued
            yield e.FloorRequested(actor)
        case c.CancelRequest():
            _need_request(floor, actor)
            yield e.FloorRequestCancelled(actor)
        case c.DenyRequest(person=person):
            _need_request(floor, known(room, person).id)
            yield e.FloorRequestDenied(person)
        case c.GrantFloor(person=person):
            _need_mode(floor, GRANTED_IN)
            _need_holder_to_be(floor, known(room, person))
            if floor.turn is not None:
                yield e.FloorRevoked(floor.turn.holder)
            yield e.FloorGranted(person)
        case c.RevokeFloor():
            if floor.turn is None:
                raise FloorNotHeld
            yield e.FloorRevoked(floor.turn.holder)
        case c.ReleaseFloor():
            _need_mode(floor, frozenset({Mode.CHAIRED}))
            _own_turn(floor, actor)
            yield e.FloorReleased(actor)
        case c.TakePiece():
            _need_mode(floor, frozenset({Mode.CIRCLE}))
            if _own_turn(floor, actor).taken:
                raise AlreadyTaken
            yield e.PieceTaken(actor)
            if not room.people[actor].microphone:
                yield e.MicrophoneSet(actor, True)
        case c.PassPiece():
            _need_mode(floor, frozenset({Mode.CIRCLE}))
            _own_turn(floor, actor)
            yield e.FloorReleased(actor)
            yield from _next_in_round(room, actor)
        case c.ComeBackToMe():
            _need_mode(floor, frozenset({Mode.CIRCLE}))
            _own_turn(floor, actor)
            onward = tuple(_next_in_round(room, actor))
            if not any(isinstance(event, e.FloorGranted) for event in onward):
                raise NobodyElseLeft
            yield e.FloorReleased(actor, come_back=True)
            yield from onward


def floor_after(floor: Floor, event: FloorEvent, at: datetime) -> Floor:
    """What a fact about the floor does to it (see `evolve`)."""
    match event:
        case e.ModeChanged(mode):
            return Floor(mode=mode, queue=floor.queue if mode in QUEUED_IN else ())
        case e.FloorRequested(person):
            return replace(floor, queue=(*floor.queue, FloorRequest(person, at)))
        case e.FloorRequestCancelled(person) | e.FloorRequestDenied(person):
            return replace(floor, queue=_without_request(floor, person))
        case e.FloorGranted(person):
            return replace(
                floor,
                queue=_without_request(floor, person),
                turn=Turn(person, since=at, taken=floor.mode is Mode.CHAIRED),
                passed=floor.passed - {person},
                come_back=_without(floor.come_back, person),
            )
        case e.PieceTaken(person):
            return replace(floor, turn=Turn(person, since=at, taken=True))
        case e.FloorReleased(person, come_back):
            if floor.mode is not Mode.CIRCLE:
                return replace(floor, turn=None)
            if come_back:
                return replace(floor, turn=None, come_back=(*floor.come_back, person))
            return replace(floor, turn=None, passed=floor.passed | {person})
        case e.FloorRevoked():
            return replace(floor, turn=None)
        case e.PersonPassedOver(person):
            return replace(floor, come_back=(*_without(floor.come_back, person), person))
        case e.RoundCompleted():
            return replace(floor, passed=frozenset(), come_back=(), rounds=floor.rounds + 1)
        case _:
            assert_never(event)


def without_person(floor: Floor, person: PersonId) -> Floor:
    """Somebody went: their request and their part in the round go with them.  Their turn is ended by `settle`."""
    if floor == Floor(mode=floor.mode, turn=floor.turn, rounds=floor.rounds):
        return floor
    return replace(
        floor,
        queue=_without_request(floor, person),
        passed=floor.passed - {person},
        come_back=_without(floor.come_back, person),
    )


def _next_in_round(room: Room, passing: PersonId) -> Iterator[e.Event]:
    """Where the piece goes from `passing`: to the next seat, to one to be asked again, or back to the facilitators."""
    seats = list(room.people)
    start = seats.index(passing) + 1
    asked_again = list(room.floor.come_back)
    for seat in seats[start:] + seats[: start - 1]:
        person = room.people[seat]
        if not _to_be_asked(person) or seat in room.floor.passed or seat in room.floor.come_back:
            continue
        if person.connected:
            yield e.FloorGranted(seat)
            return
        yield e.PersonPassedOver(seat)
        asked_again.append(seat)
    for seat in asked_again:
        if seat != passing and room.people[seat].connected:
            yield e.FloorGranted(seat)
            return
    yield e.RoundCompleted()


def _to_be_asked(person: Person) -> bool:
    return person.role in HOLDERS and person.place == CIRCLE


def _need_mode(floor: Floor, modes: frozenset[Mode]) -> None:
    if floor.mode not in modes:
        raise WrongMode(floor.mode)


def _need_request(floor: Floor, person: PersonId) -> None:
    if not queued(floor, person):
        raise NotQueued(person)


def _need_holder_to_be(floor: Floor, person: Person) -> None:
    if person.role not in HOLDERS:
        raise NeverHolds(person.id)
    if person.place != CIRCLE:
        raise NotInCircle(person.id)
    if not person.connected:
        raise LineDown(person.id)
    if floor.turn is not None and floor.turn.holder == person.id:
        raise HoldsFloor(person.id)


def _own_turn(floor: Floor, actor: PersonId) -> Turn:
    if floor.turn is None or floor.turn.holder != actor:
        raise FloorNotHeld
    return floor.turn


def _without_request(floor: Floor, person: PersonId) -> tuple[FloorRequest, ...]:
    return tuple(request for request in floor.queue if request.by != person)


def _without(people: tuple[PersonId, ...], person: PersonId) -> tuple[PersonId, ...]:
    return tuple(other for other in people if other != person)
