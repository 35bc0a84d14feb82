"""What happened, one frozen dataclass each: facts and ids, never a name or a word that was said (R34).

A `Fact` is an event with its time, its actor and the command that caused it; facts are what the journal keeps and what
`evolve` replays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.room.commands import Seat
from server.room.ids import CommandId, DeviceId, PersonId
from server.room.state import Departure, Mode, Phase, Signal, Timings, Willing


@dataclass(frozen=True, slots=True)
class MeetingPlanned:
    seats: tuple[Seat, ...]
    timings: Timings


@dataclass(frozen=True, slots=True)
class PersonAdded:
    seat: Seat


@dataclass(frozen=True, slots=True)
class ServerRestarted:
    """Every line is gone, and nobody went."""


@dataclass(frozen=True, slots=True)
class Connected:
    person: PersonId
    device: DeviceId


@dataclass(frozen=True, slots=True)
class Disconnected:
    person: PersonId


@dataclass(frozen=True, slots=True)
class MediaChanged:
    person: PersonId
    up: bool


@dataclass(frozen=True, slots=True)
class RecoveryEnded:
    """A facilitator is back after a restart, or the time for it is over."""


@dataclass(frozen=True, slots=True)
class PersonArrived:
    """Stands before the door (again): will be asked the question."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class DoorAnswered:
    person: PersonId
    willing: Willing


@dataclass(frozen=True, slots=True)
class PersonCalled:
    person: PersonId


@dataclass(frozen=True, slots=True)
class CallDeclined:
    """ "Not yet"."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class PersonAdmitted:
    person: PersonId


@dataclass(frozen=True, slots=True)
class PersonRefused:
    person: PersonId


@dataclass(frozen=True, slots=True)
class PersonRemoved:
    person: PersonId


@dataclass(frozen=True, slots=True)
class ReturnAllowed:
    person: PersonId


@dataclass(frozen=True, slots=True)
class PersonLeft:
    person: PersonId
    departure: Departure


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    person: PersonId


@dataclass(frozen=True, slots=True)
class ArrivalOrderSet:
    order: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    phase: Phase


@dataclass(frozen=True, slots=True)
class PersonMoved:
    """To the circle (`to_holding_of` is None) or to a person's holding place."""

    person: PersonId
    to_holding_of: PersonId | None


@dataclass(frozen=True, slots=True)
class ReadyChanged:
    person: PersonId
    ready: bool


@dataclass(frozen=True, slots=True)
class ModeChanged:
    mode: Mode


@dataclass(frozen=True, slots=True)
class FloorRequested:
    person: PersonId


@dataclass(frozen=True, slots=True)
class FloorRequestCancelled:
    person: PersonId


@dataclass(frozen=True, slots=True)
class FloorRequestDenied:
    person: PersonId


@dataclass(frozen=True, slots=True)
class FloorGranted:
    """Chaired: the person has the floor.  Circle: the piece lies before them."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class PieceTaken:
    person: PersonId


@dataclass(frozen=True, slots=True)
class FloorReleased:
    """By the holder's own hand: finished, or passed on."""

    person: PersonId
    come_back: bool = False


@dataclass(frozen=True, slots=True)
class FloorRevoked:
    """By a facilitator, or because the holder is no longer here."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class PersonPassedOver:
    """Circle: their line was down when their turn came or while they had it; they are asked again at the round's
    end.
    """

    person: PersonId


@dataclass(frozen=True, slots=True)
class RoundCompleted:
    pass


@dataclass(frozen=True, slots=True)
class MicrophoneSet:
    person: PersonId
    on: bool


@dataclass(frozen=True, slots=True)
class CameraSet:
    person: PersonId
    on: bool


@dataclass(frozen=True, slots=True)
class SignalSent:
    person: PersonId
    signal: Signal


@dataclass(frozen=True, slots=True)
class SignalCleared:
    person: PersonId


@dataclass(frozen=True, slots=True)
class MessageSent:
    """That somebody wrote, never what (R15, R34).  `to` None: to the facilitators."""

    person: PersonId
    to: PersonId | None


Event = (
    MeetingPlanned
    | PersonAdded
    | ServerRestarted
    | Connected
    | Disconnected
    | MediaChanged
    | RecoveryEnded
    | PersonArrived
    | DoorAnswered
    | PersonCalled
    | CallDeclined
    | PersonAdmitted
    | PersonRefused
    | PersonRemoved
    | ReturnAllowed
    | PersonLeft
    | ConsentWithdrawn
    | ArrivalOrderSet
    | PhaseChanged
    | PersonMoved
    | ReadyChanged
    | ModeChanged
    | FloorRequested
    | FloorRequestCancelled
    | FloorRequestDenied
    | FloorGranted
    | PieceTaken
    | FloorReleased
    | FloorRevoked
    | PersonPassedOver
    | RoundCompleted
    | MicrophoneSet
    | CameraSet
    | SignalSent
    | SignalCleared
    | MessageSent
)


@dataclass(frozen=True, slots=True)
class Fact:
    """An event, when it happened, who caused it (None: nobody's hand) and by which command."""

    event: Event
    at: datetime
    actor: PersonId | None = None
    command: CommandId | None = None
