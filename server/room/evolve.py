"""What a fact does to the room.  It only does, it never asks: whether a thing may happen was settled when it was
decided.

The journal is replayed through this function alone, so memory and history cannot disagree.  Old journals are read by
new programs: a change here changes what old facts mean.

How long each person has spoken is kept in one place for all causes (`speaking`): after every fact, whoever has become
audible in the circle has their clock started, whoever no longer is has it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import assert_never

from server.room import events as e
from server.room.commands import Seat
from server.room.floor import floor_after, without_person
from server.room.ids import CIRCLE, CommandId, DeviceId, PersonId, holding_of
from server.room.places import HALTED
from server.room.sides import default_arrival_order, placed_in_order
from server.room.speaking import with_clocks
from server.room.state import Departure, Door, Person, Phase, Room, Willing

REMEMBERED_COMMANDS = 32
"""A client resends what it was not answered for; it never has this many unanswered."""


def evolve(room: Room, fact: e.Fact) -> Room:
    """The room after this fact."""
    after = _apply(room, fact)
    return replace(
        after,
        people=with_clocks(after, fact.at),
        recent=_remembering(room.recent, fact),
        seq=room.seq + 1,
    )


def _apply(room: Room, fact: e.Fact) -> Room:
    match fact.event:
        case e.MeetingPlanned(seats, timings):
            people = {seat.id: _person(seat) for seat in seats}
            order = default_arrival_order(people)
            return replace(room, people=MappingProxyType(people), arrival_order=order, timings=timings)
        case e.PersonAdded(seat):
            room = _put(room, _person(seat))
            order = placed_in_order(room.people, room.arrival_order, room.people[seat.id])
            return replace(room, arrival_order=order)

        case e.ServerRestarted():
            people = {p.id: replace(_offline(p, fact.at), media=False) for p in room.people.values()}
            return replace(room, people=MappingProxyType(people), recovering_since=fact.at)
        case e.RecoveryEnded():
            return replace(room, recovering_since=None)
        case e.Connected(person, device):
            return _put(room, _online(room.people[person], device))
        case e.Disconnected(person):
            return _put(room, _offline(room.people[person], fact.at))
        case e.MediaChanged(person, up):
            return _put(room, replace(room.people[person], media=up))

        case e.PersonArrived(person):
            return _out(room, person, Door.ARRIVING)
        case e.DoorAnswered(person, willing):
            return _put(room, _answered(room.people[person], willing, fact.at))
        case e.PersonCalled(person):
            return _put(room, replace(room.people[person], called_at=fact.at, not_yet=False))
        case e.CallDeclined(person):
            by_own_hand = fact.actor == person
            return _put(room, replace(room.people[person], called_at=None, not_yet=by_own_hand))
        case e.PersonAdmitted(person):
            return _put(room, _admitted(room.people[person]))
        case e.PersonRefused(person):
            return _out(room, person, Door.REFUSED)
        case e.PersonRemoved(person):
            return _out(room, person, Door.REMOVED)
        case e.ReturnAllowed(person):
            door = Door.ARRIVING if room.people[person].connected else Door.AWAY
            return _put(room, replace(room.people[person], door=door, willing=Willing.UNASKED))
        case e.PersonLeft(person, departure):
            return _out(room, person, Door.AWAY if departure is Departure.LINE_LOST else Door.LEFT, departure)
        case e.ConsentWithdrawn(person):
            return _out(room, person, Door.WITHDRAWN)
        case e.ArrivalOrderSet(order):
            return replace(room, arrival_order=order)

        case e.PhaseChanged(phase):
            return _in_phase(room, phase)
        case e.PersonMoved(person, to_holding_of):
            place = CIRCLE if to_holding_of is None else holding_of(to_holding_of)
            return _put(room, replace(room.people[person], place=place))
        case e.ReadyChanged(person, ready):
            return _put(room, replace(room.people[person], ready=ready))

        case (
            e.ModeChanged()
            | e.FloorRequested()
            | e.FloorRequestCancelled()
            | e.FloorRequestDenied()
            | e.FloorGranted()
            | e.PieceTaken()
            | e.FloorReleased()
            | e.FloorRevoked()
            | e.PersonPassedOver()
            | e.RoundCompleted() as event
        ):
            return replace(room, floor=floor_after(room.floor, event, fact.at))

        case e.MicrophoneSet(person, on):
            return _put(room, replace(room.people[person], microphone=on))
        case e.CameraSet(person, on):
            return _put(room, replace(room.people[person], camera=on))
        case e.SignalSent(person, signal):
            return _put(room, replace(room.people[person], signal=signal, signal_at=fact.at))
        case e.SignalCleared(person):
            return _put(room, replace(room.people[person], signal=None, signal_at=None))
        case e.MessageSent():
            return room
        case _:
            assert_never(fact.event)


def _person(seat: Seat) -> Person:
    return Person(seat.id, seat.role, seat.attached_to)


def _put(room: Room, person: Person) -> Room:
    return replace(room, people=MappingProxyType({**room.people, person.id: person}))


def _online(person: Person, device: DeviceId) -> Person:
    """On the line again.  Another device starts with everything off, and its media is not the old one's."""
    if device == person.device:
        return replace(person, connected=True, lost_at=None)
    return replace(person, connected=True, lost_at=None, device=device, media=False, microphone=False, camera=False)


def _offline(person: Person, at: datetime) -> Person:
    """The line dropped.  Whoever has a place keeps it; whoever is only arriving has nothing to keep."""
    if not person.connected:
        return person
    door = Door.AWAY if person.door is Door.ARRIVING else person.door
    return replace(person, connected=False, door=door, lost_at=None if person.place is None else at)


def _answered(person: Person, willing: Willing, at: datetime) -> Person:
    return replace(
        person,
        door=Door.WAITING,
        place=holding_of(person.id),
        willing=willing,
        waiting_since=person.waiting_since or at,
        called_at=person.called_at if willing is Willing.YES else None,
    )


def _admitted(person: Person) -> Person:
    return replace(
        person,
        door=Door.ADMITTED,
        place=CIRCLE,
        was_admitted=True,
        waiting_since=None,
        called_at=None,
        not_yet=False,
        departure=None,
    )


def _out(room: Room, person: PersonId, door: Door, departure: Departure | None = None) -> Room:
    """No longer in any place, for whatever reason; what they showed by a signal stays."""
    gone = replace(
        room.people[person],
        door=door,
        departure=departure,
        willing=Willing.UNASKED,
        place=None,
        lost_at=None,
        waiting_since=None,
        called_at=None,
        not_yet=False,
        ready=False,
        microphone=False,
        camera=False,
    )
    return replace(_put(room, gone), floor=without_person(room.floor, person))


def _in_phase(room: Room, phase: Phase) -> Room:
    """Every change of phase asks anew who is ready."""
    people = {p.id: replace(p, ready=False) if p.ready else p for p in room.people.values()}
    resume_to = room.phase if phase in HALTED else None
    return replace(room, phase=phase, resume_to=resume_to, people=MappingProxyType(people))


def _remembering(
    recent: Mapping[PersonId, tuple[CommandId, ...]], fact: e.Fact
) -> Mapping[PersonId, tuple[CommandId, ...]]:
    """One command can cause several facts, which follow one another."""
    if fact.actor is None or fact.command is None:
        return recent
    known = recent.get(fact.actor, ())
    if known and known[-1] == fact.command:
        return recent
    return MappingProxyType({**recent, fact.actor: (*known, fact.command)[-REMEMBERED_COMMANDS:]})
