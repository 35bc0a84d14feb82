"""A person's own devices, wordless signals and written words.

The microphone and the camera are opened by a person's own hand and by nothing else; the room only ever closes them.  A
participant may open the microphone before they may speak: then it stands open when the turn comes.

A signal (R11) is seen by the facilitators alone, stays until it is taken back or answered, and survives its sender's
going: "not safe" followed by a quick exit must not vanish.

Messages go between one participant and the facilitators (R15).  All the facilitators read what one of them writes, as
they read what they are written.  The words never enter the room: here is only decided who receives them.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.room import commands as c
from server.room import events as e
from server.room.errors import NoFacilitatorHere, NoSignal, NoSuchRecipient, NotYours
from server.room.ids import PersonId
from server.room.places import known
from server.room.state import Door, Person, Role, Room

ExpressionCommand = c.SetMicrophone | c.SetCamera | c.SendSignal | c.ClearSignal | c.SendMessage

_CAN_READ = frozenset({Door.ARRIVING, Door.WAITING, Door.ADMITTED})


def recipients(room: Room, actor: PersonId, to: PersonId | None) -> frozenset[PersonId]:
    """Who is told a message, its sender included (to whom it comes back as their own).

    `to` is None from a participant to the facilitators, and a participant's id from a facilitator.  Raises `Refused` as
    `step` would for the same `SendMessage`.
    """
    sender = known(room, actor)
    facilitators = frozenset(p.id for p in room.people.values() if p.role is Role.FACILITATOR and _reads(p))
    if sender.role is not Role.FACILITATOR:
        if to is not None:
            raise NoSuchRecipient
        if not facilitators:
            raise NoFacilitatorHere
        return facilitators | {actor}
    reader = room.people.get(to) if to is not None else None
    if reader is None or reader.role is Role.FACILITATOR or not _reads(reader):
        raise NoSuchRecipient
    return facilitators | {actor, reader.id}


def decide(room: Room, command: ExpressionCommand) -> Iterator[e.Event]:
    actor = room.people[command.actor]
    match command:
        case c.SetMicrophone(on=on):
            if actor.microphone is not on:
                yield e.MicrophoneSet(actor.id, on)
        case c.SetCamera(on=on):
            if actor.camera is not on:
                yield e.CameraSet(actor.id, on)
        case c.SendSignal(signal=signal):
            yield e.SignalSent(actor.id, signal)
        case c.ClearSignal(person=person):
            if actor.role is not Role.FACILITATOR and person != actor.id:
                raise NotYours
            if known(room, person).signal is None:
                raise NoSignal(person)
            yield e.SignalCleared(person)
        case c.SendMessage(to=to):
            recipients(room, actor.id, to)
            yield e.MessageSent(actor.id, to)


def _reads(person: Person) -> bool:
    return person.connected and person.door in _CAN_READ
