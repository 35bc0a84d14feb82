"""What facilitators see, and what happens next for everybody."""

from __future__ import annotations

from server.room import commands as c
from server.room import permitted
from server.room.state import Mode, Signal, Willing
from server.room.view import Line, Next
from tests.room.builders import (
    FAY,
    FINN,
    OLAF,
    SAM,
    VERA,
    a_meeting,
    in_circle,
)


def test_what_happens_next_for_a_participant() -> None:
    meeting = a_meeting().connect(FAY, VERA)
    told = [meeting.view(VERA).next]

    def then(*commands: c.Command | c.Occurrence) -> None:
        meeting.do(*commands)
        told.append(meeting.view(VERA).next)

    then(c.OpenDoors(FAY))
    then(c.AnswerDoor(VERA, Willing.YES))
    then(c.Visit(FAY, VERA))
    then(c.ReturnToCircle(FAY))
    then(c.Admit(FAY, VERA))
    then(c.EnterNow(VERA))
    then(c.SetMode(FAY, Mode.CHAIRED))
    then(c.RequestFloor(VERA))
    then(c.GrantFloor(FAY, VERA))
    then(c.SetMode(FAY, Mode.OPEN))
    then(c.SetMode(FAY, Mode.CIRCLE))
    then(c.GrantFloor(FAY, VERA))
    then(c.Pause(VERA))
    then(c.SetReady(VERA, ready=True))
    then(c.Visit(FAY, VERA))
    then(c.ReturnToCircle(FAY), c.Resume(FAY))
    then(c.Begin(FAY), c.BeginClosing(FAY))
    then(c.SeeOff(FAY, VERA))
    assert told == [
        Next.WAIT_FOR_DOORS,
        Next.CHECK_IN,
        Next.WAIT_FOR_FACILITATOR,
        Next.TALK_IN_PRIVATE,
        Next.WAIT_FOR_FACILITATOR,
        Next.WILL_BE_BROUGHT_IN,
        Next.LISTEN,
        Next.ASK_TO_SPEAK,
        Next.WAIT_FOR_TURN,
        Next.YOUR_TURN,
        Next.TALK_FREELY,
        Next.WAIT_FOR_TURN,
        Next.PIECE_BEFORE_YOU,
        Next.SAY_READY,
        Next.WAIT_TO_RESUME,
        Next.TALK_IN_PRIVATE,
        Next.WAIT_FOR_TURN,
        Next.GOODBYES,
        Next.GONE,
    ]


def test_what_happens_next_for_a_facilitator() -> None:
    meeting = a_meeting().connect(FAY)
    told = [meeting.view(FAY).next]

    def then(*commands: c.Command | c.Occurrence) -> None:
        meeting.do(*commands)
        told.append(meeting.view(FAY).next)

    then(c.OpenDoors(FAY))
    meeting.arrive(VERA)
    then(c.Admit(FAY, VERA))
    then(c.EnterNow(VERA), c.Begin(FAY))
    then(c.Pause(VERA))
    then(c.Visit(FAY, VERA))
    then(c.ReturnToCircle(FAY), c.SetReady(VERA, ready=True), c.Resume(FAY), c.BeginClosing(FAY))
    then(c.SeeOff(FAY, VERA))
    then(c.EndMeeting(FAY))
    assert told == [
        Next.OPEN_THE_DOORS,
        Next.BRING_IN,
        Next.BEGIN,
        Next.LEAD,
        Next.RESUME,
        Next.TALK_IN_PRIVATE,
        Next.SEE_OFF,
        Next.END,
        Next.GONE,
    ]
    assert in_circle(OLAF).arrive(VERA).view(FAY).next is Next.BRING_IN


def test_the_console_shows_everyone_wherever_they_are() -> None:
    meeting = in_circle(OLAF, facilitators=(FAY, FINN)).arrive(VERA).connect(SAM).do(c.Visit(FINN, VERA))
    meeting.do(c.SendSignal(OLAF, Signal.CANNOT_HEAR)).disconnect(OLAF)
    console = meeting.view(FAY).console
    assert console is not None
    rows = {row.id: row for row in console.people}
    assert list(rows) == list(meeting.room.people)
    assert {p: r.place for p, r in rows.items() if r.place} == {
        FAY: "circle",
        FINN: "visiting",
        VERA: "own",
        OLAF: "circle",
    }
    assert rows[FINN].visiting == VERA
    assert (rows[OLAF].line, rows[OLAF].signal, rows[OLAF].connected) == (Line.LOST, Signal.CANNOT_HEAR, False)
    assert rows[VERA].next_in
    assert [rows[p].arrival for p in (OLAF, VERA, FAY)] == [1, 2, None]


def test_the_console_shows_whose_turn_is_kept_and_how_long_each_has_spoken() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CHAIRED).do(c.GrantFloor(FAY, VERA), c.RequestFloor(OLAF)).unmute(VERA)
    meeting.wait(30).disconnect(VERA)
    console = meeting.view(FAY).console
    assert console is not None
    assert console.turn is not None
    lost_at = int(meeting.now.timestamp() * 1000)
    assert console.turn.kept_until == lost_at + 45_000
    assert [q.person for q in console.queue] == [OLAF]
    assert next(row.share.spoken for row in console.people if row.id == VERA) == 31_000


def test_the_console_says_for_whom_a_resume_waits() -> None:
    meeting = in_circle(VERA, OLAF, SAM).do(c.Pause(SAM), c.SetReady(OLAF, ready=True))
    console = meeting.view(FAY).console
    assert console is not None
    assert console.not_ready == (VERA,)


def test_buttons_are_what_the_room_would_accept() -> None:
    meeting = in_circle(OLAF, facilitators=(FAY, FINN), mode=Mode.CHAIRED).arrive(VERA).do(c.RequestFloor(OLAF))
    view = meeting.view(FAY)
    assert view.console is not None
    shown = {(name, None) for name in view.may} | {(name, row.id) for row in view.console.people for name in row.may}
    assert shown == permitted(meeting.room, FAY)
    assert {("admit", VERA), ("grant_floor", OLAF), ("deny_request", OLAF), ("visit", VERA)} <= shown


def test_a_participants_buttons_in_the_circle_are_what_the_room_would_accept() -> None:
    meeting = in_circle(VERA, OLAF, mode=Mode.CIRCLE).do(c.GrantFloor(FAY, VERA), c.SendSignal(VERA, Signal.NOT_SAFE))
    for reader in (VERA, OLAF):
        assert set(meeting.view(reader).may) == {name for name, _ in permitted(meeting.room, reader)}
    assert {"take_piece", "pass_piece", "come_back_to_me", "clear_signal"} <= set(meeting.view(VERA).may)


def test_a_facilitator_on_a_visit_still_sees_the_mode_of_the_circle() -> None:
    meeting = in_circle(OLAF, facilitators=(FAY, FINN), mode=Mode.CHAIRED).arrive(VERA).do(c.Visit(FINN, VERA))
    assert meeting.view(FINN).mode is Mode.CHAIRED
    assert meeting.view(VERA).mode is None
