"""Named deletions: what would be lost if one rule were forgotten.  The laws must notice each of them.

Every deletion takes one rule out of the room, as a careless change could.  A rule whose loss no law notices is not
protected: whoever adds a rule adds its deletion here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from server.room import commands as c
from server.room import (
    deadlines,
    door,
    expression,
    floor,
    lines,
    machine,
    may,
    phases,
    places,
    rules,
    seeing,
    settle,
    speaking,
)
from server.room import errors as x
from server.room import events as e
from server.room.ids import CommandId, PersonId
from server.room.state import Door, Floor, Mode, Person, Phase, Role, Room
from tests.room.deleting import DELETIONS, always, deletion, everywhere, nothing, without_consequence

__all__ = ["DELETIONS"]

# the package shows the functions of these names, which hide the modules
audience: ModuleType = sys.modules["server.room.audience"]
evolve: ModuleType = sys.modules["server.room.evolve"]


# ---- what follows from what happened --------------------------------------------------------------------------------

DELETIONS["losing the last guard does not freeze"] = without_consequence(settle.freeze)
DELETIONS["withdrawing does not end the turn"] = without_consequence(settle.end_turn)
DELETIONS["a visit outlives its owner's going"] = without_consequence(settle.end_visits)
DELETIONS["a move or the end of a turn leaves the microphone open"] = without_consequence(settle.close_microphones)
DELETIONS["the wait after a restart ends only by time"] = without_consequence(settle.end_recovery)


@deletion("a pause does not move people")
def _(patch: pytest.MonkeyPatch) -> None:
    def halt(_: Room, phase: Phase) -> Iterator[e.Event]:
        yield e.PhaseChanged(phase)

    everywhere(patch, phases.halt, halt)


@deletion("a visit that ended by itself leaves the facilitator's microphone open")
def _(patch: pytest.MonkeyPatch) -> None:
    original = settle.end_visits

    def end_visits(before: Room, room: Room) -> Iterator[e.Event]:
        return (event for event in original(before, room) if isinstance(event, e.PersonMoved))

    kept = tuple(end_visits if one is original else one for one in settle.CONSEQUENCES)
    everywhere(patch, settle.CONSEQUENCES, kept)


# ---- who meets whom -------------------------------------------------------------------------------------------------


@deletion("the audience forgets the guard")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(audience, "guards", always)


@deletion("a facilitator guards without sound and picture")
def _(patch: pytest.MonkeyPatch) -> None:
    def guards(person: Person) -> bool:
        return person.role is Role.FACILITATOR and person.connected

    everywhere(patch, places.guards, guards)


@deletion("a facilitator guards whose line is down")
def _(patch: pytest.MonkeyPatch) -> None:
    def guards(person: Person) -> bool:
        return person.role is Role.FACILITATOR and person.media

    everywhere(patch, places.guards, guards)


@deletion("the piece gives the word before it is taken up")
def _(patch: pytest.MonkeyPatch) -> None:
    original = floor.may_speak

    def may_speak(room: Room, person: Person) -> bool:
        turn = room.floor.turn
        taken = None if turn is None else replace(turn, taken=True)
        return original(replace(room, floor=replace(room.floor, turn=taken)), person)

    everywhere(patch, original, may_speak)


@deletion("everyone in the circle has the word")
def _(patch: pytest.MonkeyPatch) -> None:
    everywhere(patch, floor.may_speak, always)


@deletion("an interpreter never has the word")
def _(patch: pytest.MonkeyPatch) -> None:
    original = floor.may_speak

    def may_speak(room: Room, person: Person) -> bool:
        return person.role is not Role.INTERPRETER and original(room, person)

    everywhere(patch, original, may_speak)


# ---- the door -------------------------------------------------------------------------------------------------------


@deletion("the order of arrival is not kept")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(door, "first_to_come", lambda _: None)


@deletion("whoever waits is admitted, willing or not")
def _(patch: pytest.MonkeyPatch) -> None:
    original = door._check_call

    def check_call(room: Room, called: Person) -> None:
        try:
            original(room, called)
        except x.NotWilling:
            return

    patch.setattr(door, "_check_call", check_call)


@deletion("people enter a circle that nobody guards")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(door, "guarded", always)


@deletion("another device keeps the place")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lines, "_KEPT_BY_A_DEVICE", frozenset())


@deletion("an older device hangs up the newer one")
def _(patch: pytest.MonkeyPatch) -> None:
    original = lines.decide

    def decide(room: Room, occurrence: lines.LineOccurrence) -> Iterator[e.Event]:
        if isinstance(occurrence, c.Disconnect):
            return iter([e.Disconnected(occurrence.person)])
        return original(room, occurrence)

    patch.setattr(lines, "decide", decide)


@deletion("whoever goes keeps their place in the queue and the round")
def _(patch: pytest.MonkeyPatch) -> None:
    def without_person(floor: Floor, _: PersonId) -> Floor:
        return floor

    everywhere(patch, floor.without_person, without_person)


@deletion("whoever goes stays where they were")
def _(patch: pytest.MonkeyPatch) -> None:
    original, put = evolve._out, evolve._put

    def out(room: Room, person: PersonId, to: Door, *departure: Any) -> Room:
        after: Room = original(room, person, to, *departure)
        stayed: Room = put(after, replace(after.people[person], place=room.people[person].place))
        return stayed

    patch.setattr(evolve, "_out", out)


# ---- pausing, resuming, waiting -------------------------------------------------------------------------------------


@deletion("a resume does not wait for the parties")
def _(patch: pytest.MonkeyPatch) -> None:
    everywhere(patch, phases.not_ready, lambda _: ())


@deletion("only facilitators can pause")
def _(patch: pytest.MonkeyPatch) -> None:
    only = replace(rules.RULES[c.Pause], roles=frozenset({Role.FACILITATOR}))
    everywhere(patch, rules.RULES, {**rules.RULES, c.Pause: only})


@deletion("going needs a line")
def _(patch: pytest.MonkeyPatch) -> None:
    only = replace(rules.RULES[c.Leave], offline=False)
    everywhere(patch, rules.RULES, {**rules.RULES, c.Leave: only})


@deletion("a kept turn is kept for ever")
def _(patch: pytest.MonkeyPatch) -> None:
    everywhere(patch, deadlines.turn_kept_until, lambda _: None)


@deletion("a dropped line forfeits the turn")
def _(patch: pytest.MonkeyPatch) -> None:
    original = lines.decide

    def decide(room: Room, occurrence: lines.LineOccurrence) -> Iterator[e.Event]:
        yield from original(room, occurrence)
        turn = room.floor.turn
        if isinstance(occurrence, c.Disconnect) and turn is not None and turn.holder == occurrence.person:
            yield e.FloorRevoked(occurrence.person)

    patch.setattr(lines, "decide", decide)


@deletion("the piece goes to people whose line is down")
def _(patch: pytest.MonkeyPatch) -> None:
    original = floor._next_in_round

    def next_in_round(room: Room, passing: PersonId) -> Iterator[e.Event]:
        people = {p.id: replace(p, connected=True) for p in room.people.values()}
        return original(replace(room, people=people), passing)

    patch.setattr(floor, "_next_in_round", next_in_round)


@deletion("a grant opens the microphone")
def _(patch: pytest.MonkeyPatch) -> None:
    original = floor.decide

    def decide(room: Room, command: floor.FloorCommand) -> Iterator[e.Event]:
        yield from original(room, command)
        if isinstance(command, c.GrantFloor) and room.floor.mode is Mode.CHAIRED:
            yield e.MicrophoneSet(command.person, True)

    patch.setattr(floor, "decide", decide)


# ---- views ----------------------------------------------------------------------------------------------------------


@deletion("everyone sees the whole room")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seeing, "as_known_to", lambda room, _: room)


@deletion("who waits is told the phase")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seeing, "_phase_known_to", lambda room, _: room.phase)


@deletion("a circle without a guard is company")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seeing, "guarded", always)


@deletion("the floor of the circle is seen from outside it")
def _(patch: pytest.MonkeyPatch) -> None:
    def own_part(floor: Floor, *_: object) -> Floor:
        return floor

    patch.setattr(seeing, "_own_part", own_part)


@deletion("buttons follow the table alone")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(may, "_accepted", always)


# ---- the machine ----------------------------------------------------------------------------------------------------


@deletion("a resent command is carried out again")
def _(patch: pytest.MonkeyPatch) -> None:
    def remembering(recent: Mapping[PersonId, tuple[CommandId, ...]], _: object) -> object:
        return recent

    patch.setattr(evolve, "_remembering", remembering)


@deletion("the clock of a speaker never stops")
def _(patch: pytest.MonkeyPatch) -> None:
    def with_clocks(room: Room, at: datetime) -> Mapping[PersonId, Person]:
        return {
            p.id: replace(p, speaking_since=at) if speaking.audible(room, p) and p.speaking_since is None else p
            for p in room.people.values()
        }

    everywhere(patch, speaking.with_clocks, with_clocks)


@deletion("time brings nothing")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deadlines, "due", nothing)


@deletion("nobody checks the table")
def _(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(machine, "check", lambda *_: None)


@deletion("a participant's message may go to another")
def _(patch: pytest.MonkeyPatch) -> None:
    def recipients(room: Room, actor: PersonId, to: PersonId | None) -> frozenset[PersonId]:
        return frozenset({actor, *room.people} if to is None else {actor, to})

    everywhere(patch, expression.recipients, recipients)
