"""Facts for the journal's tests: every kind of event, and as many as are wanted."""

from __future__ import annotations

from datetime import timedelta

from server.room import commands, events
from server.room.events import Event, Fact
from server.room.ids import CommandId, DeviceId, MeetingId, PersonId
from server.room.state import Departure, Mode, Phase, Role, Signal, Timings, Willing
from tests.store.conftest import NOW

STREAM = MeetingId("meeting")
JUNE, OTIS, FAY = PersonId("june"), PersonId("otis"), PersonId("fay")

_SEAT = commands.Seat(JUNE, Role.VICTIM)

EVENTS: tuple[Event, ...] = (
    events.MeetingPlanned((commands.Seat(FAY, Role.FACILITATOR), _SEAT), Timings(notice=timedelta(seconds=3))),
    events.PersonAdded(commands.Seat(OTIS, Role.OFFENDER)),
    events.Connected(JUNE, DeviceId("device")),
    events.DoorAnswered(JUNE, Willing.NOT_SURE),
    events.PersonLeft(JUNE, Departure.QUICK_EXIT),
    events.ArrivalOrderSet((JUNE, OTIS)),
    events.PhaseChanged(Phase.UNDER_WAY),
    events.PersonMoved(JUNE, None),
    events.ModeChanged(Mode.CIRCLE),
    events.FloorReleased(JUNE, come_back=True),
    events.MicrophoneSet(JUNE, on=True),
    events.SignalSent(JUNE, Signal.NEED_A_MOMENT),
    events.MessageSent(JUNE, None),
    events.RoundCompleted(),
)


def facts(count: int, offset: int = 0) -> list[Fact]:
    """`count` facts that differ from each other, as number `offset` + 1 and following."""
    return [
        Fact(
            EVENTS[n % len(EVENTS)],
            at=NOW + timedelta(microseconds=n),
            actor=FAY if n % 2 else None,
            command=CommandId(f"command-{n}") if n % 2 else None,
        )
        for n in range(offset, offset + count)
    ]
