"""Who hears and sees whom."""

from __future__ import annotations

from dataclasses import replace

from server.room import audience
from server.room import commands as c
from server.room.audience import Layer, reached_by
from server.room.ids import CIRCLE, PersonId, holding_of
from server.room.state import Mode, Phase
from tests.room.builders import (
    FAY,
    FINN,
    INA,
    OBI,
    OLAF,
    OTTO,
    SAM,
    VERA,
    Meeting,
    doors_open,
    in_circle,
    with_person,
)


def hearers(meeting: Meeting, speaker: PersonId) -> set[PersonId]:
    return {p for p, flows in audience(meeting.room).items() if speaker in flows and flows[speaker].sound}


def layers(meeting: Meeting, viewer: PersonId) -> dict[PersonId, Layer]:
    return {speaker: flow.picture for speaker, flow in audience(meeting.room)[viewer].items()}


def test_who_may_speak_and_has_the_microphone_on_is_heard_by_everyone_else_in_the_circle() -> None:
    meeting = in_circle(VERA, OLAF, OBI, mode=Mode.OPEN).unmute(VERA)
    assert hearers(meeting, VERA) == {FAY, OLAF, OBI}
    assert hearers(meeting, OLAF) == set()


def test_an_open_microphone_without_the_word_is_not_heard() -> None:
    assert hearers(in_circle(VERA, OLAF, mode=Mode.QUIET).unmute(VERA), VERA) == set()


def test_nobody_in_a_holding_place_hears_the_circle_or_is_heard_in_it() -> None:
    meeting = in_circle(OLAF, mode=Mode.OPEN).unmute(OLAF).show(OLAF).arrive(VERA).unmute(VERA).show(VERA)
    assert hearers(meeting, OLAF) == {FAY}
    assert VERA not in audience(meeting.room)
    assert not any(VERA in flows for flows in audience(meeting.room).values())


def test_whose_line_is_down_neither_hears_nor_is_heard() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.OPEN).unmute(VERA, OLAF).disconnect(VERA)
    assert hearers(meeting, OLAF) == {FAY}
    assert hearers(meeting, VERA) == set()


def test_who_withdrew_receives_and_sends_nothing() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.OPEN).unmute(VERA, OLAF).show(VERA, OLAF).do(c.WithdrawConsent(VERA))
    assert VERA not in audience(meeting.room)
    assert not any(VERA in flows for flows in audience(meeting.room).values())


def test_two_participants_meet_only_before_a_guard_whatever_the_phase_says() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.OPEN).unmute(VERA, OLAF).show(VERA, OLAF)
    for changes in ({"connected": False}, {"media": False}, {"place": holding_of(VERA)}, {"place": None}):
        room = with_person(meeting.room, FAY, **changes)
        flows = audience(room)
        assert OLAF not in flows.get(VERA, {})
        assert VERA not in flows.get(OLAF, {})


def test_even_in_a_holding_place_two_participants_meet_only_before_a_guard() -> None:
    meeting = doors_open().arrive(VERA, OLAF).unmute(VERA, OLAF)
    room = with_person(meeting.room, OLAF, place=holding_of(VERA))
    assert audience(room) == {}
    visited = audience(with_person(room, FAY, place=holding_of(VERA)))
    assert visited[FAY].keys() == {VERA, OLAF}


def test_a_circle_that_is_not_live_is_silent_between_facilitators_and_participants() -> None:
    meeting = in_circle(VERA, OLAF, facilitators=(FAY, FINN), mode=Mode.OPEN).unmute(VERA, FAY)
    for phase in (Phase.SCHEDULED, Phase.PAUSED, Phase.FROZEN, Phase.ENDED):
        flows = audience(replace(meeting.room, phase=phase))
        assert set(flows) == {FINN}
        assert set(flows[FINN]) == {FAY}


def test_facilitators_speak_with_each_other_while_everyone_else_has_a_break() -> None:
    meeting = in_circle(VERA, facilitators=(FAY, FINN)).do(c.Pause(VERA)).unmute(FAY)
    assert hearers(meeting, FAY) == {FINN}


def test_the_holders_picture_is_the_sharp_one() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).show(FAY, VERA, OLAF)
    assert layers(meeting, VERA) == {FAY: Layer.HIGH, OLAF: Layer.LOW}
    meeting.do(c.GrantFloor(FAY, OLAF))
    assert layers(meeting, VERA) == {FAY: Layer.LOW, OLAF: Layer.HIGH}


def test_the_piece_before_somebody_makes_them_sharp_before_they_begin() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).show(FAY, OLAF).do(c.GrantFloor(FAY, OLAF))
    assert layers(meeting, VERA) == {FAY: Layer.LOW, OLAF: Layer.HIGH}


def test_in_a_small_open_circle_everyone_is_sharp() -> None:
    meeting = in_circle(VERA, SAM, OLAF, mode=Mode.OPEN).show(SAM, OLAF)
    assert layers(meeting, VERA) == {SAM: Layer.HIGH, OLAF: Layer.HIGH}
    assert layers(meeting.bring_in(OTTO), VERA) == {SAM: Layer.LOW, OLAF: Layer.LOW}


def test_who_has_neither_microphone_nor_camera_on_is_in_nobodys_audience() -> None:
    assert audience(in_circle(VERA, OLAF, INA, mode=Mode.OPEN).room) == {}


def test_one_speakers_share_of_the_audience_is_the_same_answer() -> None:
    meeting = in_circle(VERA, SAM, OLAF, mode=Mode.OPEN).unmute(VERA).show(VERA, OLAF).arrive(OTTO).show(OTTO)
    flows = audience(meeting.room)
    for speaker in meeting.room.people.values():
        assert reached_by(meeting.room, speaker) == {p: f[speaker.id] for p, f in flows.items() if speaker.id in f}


def test_nobody_is_in_their_own_audience() -> None:
    flows = audience(in_circle(VERA, mode=Mode.OPEN).unmute(VERA).show(VERA).room)
    assert flows == {FAY: flows[FAY]}
    assert all(p.place == CIRCLE for p in in_circle(VERA).room.people.values() if p.id in flows)
