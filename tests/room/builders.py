"""Meetings to test with, in a few words: `in_circle(VERA, OLAF).do(c.Pause(VERA))`.

The people, in seat order: Fay and Finn facilitate, Vera was harmed and Sam supports her, Olaf is responsible and Otto
supports him, Ina interprets for Olaf, Obi observes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

import pytest

from server.room import Refused, Room, codec, step, view_for
from server.room import commands as c
from server.room.events import Event, Fact
from server.room.ids import CommandId, DeviceId, PersonId
from server.room.state import Mode, Person, Phase, Role, Timings, Willing
from server.room.view import Surroundings, View

FAY, FINN = PersonId("p-fay"), PersonId("p-finn")
VERA, SAM = PersonId("p-vera"), PersonId("p-sam")
OLAF, OTTO, INA = PersonId("p-olaf"), PersonId("p-otto"), PersonId("p-ina")
OBI = PersonId("p-obi")
NOBODY = PersonId("p-nobody")

SEATS = (
    c.Seat(FAY, Role.FACILITATOR),
    c.Seat(FINN, Role.FACILITATOR),
    c.Seat(VERA, Role.VICTIM),
    c.Seat(SAM, Role.SUPPORTER, VERA),
    c.Seat(OLAF, Role.OFFENDER),
    c.Seat(OTTO, Role.SUPPORTER, OLAF),
    c.Seat(INA, Role.INTERPRETER, OLAF),
    c.Seat(OBI, Role.OBSERVER),
)
LABELS = {seat.id: f"label of {seat.id}" for seat in SEATS}
AROUND = Surroundings(labels=LABELS, lines={})

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def device_of(person: PersonId, number: int = 1) -> DeviceId:
    return DeviceId(f"device {number} of {person}")


class Meeting:
    """A room, a clock and the journal of what happened so far."""

    def __init__(self, room: Room | None = None, now: datetime = START) -> None:
        self.room = Room() if room is None else room
        self.now = now
        self.journal: list[Fact] = []

    # -- what happens

    def do(self, *commands: c.Command | c.Occurrence, after: float = 1) -> Self:
        """Carry the commands out, each `after` seconds later than what was before."""
        for command in commands:
            self.happens(command, after=after)
        return self

    def happens(
        self, command: c.Command | c.Occurrence, *, after: float = 1, command_id: CommandId | None = None
    ) -> list[Event]:
        """Carry one command out, and say what happened."""
        self.now += timedelta(seconds=after)
        self.room, facts = step(self.room, command, self.now, command_id)
        self.journal.extend(facts)
        return [fact.event for fact in facts]

    def refuses(self, command: c.Command | c.Occurrence, refusal: type[Refused]) -> Refused:
        """The room refuses the command, in this way."""
        with pytest.raises(refusal) as caught:
            step(self.room, command, self.now)
        assert type(caught.value) is refusal
        return caught.value

    def wait(self, seconds: float) -> Self:
        """Time passes, and the host ticks."""
        return self.do(c.Tick(), after=seconds)

    # -- in a few words

    def connect(self, *people: PersonId, device: int = 1) -> Self:
        """Their line comes up, and their media."""
        for person in people:
            self.do(c.Connect(person, device_of(person, device)), c.SetMedia(person, up=True))
        return self

    def disconnect(self, *people: PersonId) -> Self:
        for person in people:
            device = self.person(person).device
            assert device is not None
            self.do(c.Disconnect(person, device))
        return self

    def arrive(self, *people: PersonId, willing: Willing = Willing.YES) -> Self:
        """Connect and answer the question at the door."""
        for person in people:
            self.connect(person).do(c.AnswerDoor(person, willing))
        return self

    def bring_in(self, *people: PersonId, by: PersonId = FAY) -> Self:
        """Connect, answer yes, be called and come at once, before everybody else who is expected."""
        order = (*people, *(p for p in self.room.arrival_order if p not in people))
        self.do(c.SetArrivalOrder(by, order))
        for person in people:
            self.arrive(person).do(c.Admit(by, person), c.EnterNow(person))
        return self

    def unmute(self, *people: PersonId) -> Self:
        return self.do(*(c.SetMicrophone(person, on=True) for person in people))

    def show(self, *people: PersonId) -> Self:
        return self.do(*(c.SetCamera(person, on=True) for person in people))

    # -- what is

    def person(self, person: PersonId) -> Person:
        return self.room.people[person]

    def view(self, reader: PersonId) -> View:
        return view_for(self.room, reader, AROUND)

    def view_bytes(self, reader: PersonId) -> bytes:
        """The view as it would travel."""
        return json.dumps(codec.plain(self.view(reader)), sort_keys=True).encode()

    def copy(self) -> Meeting:
        """The same meeting, to try something in."""
        other = Meeting(self.room, self.now)
        other.journal = list(self.journal)
        return other


def a_meeting(seats: Iterable[c.Seat] = SEATS, timings: Timings | None = None) -> Meeting:
    """Planned; nobody has connected."""
    return Meeting().do(c.Plan(tuple(seats), timings or Timings()))


def doors_open(*facilitators: PersonId, seats: Iterable[c.Seat] = SEATS) -> Meeting:
    """The facilitators (Fay, if none is named) are here and have opened the doors."""
    here = facilitators or (FAY,)
    return a_meeting(seats).connect(*here).do(c.OpenDoors(here[0]))


def in_circle(
    *people: PersonId,
    facilitators: tuple[PersonId, ...] = (FAY,),
    mode: Mode = Mode.QUIET,
    phase: Phase = Phase.UNDER_WAY,
) -> Meeting:
    """The facilitators and these people are in the circle, and the meeting is under way."""
    meeting = doors_open(*facilitators).bring_in(*people, by=facilitators[0])
    if phase is not Phase.DOORS_OPEN:
        meeting.do(c.Begin(facilitators[0]))
    if phase is Phase.CLOSING:
        meeting.do(c.BeginClosing(facilitators[0]))
    return meeting.do(c.SetMode(facilitators[0], mode))


def waiting_beside(*people: PersonId, waits: PersonId = VERA) -> Meeting:
    """One waits in their holding place while these people are in the circle."""
    return in_circle(*people).arrive(waits)


def with_person(room: Room, person: PersonId, **changes: object) -> Room:
    """A room that could not come about: for what must hold even then."""
    changed = replace(room.people[person], **changes)  # type: ignore[arg-type]
    return replace(room, people={**room.people, person: changed})
