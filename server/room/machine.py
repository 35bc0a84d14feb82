"""The one door to the room: everything that can happen goes through `step`.

    step  =  check the rules table, decide what happens, settle what follows from it, evolve
    replay  =  evolve alone

A refusal raises before anything has happened, and the room is an immutable value: it cannot be left half
changed.  Time and ids come in as arguments; the next deadline goes out (`deadlines`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import reduce
from typing import assert_never

from server.room import commands as c
from server.room import deadlines, door, expression, floor, lines, phases, places, planning
from server.room.events import Event, Fact
from server.room.evolve import evolve
from server.room.ids import CommandId, PersonId
from server.room.rules import check
from server.room.settle import CONSEQUENCES
from server.room.state import Room

_EMPTY = Room()


def step(
    room: Room, command: c.Command | c.Occurrence, now: datetime, command_id: CommandId | None = None
) -> tuple[Room, tuple[Fact, ...]]:
    """The room after `command` and the facts that led there, or a `Refused` and the room as it was.

    A command id that was carried out before yields the same room and no facts: the resend is answered, not repeated.
    """
    if isinstance(command, c.Command) and command_id in room.recent.get(command.actor, ()):
        return room, ()
    facts: list[Fact] = []
    after = room
    for fact, so_far in _course(room, command, now, command_id):
        facts.append(fact)
        after = so_far
    return after, tuple(facts)


def decide(room: Room, command: c.Command | c.Occurrence, now: datetime) -> Iterator[Event]:
    """What happens: the events of the command, then what follows from them.  Refuses before the first event."""
    return (fact.event for fact, _ in _course(room, command, now, None))


def replay(facts: Iterable[Fact], room: Room = _EMPTY) -> Room:
    """The room that these facts made."""
    return reduce(evolve, facts, room)


def first_event(room: Room, command: c.Command) -> Event | None:
    """The first thing that a command which the rules table allows would do, None if nothing; refuses as `step` would.

    Enough to know whether it is permitted, at a fraction of the price.  No command asks for the time, only ticks do.
    """
    return next(_by_command(room, command), None)


def _course(
    room: Room, command: c.Command | c.Occurrence, now: datetime, command_id: CommandId | None
) -> Iterator[tuple[Fact, Room]]:
    """Each fact with the room after it."""
    before = room
    if isinstance(command, c.Command):
        check(room, command)
        actor: PersonId | None = command.actor
        decided = _by_command(room, command)
    else:
        actor = None
        decided = _by_occurrence(room, command, now)
    for event in decided:
        fact = Fact(event, now, actor, command_id)
        room = evolve(room, fact)
        yield fact, room
    if room is before:
        return
    for consequence in CONSEQUENCES:
        for event in consequence(before, room):
            fact = Fact(event, now, actor, command_id)
            room = evolve(room, fact)
            yield fact, room


def _by_command(room: Room, command: c.Command) -> Iterator[Event]:
    match command:
        case (
            c.AnswerDoor()
            | c.EnterNow()
            | c.NotYet()
            | c.Leave()
            | c.WithdrawConsent()
            | c.Admit()
            | c.Refuse()
            | c.Remove()
            | c.AllowReturn()
            | c.SetArrivalOrder()
            | c.SeeOff()
        ):
            return door.decide(room, command)
        case c.OpenDoors() | c.Begin() | c.Pause() | c.SetReady() | c.Resume() | c.BeginClosing() | c.EndMeeting():
            return phases.decide(room, command)
        case c.Visit() | c.ReturnToCircle():
            return places.decide(room, command)
        case (
            c.SetMode()
            | c.RequestFloor()
            | c.CancelRequest()
            | c.GrantFloor()
            | c.DenyRequest()
            | c.ReleaseFloor()
            | c.RevokeFloor()
            | c.TakePiece()
            | c.PassPiece()
            | c.ComeBackToMe()
        ):
            return floor.decide(room, command)
        case c.SetMicrophone() | c.SetCamera() | c.SendSignal() | c.ClearSignal() | c.SendMessage():
            return expression.decide(room, command)
        case _:
            assert_never(command)


def _by_occurrence(room: Room, occurrence: c.Occurrence, now: datetime) -> Iterator[Event]:
    match occurrence:
        case c.Plan() | c.AddPerson():
            return planning.decide(room, occurrence)
        case c.Connect() | c.Disconnect() | c.SetMedia() | c.Restart():
            return lines.decide(room, occurrence)
        case c.Tick():
            return deadlines.due(room, now)
        case _:
            assert_never(occurrence)
