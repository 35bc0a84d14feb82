"""Who hears and sees whom: one pure function, and the only place in the program that decides it.

Between two people something flows only if both are connected and stand in the same place, and

- unless one of them is a facilitator, a guard stands there too (R6);
- in the circle, unless both are facilitators, the circle is live.

The phase alone would see to most of that; it is asked here for every pair all the same, so that a mistake elsewhere
leaves people in silence and not alone with each other.

Sound flows from whoever may speak and has the microphone on, a picture from whoever has the camera on: in high
quality the holder's (theirs already when the piece lies before them, so that it is sharp when they begin), the
facilitators' while nobody has the turn, everybody's in a holding place and in a small open circle; otherwise in low.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from server.room.floor import may_speak
from server.room.ids import CIRCLE, PersonId, PlaceId
from server.room.places import LIVE, guards
from server.room.state import Mode, Person, Role, Room

SMALL_CIRCLE = 4
"""People of whom each can be shown in high quality at once."""


class Layer(IntEnum):
    NONE = 0
    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class Flow:
    """What passes from one person to another."""

    sound: bool
    picture: Layer


Audience = Mapping[PersonId, Mapping[PersonId, Flow]]
"""listener -> speaker -> what flows.  A pair that is not in it is shut."""

SHUT = Flow(sound=False, picture=Layer.NONE)


def audience(room: Room) -> Audience:
    """Who hears and sees whom in this room."""
    places: dict[PlaceId, list[Person]] = {}
    for person in room.people.values():
        if person.connected and person.place is not None:
            places.setdefault(person.place, []).append(person)
    heard: dict[PersonId, dict[PersonId, Flow]] = {}
    for here in places.values():
        for speaker in here:
            for listener, flow in _reached(room, speaker, here):
                heard.setdefault(listener, {})[speaker.id] = flow
    return heard


def reached_by(room: Room, speaker: Person) -> Mapping[PersonId, Flow]:
    """listener -> what reaches them of this person: the same answer, for one speaker."""
    if not speaker.connected or speaker.place is None:
        return {}
    here = [p for p in room.people.values() if p.connected and p.place == speaker.place]
    return dict(_reached(room, speaker, here))


def _reached(room: Room, speaker: Person, here: Iterable[Person]) -> Iterable[tuple[PersonId, Flow]]:
    flow = Flow(sound=speaker.microphone and may_speak(room, speaker), picture=_picture(room, speaker))
    if flow == SHUT:
        return []
    guarded = any(guards(p) for p in here)
    return [
        (listener.id, flow)
        for listener in here
        if listener.id != speaker.id and _may_meet(room, speaker, listener, guarded)
    ]


def _may_meet(room: Room, one: Person, other: Person, guarded: bool) -> bool:
    """Two connected people in the same place."""
    staff = (one.role is Role.FACILITATOR) + (other.role is Role.FACILITATOR)
    if staff == 0 and not guarded:
        return False
    return one.place != CIRCLE or room.phase in LIVE or staff == 2


def _picture(room: Room, speaker: Person) -> Layer:
    if not speaker.camera:
        return Layer.NONE
    if speaker.place != CIRCLE:
        return Layer.HIGH
    turn = room.floor.turn
    if turn is not None:
        return Layer.HIGH if turn.holder == speaker.id else Layer.LOW
    return Layer.HIGH if speaker.role is Role.FACILITATOR or _small_and_open(room) else Layer.LOW


def _small_and_open(room: Room) -> bool:
    return room.floor.mode is Mode.OPEN and sum(p.place == CIRCLE for p in room.people.values()) <= SMALL_CIRCLE
