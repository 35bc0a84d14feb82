"""The privilege matrix: every command x role x phase x operand, asserted completely.

A cell is allowed if the room accepts the command in at least one of many situations, and refused if it does in none.
What is expected stands here in its own words; it is not read from the room's rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from itertools import product
from typing import Any, get_args

import pytest

from server.room import Refused, Room, step
from server.room import commands as c
from server.room.ids import PersonId
from server.room.state import Mode, Phase, Role, Signal, Willing
from tests.room.builders import START, Meeting, a_meeting

# roles: Facilitator Victim Offender Supporter Interpreter oBserver
# phases: Scheduled Doors-open Under-way Paused Frozen Closing Ended
# operand: "-" none, "own" oneself, or the roles of the other person on whom it can be done
EXPECTED = """
    answer_door        VOSIB    D U P F C    -
    enter_now          VOSIB    D U     C    -
    not_yet            VOSIB    D U P F C    -
    leave              FVOSIB S D U P F C    -
    withdraw_consent   VOSIB  S D U P F C    -
    admit              F        D U     C    VOSIB
    refuse             F      S D U P F C    VOSIB
    remove             F      S D U P F C    VOSIB
    allow_return       F      S D U P F C    VOSIB
    set_arrival_order  F      S D U P F C    -
    open_doors         F      S              -
    begin              F        D            -
    pause              FVOSIB   D U     C    -
    set_ready          VOSIB        P F      -
    resume             F            P F      -
    begin_closing      F          U          -
    see_off            F                C    VOSIB
    end_meeting        F        D U P F C    -
    visit              F        D U P F C    VOSIB
    return_to_circle   F        D U P F C    -
    set_mode           F      S D U P F C    -
    request_floor      VOS      D U     C    -
    cancel_request     VOS      D U P F C    -
    grant_floor        F        D U     C    VOS
    deny_request       F        D U P F C    VOS
    release_floor      VOS      D U     C    -
    revoke_floor       F        D U     C    -
    take_piece         VOS      D U     C    -
    pass_piece         VOS      D U     C    -
    come_back_to_me    VOS      D U     C    -
    set_microphone     F      S D U P F C    -
    set_microphone     VOSI     D U P F C    -
    set_camera         F      S D U P F C    -
    set_camera         VOSIB    D U P F C    -
    send_signal        VOSIB  S D U P F C    -
    clear_signal       F      S D U P F C    VOSIB
    clear_signal       VOSIB  S D U P F C    own
    send_message       F      S D U P F C    VOSIB
    send_message       VOSIB  S D U P F C    -
"""

Cell = tuple[str, Role, Phase, str]
"""command, role of the actor, phase, and "-", "own" or the role of the other person."""

ROLES = dict(zip("FVOSIB", Role, strict=True))
PHASES = {
    "S": Phase.SCHEDULED,
    "D": Phase.DOORS_OPEN,
    "U": Phase.UNDER_WAY,
    "P": Phase.PAUSED,
    "F": Phase.FROZEN,
    "C": Phase.CLOSING,
    "E": Phase.ENDED,
}


@cache
def expected() -> frozenset[Cell]:
    cells: set[Cell] = set()
    for line in EXPECTED.strip().splitlines():
        name, roles, *phases, operand = line.split()
        operands = [operand] if operand in ("-", "own") else [str(ROLES[letter]) for letter in operand]
        for role, phase, on in product(roles, phases, operands):
            cells.add((name, ROLES[role], PHASES[phase], on))
    return frozenset(cells)


def wire_name(kind: type[Any]) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__)[1:]


COMMANDS: dict[str, type[Any]] = {wire_name(kind): kind for kind in get_args(c.Command)}

# ---- two people of each role: the first of them in the circle, the second somewhere before it -----------------------

F1, F2, V1, V2, O1, O2, S1, S2, I1, I2, B1, B2 = (PersonId(f"{role}{n}") for role in "FVOSIB" for n in (1, 2))
SEATS = (
    *(c.Seat(person, Role.FACILITATOR) for person in (F1, F2)),
    *(c.Seat(person, Role.VICTIM) for person in (V1, V2)),
    *(c.Seat(person, Role.OFFENDER) for person in (O1, O2)),
    *(c.Seat(person, Role.SUPPORTER, V1) for person in (S1, S2)),
    *(c.Seat(person, Role.INTERPRETER, O1) for person in (I1, I2)),
    *(c.Seat(person, Role.OBSERVER) for person in (B1, B2)),
)
INSIDE = (V1, O1, S1, I1, B1)
OUTSIDE = (V2, O2, S2, I2, B2)
HOLDERS = (V1, O1, S1)


def scheduled() -> Iterator[Meeting]:
    meeting = a_meeting(SEATS).connect(F1, F2, *INSIDE, *OUTSIDE)
    yield meeting.copy()
    yield meeting.copy().do(*(c.SendSignal(person, Signal.NOT_SAFE) for person in INSIDE + OUTSIDE))
    yield meeting.copy().do(*(c.Remove(F1, person) for person in INSIDE))


def live(phase: Phase) -> Iterator[Meeting]:
    base = a_meeting(SEATS).connect(F1, F2).do(c.OpenDoors(F1)).bring_in(*INSIDE, by=F1)
    if phase is not Phase.DOORS_OPEN:
        base.do(c.Begin(F1))
    if phase is Phase.CLOSING:
        base.do(c.BeginClosing(F1))
    base.connect(*OUTSIDE).do(*(c.SendSignal(person, Signal.NOT_SAFE) for person in INSIDE + OUTSIDE))
    yield base.copy()
    yield base.copy().do(*(c.Refuse(F1, person) for person in OUTSIDE))
    waiting = base.copy().arrive(*OUTSIDE)
    yield waiting.copy()
    for person in OUTSIDE:
        first = (person, *(p for p in waiting.room.arrival_order if p != person))
        called = waiting.copy().do(c.SetArrivalOrder(F1, first))
        yield called.copy()
        yield called.copy().do(c.Admit(F1, person))
    yield waiting.copy().do(c.Visit(F2, V2))
    chaired = waiting.do(c.SetMode(F1, Mode.CHAIRED), *(c.RequestFloor(person) for person in HOLDERS))
    yield chaired.copy()
    for person in HOLDERS:
        yield chaired.copy().do(c.GrantFloor(F1, person))
        yield chaired.copy().do(c.SetMode(F1, Mode.CIRCLE), c.GrantFloor(F1, person))


def halted(phase: Phase) -> Iterator[Meeting]:
    for meeting in live(Phase.UNDER_WAY):
        meeting.do(*([c.Pause(V1)] if phase is Phase.PAUSED else [c.SetMedia(F, up=False) for F in (F1, F2)]))
        assert meeting.room.phase is phase
        yield meeting.do(*(c.SetMedia(F, up=True) for F in (F1, F2))).copy()
        if meeting.person(F2).place == meeting.person(F1).place:
            meeting.do(*(c.Visit(F2, person) for person in INSIDE))
        meeting.do(*(c.SetReady(person, ready=True) for person in INSIDE))
        yield meeting


def ended() -> Iterator[Meeting]:
    for meeting in live(Phase.UNDER_WAY):
        yield meeting.do(c.EndMeeting(F1)).connect(F1, F2, *INSIDE, *OUTSIDE)


def situations(phase: Phase) -> Iterator[Meeting]:
    match phase:
        case Phase.SCHEDULED:
            return scheduled()
        case Phase.DOORS_OPEN | Phase.UNDER_WAY | Phase.CLOSING:
            return live(phase)
        case Phase.PAUSED | Phase.FROZEN:
            return halted(phase)
        case Phase.ENDED:
            return ended()


# ---- every command that each of them could send ---------------------------------------------------------------------

VALUES: dict[str, tuple[object, ...]] = {
    "willing": (Willing.YES,),
    "mode": tuple(Mode),
    "signal": (Signal.NOT_SAFE,),
    "on": (True, False),
    "ready": (True, False),
    "quick": (True, False),
    "person": tuple(seat.id for seat in SEATS),
    "to": (None, *(seat.id for seat in SEATS)),
}


def every_command(room: Room, actor: PersonId) -> Iterator[tuple[str, str, c.Command]]:
    """Its name, its operand as a cell has it, and itself."""
    values = {**VALUES, "order": (room.arrival_order,)}
    for name, kind in COMMANDS.items():
        names = [field.name for field in fields(kind) if field.name != "actor"]
        for given in product(*(values[field] for field in names)):
            by_field = dict(zip(names, given, strict=True))
            on = by_field.get("person", by_field.get("to"))
            operand = "-" if on is None else "own" if on == actor else str(room.people[PersonId(str(on))].role)
            yield name, operand, kind(actor, **by_field)


def allowed(phase: Phase) -> set[Cell]:
    cells: set[Cell] = set()
    for meeting in situations(phase):
        assert meeting.room.phase is phase
        for actor in meeting.room.people.values():
            for name, operand, command in every_command(meeting.room, actor.id):
                cell = (name, actor.role, phase, operand)
                if cell in cells:
                    continue
                try:
                    step(meeting.room, command, meeting.now)
                except Refused:
                    continue
                cells.add(cell)
    return cells


@pytest.mark.parametrize("phase", Phase)
def test_each_role_may_do_in_each_phase_exactly_what_the_table_says(phase: Phase) -> None:
    should = {cell for cell in expected() if cell[2] is phase}
    may = allowed(phase)
    assert may - should == set(), "allowed, and the table does not say so"
    assert should - may == set(), "in the table, and never allowed"


def test_every_command_has_a_row() -> None:
    assert {cell[0] for cell in expected()} == set(COMMANDS)


def test_a_meeting_that_is_over_allows_nothing() -> None:
    assert not any(cell[2] is Phase.ENDED for cell in expected())


def test_the_situations_show_everyone_in_every_place() -> None:
    rooms = [meeting.room for meeting in live(Phase.UNDER_WAY)]
    assert len(rooms) > 15
    assert all(room.people[person].connected for room in rooms for person in INSIDE + OUTSIDE)
    assert max(person.signal_at for person in rooms[0].people.values() if person.signal_at is not None) > START
