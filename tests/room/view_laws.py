"""What no view may hold, in the words of the requirements.

The strong law: change everything that a person may not know, and their view stays the same.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from server.room import audience, codec, view_for
from server.room.ids import DeviceId, PersonId
from server.room.state import Departure, Door, Floor, FloorRequest, Mode, Person, Phase, Room, Signal, Turn
from server.room.view import Surroundings
from tests.room.state_laws import StateLaw
from tests.room.words import CIRCLE, leads, watched

_AT = datetime(2001, 1, 1, tzinfo=UTC)


def no_view_holds_what_its_reader_may_not_know(room: Room) -> None:
    around = Surroundings({p: f"label of {p}" for p in room.people}, {})
    for reader in room.people.values():
        if not reader.connected or (leads(reader) and reader.door is Door.ADMITTED):
            continue
        view = view_for(room, reader.id, around)
        assert view.console is None
        seen = json.dumps(codec.plain(view))
        company = {p.id for p in room.people.values() if _may_know_of(room, reader, p)}
        for stranger in room.people.keys() - company:
            assert f'"{stranger}"' not in seen
            assert around.labels[stranger] not in seen
        assert view_for(scrambled(room, reader, company), reader.id, around) == view


def whoever_hears_or_sees_me_is_named_to_me(room: Room) -> None:
    around = Surroundings({}, {})
    heard = audience(room)
    for speaker in {speaker for flows in heard.values() for speaker in flows}:
        seated = {s.id: s for s in view_for(room, speaker, around).here}
        reached = {listener: flows[speaker] for listener, flows in heard.items() if speaker in flows}
        assert {p for p, s in seated.items() if s.hears_me} == {p for p, flow in reached.items() if flow.sound}
        assert {p for p, s in seated.items() if s.sees_me} == {p for p, flow in reached.items() if flow.picture}


def _may_know_of(room: Room, reader: Person, other: Person) -> bool:
    if other.id == reader.id:
        return True
    together = reader.place is not None and other.place == reader.place
    return together and (leads(other) or (reader.place == CIRCLE and watched(room, CIRCLE)))


def scrambled(room: Room, reader: Person, company: set[PersonId]) -> Room:
    """The same room to this reader: everything that they may not know is different."""
    together = reader.place == CIRCLE and watched(room, CIRCLE)
    people = {
        p.id: _with_unseen_changed(p, reader) if p.id in company else _somebody_else(p) for p in room.people.values()
    }
    floor = room.floor if together else _other_floor(room, reader)
    phase = room.phase
    if reader.place != CIRCLE and room.phase not in (Phase.SCHEDULED, Phase.ENDED):
        halted_in = reader.door is Door.ADMITTED and room.phase in (Phase.PAUSED, Phase.FROZEN)
        phase = room.phase if halted_in else Phase.CLOSING if room.phase is not Phase.CLOSING else Phase.UNDER_WAY
    return replace(
        room,
        phase=phase,
        people=people,
        floor=floor,
        arrival_order=tuple(reversed(room.arrival_order)),
        recovering_since=None if room.recovering_since else _AT,
        recent={},
        seq=room.seq + 7,
    )


def _somebody_else(person: Person) -> Person:
    return Person(
        person.id,
        person.role,
        person.attached_to,
        connected=not person.connected,
        device=DeviceId("another"),
        media=False,
        door=Door.REMOVED,
        signal=Signal.NOT_SAFE if person.signal is None else None,
        spoken=person.spoken + timedelta(hours=1),
        not_yet=not person.not_yet,
        was_admitted=not person.was_admitted,
    )


def _with_unseen_changed(person: Person, reader: Person) -> Person:
    """Of those who are with me, what I still may not know; of myself, what is for the facilitators only."""
    changed = replace(person, spoken=person.spoken + timedelta(hours=1))
    if person.id == reader.id:
        return changed
    signal = None if person.signal else Signal.NOT_SAFE
    return replace(changed, signal=signal, ready=not person.ready, departure=Departure.LINE_LOST)


def _other_floor(room: Room, reader: Person) -> Floor:
    """Everybody else asks, and somebody else holds; only what is mine stays, as the mode does where I stand in it."""
    others = [p for p in room.people if p != reader.id]
    mine = tuple(request for request in room.floor.queue if request.by == reader.id)
    turn = room.floor.turn
    held_by_me = turn is not None and turn.holder == reader.id
    return Floor(
        mode=room.floor.mode if reader.place == CIRCLE else Mode.OPEN,
        queue=(FloorRequest(others[0], _AT), *mine),
        turn=turn if held_by_me else Turn(others[-1], _AT, taken=True),
        passed=(room.floor.passed & {reader.id}) | {others[0]},
        come_back=(others[-1],),
        rounds=room.floor.rounds + 1,
    )


VIEW_LAWS: tuple[StateLaw, ...] = (
    no_view_holds_what_its_reader_may_not_know,
    whoever_hears_or_sees_me_is_named_to_me,
)
