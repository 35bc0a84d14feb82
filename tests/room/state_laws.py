"""What must be true of every room that can come about, in the words of the requirements.

Each law takes a room and raises `AssertionError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from server.room import audience
from server.room.audience import Layer
from server.room.state import Door, Mode, Person, Phase, Role, Room, Willing
from tests.room.words import CIRCLE, LIVE, WITH_THE_PIECE, has_the_word, holding, leads, watched

StateLaw = Callable[[Room], None]

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
)
