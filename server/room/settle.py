"""What follows from what happened: the rules that hold after every step, whatever caused it.

A topic decides what a command does; it does not ask who is left alone by it.  That is asked here, once, after all of
them, so that no way of losing a guard can be forgotten.  In this order, each rule seeing what the ones before it did:

1. a visit ends when its owner is no longer in the holding place;
2. the recovery after a restart ends when a guard is back in the circle, or there is nothing left to recover;
3. a live circle with a participant in it and no guard freezes (R6), except while recovering;
4. a turn ends when its holder is no longer in the live circle;
5. a participant's microphone closes when they were moved, when their turn is over and when they lost the word; a
   facilitator's, when a visit ended by itself.

The rules are idempotent: what they have settled, they leave alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from server.room import events as e
from server.room.floor import may_speak
from server.room.ids import CIRCLE
from server.room.phases import halt
from server.room.places import LIVE, guarded, in_own_holding, owner_of
from server.room.state import Person, Phase, Role, Room

Consequence = Callable[[Room, Room], Iterator[e.Event]]
"""(the room before the step, the room so far) -> what follows."""


def end_visits(_: Room, room: Room) -> Iterator[e.Event]:
    for person in room.people.values():
        if person.role is not Role.FACILITATOR or person.place is None or person.place == CIRCLE:
            continue
        owner = owner_of(person.place)
        if owner is None or not in_own_holding(room.people[owner]):
            yield e.PersonMoved(person.id, None)
            if person.microphone:
                yield e.MicrophoneSet(person.id, False)


def end_recovery(_: Room, room: Room) -> Iterator[e.Event]:
    if room.recovering_since is not None and (room.phase not in LIVE or guarded(room, CIRCLE)):
        yield e.RecoveryEnded()


def freeze(_: Room, room: Room) -> Iterator[e.Event]:
    if room.phase not in LIVE or room.recovering_since is not None or guarded(room, CIRCLE):
        return
    if any(p.place == CIRCLE and p.role is not Role.FACILITATOR for p in room.people.values()):
        yield from halt(room, Phase.FROZEN)


def end_turn(_: Room, room: Room) -> Iterator[e.Event]:
    turn = room.floor.turn
    if turn is not None and (room.phase not in LIVE or room.people[turn.holder].place != CIRCLE):
        yield e.FloorRevoked(turn.holder)


def close_microphones(before: Room, room: Room) -> Iterator[e.Event]:
    for person in room.people.values():
        if not person.microphone or person.role is Role.FACILITATOR:
            continue
        was = before.people[person.id]
        if (
            was.place != person.place
            or _turn_is_over(before, room, person)
            or _lost_the_word(before, was, room, person)
        ):
            yield e.MicrophoneSet(person.id, False)


def _turn_is_over(before: Room, room: Room, person: Person) -> bool:
    turn, now = before.floor.turn, room.floor.turn
    return turn is not None and turn.holder == person.id and (now is None or now.holder != person.id)


def _lost_the_word(before: Room, was: Person, room: Room, person: Person) -> bool:
    """Where nobody had or lost the word a microphone may wait for it, but not from one mode to another."""
    mode_changed = before.floor.mode is not room.floor.mode
    return not may_speak(room, person) and (mode_changed or may_speak(before, was))


CONSEQUENCES: tuple[Consequence, ...] = (end_visits, end_recovery, freeze, end_turn, close_microphones)
