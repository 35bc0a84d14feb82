"""What each person sees, and above all what they do not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from server.room import codec, view_for
from server.room import commands as c
from server.room.errors import UnknownPerson
from server.room.ids import PersonId
from server.room.state import Mode, Phase, Role, Signal, Willing
from server.room.view import FloorStatus, Line, Next, Surroundings
from tests.room.builders import (
    FAY,
    FINN,
    INA,
    LABELS,
    NOBODY,
    OBI,
    OLAF,
    OTTO,
    SAM,
    VERA,
    Meeting,
    doors_open,
    in_circle,
)


def here(meeting: Meeting, reader: PersonId) -> list[PersonId]:
    return [seated.id for seated in meeting.view(reader).here]


def names_nobody_but(meeting: Meeting, reader: PersonId, *others: PersonId) -> None:
    """Search the bytes for ids and labels."""
    seen = meeting.view_bytes(reader).decode()
    for person, label in LABELS.items():
        if person not in (reader, *others):
            assert person not in seen
            assert label not in seen


# ---- who waits knows nothing (R8) -----------------------------------------------------------------------------------


def all_that_the_others_do() -> list[Meeting]:
    """One meeting after another in which Vera waits and everyone else does something else."""
    start = doors_open(FAY, FINN).arrive(VERA)
    stages = [
        start,
        start.copy().connect(OLAF),
        start.copy().arrive(OLAF, SAM, OTTO),
        start.copy().arrive(OLAF).do(c.Refuse(FAY, OLAF)),
        start.copy().arrive(OLAF).disconnect(OLAF),
        start.copy().arrive(OLAF, willing=Willing.NO),
        start.copy().do(c.Begin(FAY)),
        start.copy().do(c.SetMode(FAY, Mode.CIRCLE)),
        start.copy().do(c.Leave(FINN)),
        start.copy().disconnect(FINN),
        start.copy().disconnect(FINN, FAY),
        start.copy().do(c.Restart(), after=0),
        start.copy().do(c.AddPerson(c.Seat(NOBODY, Role.SUPPORTER, VERA))),
    ]
    met = start.copy().bring_in(OLAF, OTTO, SAM).do(c.SetMode(FAY, Mode.CHAIRED))
    stages += [
        met,
        met.copy().unmute(OLAF).do(c.RequestFloor(OLAF), c.GrantFloor(FAY, OLAF)).show(OLAF),
        met.copy().do(c.Pause(OLAF)),
        met.copy().do(c.Pause(OLAF), c.SetReady(OLAF, ready=True), c.Visit(FINN, OLAF)),
        met.copy().disconnect(FAY, FINN),
        met.copy().do(c.Begin(FAY), c.BeginClosing(FAY), c.SeeOff(FAY, OLAF)),
        met.copy().do(c.SendSignal(OLAF, Signal.NOT_SAFE), c.WithdrawConsent(OLAF)),
        met.copy().do(c.SendMessage(OLAF), c.Remove(FAY, SAM)),
        met.copy().disconnect(OLAF).wait(170),
        met.copy().do(c.Visit(FAY, VERA), c.ReturnToCircle(FAY)),
    ]
    return [stage.connect(VERA) for stage in stages]


def test_a_waiting_persons_view_is_the_same_bytes_whatever_the_others_do() -> None:
    views = {stage.view_bytes(VERA) for stage in all_that_the_others_do()}
    assert len(views) == 1


def test_a_called_persons_view_is_the_same_bytes_whether_or_not_they_could_come_now() -> None:
    called = in_circle(OLAF, facilitators=(FAY, FINN)).arrive(VERA).do(c.Admit(FAY, VERA))
    stages = [called, called.copy().do(c.Pause(OLAF)), called.copy().disconnect(FAY, FINN), called.copy().arrive(SAM)]
    assert len({stage.view_bytes(VERA) for stage in stages}) == 1
    assert "enter_now" in called.view(VERA).may


@pytest.mark.parametrize(
    "before_the_door",
    [
        c.Refuse(FAY, VERA),
        c.Remove(FAY, VERA),
        c.Leave(VERA),
        c.WithdrawConsent(VERA),
        c.AnswerDoor(VERA, Willing.NOT_SURE),
    ],
    ids=repr,
)
def test_who_is_not_in_sees_nothing_of_the_meeting_either(before_the_door: c.Command) -> None:
    meeting = in_circle(OLAF, SAM).arrive(VERA).do(before_the_door)
    before = meeting.view_bytes(VERA)
    names_nobody_but(meeting, VERA)
    assert meeting.do(c.Pause(OLAF)).view_bytes(VERA) == before


def test_a_supporter_who_waits_is_not_told_of_whom_they_support() -> None:
    meeting = in_circle(VERA, OLAF).arrive(SAM)
    names_nobody_but(meeting, SAM)
    seated = meeting.bring_in(SAM).view(SAM).here
    assert [s.attached_to for s in seated if s.me] == [VERA]


def test_who_is_visited_sees_who_visits() -> None:
    meeting = in_circle(OLAF, facilitators=(FAY, FINN)).arrive(VERA).do(c.Visit(FINN, VERA))
    assert here(meeting, VERA) == [FINN, VERA]
    assert meeting.view(VERA).next is Next.TALK_IN_PRIVATE
    names_nobody_but(meeting, VERA, FINN)


# ---- in the circle --------------------------------------------------------------------------------------------------


def test_in_the_circle_everyone_is_named_in_seat_order_observers_too() -> None:
    meeting = in_circle(OBI, OLAF, VERA).arrive(SAM)
    for reader in (VERA, OLAF, OBI, FAY):
        assert here(meeting, reader) == [FAY, VERA, OLAF, OBI]
    names_nobody_but(meeting, VERA, FAY, OLAF, OBI)


def test_whoever_hears_or_sees_me_is_named_to_me() -> None:
    meeting = in_circle(VERA, OLAF, OBI, mode=Mode.OPEN).unmute(VERA).disconnect(OLAF)
    seated = {s.id: s for s in meeting.view(VERA).here}
    assert {p for p, s in seated.items() if s.hears_me} == {FAY, OBI}
    assert not any(s.sees_me for s in seated.values())
    assert seated[OLAF].away
    assert seated[VERA].speaking
    assert {s.id for s in meeting.show(VERA).view(VERA).here if s.sees_me} == {FAY, OBI}


def test_a_participants_view_holds_nothing_of_what_others_answered_signalled_asked_or_used() -> None:
    base = in_circle(VERA, OLAF, mode=Mode.CHAIRED)
    quiet = base.view_bytes(VERA)
    for change in (
        c.SendSignal(OLAF, Signal.NOT_SAFE),
        c.RequestFloor(OLAF),
        c.SendMessage(OLAF),
        c.SetArrivalOrder(FAY, tuple(reversed(base.room.arrival_order))),
    ):
        assert base.copy().do(change).view_bytes(VERA) == quiet
    assert base.view(VERA).console is None
    assert base.view(FAY).console is not None


def test_time_used_by_others_is_not_in_a_participants_view() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.OPEN)
    quiet = meeting.view_bytes(VERA)
    meeting.unmute(OLAF).wait(60).do(c.SetMicrophone(OLAF, on=False))
    assert meeting.view_bytes(VERA) == quiet


def test_each_sees_their_own_place_in_the_queue() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).do(c.RequestFloor(OLAF), c.RequestFloor(VERA))
    me = meeting.view(VERA).me
    assert (me.floor, me.queue_position) == (FloorStatus.ACCEPTED, 2)


def test_everyone_in_the_circle_sees_who_has_the_piece() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, OLAF))
    view = meeting.view(VERA)
    assert view.holder == OLAF
    assert [s.id for s in view.here if s.holds] == [OLAF]
    assert meeting.view(OLAF).me.floor is FloorStatus.OFFERED


def test_a_circle_without_a_guard_is_no_company() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, OLAF), c.Restart()).connect(VERA)
    names_nobody_but(meeting, VERA, FAY)
    alone = meeting.view_bytes(VERA)
    assert meeting.copy().connect(OLAF).view_bytes(VERA) == alone
    assert here(meeting.connect(FAY), VERA) == [FAY, VERA, OLAF]


def test_an_armed_microphone_that_nobody_would_hear_is_said_so() -> None:
    assert not doors_open().arrive(VERA).view(VERA).me.may_speak
    assert doors_open().arrive(VERA).do(c.Visit(FAY, VERA)).view(VERA).me.may_speak
    assert not in_circle(VERA, mode=Mode.QUIET).view(VERA).me.may_speak


# ---- apart from each other ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("apart", [Phase.PAUSED, Phase.FROZEN])
def test_while_everyone_is_apart_a_view_names_nobody_else_and_changes_with_nobody_else(apart: Phase) -> None:
    meeting = in_circle(VERA, OLAF, SAM, mode=Mode.CHAIRED).do(c.RequestFloor(OLAF), c.RequestFloor(VERA))
    meeting.do(c.Pause(OLAF) if apart is Phase.PAUSED else c.SetMedia(FAY, up=False))
    view = meeting.view(VERA)
    assert (view.phase, view.mode, view.holder, view.me.queue_position) == (apart, None, None, None)
    assert view.me.floor is FloorStatus.ACCEPTED
    names_nobody_but(meeting, VERA)
    before = meeting.view_bytes(VERA)
    meeting.do(c.SetReady(OLAF, ready=True), c.CancelRequest(OLAF), c.Leave(SAM)).disconnect(OLAF)
    assert meeting.view_bytes(VERA) == before


def test_a_facilitator_who_left_has_no_console() -> None:
    meeting = in_circle(VERA, facilitators=(FAY, FINN)).do(c.Leave(FINN))
    view = meeting.view(FINN)
    assert view.console is None
    assert view.here == ()
    names_nobody_but(meeting, FINN)


def test_a_pause_is_told_to_those_whom_it_stops() -> None:
    meeting = in_circle(VERA).arrive(OLAF).connect(SAM).do(c.Pause(VERA))
    assert meeting.view(VERA).phase is Phase.PAUSED
    assert meeting.view(OLAF).phase is Phase.DOORS_OPEN
    assert meeting.view(SAM).phase is Phase.DOORS_OPEN


# ---- the form -------------------------------------------------------------------------------------------------------


def test_lines_and_labels_come_from_outside() -> None:
    room = in_circle(VERA).room
    view = view_for(room, VERA, Surroundings({VERA: "June"}, {VERA: Line.POOR}))
    assert (view.me.label, view.me.line) == ("June", Line.POOR)
    assert [s.label for s in view.here] == ["", "June"]


def test_a_view_has_no_number_that_counts_what_others_do() -> None:
    meeting = in_circle(VERA, INA, OTTO)
    counted = replace(meeting.room, seq=meeting.room.seq + 100)
    assert view_for(counted, VERA, Surroundings({}, {})) == view_for(meeting.room, VERA, Surroundings({}, {}))


def test_a_view_is_plain_json() -> None:
    view = codec.plain(in_circle(VERA).view(FAY))
    assert json.loads(json.dumps(view)) == view


def test_a_stranger_has_no_view() -> None:
    with pytest.raises(UnknownPerson):
        in_circle(VERA).view(NOBODY)
