"""What must be true of every room that can come about, in the words of the requirements.

Nothing here asks the room's own predicates (who guards, who may speak, what a view may be made of): they are what is on
trial.  Each law takes a room and raises `AssertionError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from server.room import audience, codec, view_for
from server.room.audience import Layer
from server.room.ids import DeviceId, PersonId
from server.room.state import (
    Departure,
    Door,
    Floor,
    FloorRequest,
    Mode,
    Person,
    Phase,
    Role,
    Room,
    Signal,
    Turn,
    Willing,
)
from server.room.view import Surroundings

LIVE = {Phase.DOORS_OPEN, Phase.UNDER_WAY, Phase.CLOSING}
CIRCLE = "circle"
WITH_THE_PIECE = {Role.VICTIM, Role.OFFENDER, Role.SUPPORTER}

StateLaw = Callable[[Room], None]


# ---- the words ------------------------------------------------------------------------------------------------------


def leads(person: Person) -> bool:
    return person.role is Role.FACILITATOR


def holding(person: PersonId) -> str:
    return f"holding:{person}"


def watched(room: Room, place: str | None) -> bool:
    """A facilitator is there in fact."""
    return any(leads(p) and p.connected and p.media and p.place == place for p in room.people.values())


def has_the_word(room: Room, person: Person) -> bool:
    """May be heard in the circle, as the facilitators' guide would put it."""
    if person.role is Role.OBSERVER or person.place != CIRCLE or room.phase not in LIVE:
        return False
    if person.role is Role.FACILITATOR:
        return True
    turn = room.floor.turn
    somebody_holds = turn is not None and turn.taken
    if person.role is Role.INTERPRETER:
        theirs = room.people[person.attached_to] if person.attached_to else None
        return somebody_holds or room.floor.mode is Mode.OPEN or (theirs is not None and has_the_word(room, theirs))
    if room.floor.mode is Mode.OPEN:
        return True
    return turn is not None and turn.taken and turn.holder == person.id


# ---- who meets whom -------------------------------------------------------------------------------------------------


def never_alone(room: Room) -> None:
    for listener, speaker in _meeting_pairs(room):
        assert listener.connected
        assert speaker.connected
        assert listener.place is not None
        assert listener.place == speaker.place
        if not leads(listener) and not leads(speaker):
            assert watched(room, listener.place)


def nobody_unadmitted_meets_the_circle(room: Room) -> None:
    for one, other in _meeting_pairs(room):
        if one.place == CIRCLE:
            assert one.door is Door.ADMITTED
            assert other.door is Door.ADMITTED
        else:
            in_private = [p for p in (one, other) if not leads(p)]
            assert all(p.place == holding(p.id) for p in in_private)


def only_who_has_the_word_is_heard_in_the_circle(room: Room) -> None:
    for flows in audience(room).values():
        for speaker, flow in flows.items():
            person = room.people[speaker]
            assert not flow.sound or person.microphone
            assert flow.picture is Layer.NONE or person.camera
            if person.place == CIRCLE and not leads(person):
                assert not flow.sound or has_the_word(room, person)
            assert not (flow.sound and person.role is Role.OBSERVER)


def who_has_the_word_and_speaks_is_heard_by_all(room: Room) -> None:
    flows = audience(room)
    if not watched(room, CIRCLE):
        return
    here = [p for p in room.people.values() if p.place == CIRCLE and p.connected]
    for speaker in here:
        if has_the_word(room, speaker) and speaker.microphone:
            assert all(flows[p.id][speaker.id].sound for p in here if p is not speaker)


def a_halt_silences_the_circle(room: Room) -> None:
    if room.phase in LIVE:
        return
    for one, other in _meeting_pairs(room):
        assert leads(one) or leads(other)
        assert one.place != CIRCLE or (leads(one) and leads(other))


def who_is_not_in_receives_and_sends_nothing(room: Room) -> None:
    heard = audience(room)
    for person in room.people.values():
        if person.door in (Door.WAITING, Door.ADMITTED):
            continue
        assert person.place is None
        assert not person.microphone
        assert not person.camera
        assert person.id not in heard
        assert not any(person.id in flows for flows in heard.values())


def _meeting_pairs(room: Room) -> Iterator[tuple[Person, Person]]:
    for listener, flows in audience(room).items():
        for speaker, flow in flows.items():
            if flow.sound or flow.picture:
                yield room.people[listener], room.people[speaker]


# ---- who is where ---------------------------------------------------------------------------------------------------


def a_live_circle_is_watched_or_empty(room: Room) -> None:
    if room.phase in LIVE and room.recovering_since is None:
        meets = any(p.place == CIRCLE and not leads(p) for p in room.people.values())
        assert watched(room, CIRCLE) or not meets


def everyone_stands_where_their_door_says(room: Room) -> None:
    for person in room.people.values():
        match person.door:
            case Door.WAITING:
                assert not leads(person)
                assert person.place == holding(person.id)
                assert person.willing is not Willing.UNASKED
            case Door.ADMITTED if leads(person):
                visited = [p for p in room.people.values() if holding(p.id) == person.place == p.place]
                assert person.place == CIRCLE or visited
            case Door.ADMITTED:
                assert person.place == (CIRCLE if room.phase in LIVE else holding(person.id))
            case _:
                assert person.place is None


def a_recovery_lasts_while_a_live_circle_is_unwatched(room: Room) -> None:
    if room.recovering_since is not None:
        assert room.phase in LIVE
        assert not watched(room, CIRCLE)


def an_ended_meeting_is_empty(room: Room) -> None:
    assert room.phase is not Phase.ENDED or all(p.place is None for p in room.people.values())


def only_a_halt_remembers_what_it_interrupted(room: Room) -> None:
    assert (room.resume_to is not None) == (room.phase in (Phase.PAUSED, Phase.FROZEN))


# ---- the floor ------------------------------------------------------------------------------------------------------


def the_holder_is_in_the_live_circle(room: Room) -> None:
    turn = room.floor.turn
    if turn is not None:
        holder = room.people[turn.holder]
        assert holder.place == CIRCLE
        assert holder.door is Door.ADMITTED
        assert holder.role in WITH_THE_PIECE
        assert room.phase in LIVE
        assert room.floor.mode in (Mode.CHAIRED, Mode.CIRCLE)
        assert turn.taken or room.floor.mode is Mode.CIRCLE


def the_queue_and_the_round_are_of_people_who_are_in(room: Room) -> None:
    floor = room.floor
    asked = [request.by for request in floor.queue]
    assert len(set(asked)) == len(asked)
    assert len(set(floor.come_back)) == len(floor.come_back)
    assert not set(floor.come_back) & floor.passed
    assert floor.turn is None or floor.turn.holder not in {*asked, *floor.come_back, *floor.passed}
    for person in {*asked, *floor.come_back, *floor.passed}:
        assert room.people[person].door is Door.ADMITTED
        assert room.people[person].role in WITH_THE_PIECE
    assert not asked or floor.mode in (Mode.QUIET, Mode.CHAIRED)
    assert not (floor.come_back or floor.passed) or floor.mode is Mode.CIRCLE


def the_clock_runs_for_whom_the_circle_hears(room: Room) -> None:
    for person in room.people.values():
        heard = person.microphone and person.connected and has_the_word(room, person) and watched(room, person.place)
        assert (person.speaking_since is not None) == heard


# ---- views ----------------------------------------------------------------------------------------------------------

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
        recent=(),
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
    changed = replace(person, spoken=person.spoken + timedelta(hours=1), departure=Departure.LINE_LOST)
    if person.id == reader.id:
        return changed
    return replace(changed, signal=None if person.signal else Signal.NOT_SAFE, ready=not person.ready)


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


STATE_LAWS: tuple[StateLaw, ...] = (
    never_alone,
    nobody_unadmitted_meets_the_circle,
    only_who_has_the_word_is_heard_in_the_circle,
    who_has_the_word_and_speaks_is_heard_by_all,
    a_halt_silences_the_circle,
    who_is_not_in_receives_and_sends_nothing,
    a_live_circle_is_watched_or_empty,
    everyone_stands_where_their_door_says,
    a_recovery_lasts_while_a_live_circle_is_unwatched,
    an_ended_meeting_is_empty,
    only_a_halt_remembers_what_it_interrupted,
    the_holder_is_in_the_live_circle,
    the_queue_and_the_round_are_of_people_who_are_in,
    the_clock_runs_for_whom_the_circle_hears,
    no_view_holds_what_its_reader_may_not_know,
    whoever_hears_or_sees_me_is_named_to_me,
)
