"""Everything that can happen to a room, one frozen dataclass each.  The wire name is the snake_case of the class.

`Command`s are given by a person; their actor comes from the session, never from the message.  `Occurrence`s are told by
the host: a line dropped, time passed.  Both go through the same `step`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from server.room.ids import DeviceId, PersonId
from server.room.state import Mode, Role, Signal, Timings, Willing

# ---- the door -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnswerDoor:
    """ "Do you still want to take part today?" (R3)."""

    actor: PersonId
    willing: Willing


@dataclass(frozen=True, slots=True)
class EnterNow:
    """Come into the circle without waiting for the end of the notice."""

    actor: PersonId


@dataclass(frozen=True, slots=True)
class NotYet:
    """Answer a call into the circle with "not yet"."""

    actor: PersonId


@dataclass(frozen=True, slots=True)
class Leave:
    """Go, at once and from anywhere (R12).  `quick` is the quick exit (R20)."""

    actor: PersonId
    quick: bool = False


@dataclass(frozen=True, slots=True)
class WithdrawConsent:
    """No longer take part (R4)."""

    actor: PersonId


@dataclass(frozen=True, slots=True)
class Admit:
    """Call a waiting person into the circle (R9); they are moved after the notice."""

    actor: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not let a waiting person in today."""

    actor: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a person out of the meeting."""

    actor: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class AllowReturn:
    """Let a refused or removed person come to the door again."""

    actor: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class SetArrivalOrder:
    """In which order people are brought in (R9): a permutation of everyone but the facilitators."""

    actor: PersonId
    order: tuple[PersonId, ...]


# ---- the meeting ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenDoors:
    actor: PersonId


@dataclass(frozen=True, slots=True)
class Begin:
    actor: PersonId


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop for everyone (R10).  Anybody may, at any time."""

    actor: PersonId


@dataclass(frozen=True, slots=True)
class SetReady:
    """Ready, or not yet ready, to go on after a pause or a freeze (R10)."""

    actor: PersonId
    ready: bool


@dataclass(frozen=True, slots=True)
class Resume:
    actor: PersonId


@dataclass(frozen=True, slots=True)
class BeginClosing:
    actor: PersonId


@dataclass(frozen=True, slots=True)
class SeeOff:
    """Let one person go, in the closing (R9)."""

    actor: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class EndMeeting:
    actor: PersonId


# ---- places ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """Go to a person's holding place and talk there in private."""

    actor: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class ReturnToCircle:
    actor: PersonId


# ---- the floor (RFC 8855) -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetMode:
    actor: PersonId
    mode: Mode


@dataclass(frozen=True, slots=True)
class RequestFloor:
    actor: PersonId


@dataclass(frozen=True, slots=True)
class CancelRequest:
    actor: PersonId


@dataclass(frozen=True, slots=True)
class GrantFloor:
    """Chaired: give the floor, requested or not.  Circle: lay the piece before a person.  Takes it from its holder."""

    actor: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class DenyRequest:
    actor: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class ReleaseFloor:
    """Chaired: I have finished."""

    actor: PersonId


@dataclass(frozen=True, slots=True)
class RevokeFloor:
    actor: PersonId


@dataclass(frozen=True, slots=True)
class TakePiece:
    """Circle: take up the piece that lies before me; the same hand opens the microphone."""

    actor: PersonId


@dataclass(frozen=True, slots=True)
class PassPiece:
    """Circle: pass it on, with or without having spoken."""

    actor: PersonId


@dataclass(frozen=True, slots=True)
class ComeBackToMe:
    """Circle: pass it on for now, and ask me again at the end of the round (R25)."""

    actor: PersonId


# ---- a person's own devices, signals and words ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetMicrophone:
    actor: PersonId
    on: bool


@dataclass(frozen=True, slots=True)
class SetCamera:
    actor: PersonId
    on: bool


@dataclass(frozen=True, slots=True)
class SendSignal:
    """Show the facilitators a sign without words (R11)."""

    actor: PersonId
    signal: Signal


@dataclass(frozen=True, slots=True)
class ClearSignal:
    """Take back one's own sign, or, as a facilitator, answer somebody's."""

    actor: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Write to the facilitators, or as a facilitator to one person (R15).

    The text travels beside the command and never enters the room: `to` is None for "the facilitators".
    """

    actor: PersonId
    to: PersonId | None = None


Command = (
    AnswerDoor
    | EnterNow
    | NotYet
    | Leave
    | WithdrawConsent
    | Admit
    | Refuse
    | Remove
    | AllowReturn
    | SetArrivalOrder
    | OpenDoors
    | Begin
    | Pause
    | SetReady
    | Resume
    | BeginClosing
    | SeeOff
    | EndMeeting
    | Visit
    | ReturnToCircle
    | SetMode
    | RequestFloor
    | CancelRequest
    | GrantFloor
    | DenyRequest
    | ReleaseFloor
    | RevokeFloor
    | TakePiece
    | PassPiece
    | ComeBackToMe
    | SetMicrophone
    | SetCamera
    | SendSignal
    | ClearSignal
    | SendMessage
)

# ---- what the host tells --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seat:
    """One person of a plan.  Labels are not here: the journal knows no names (R34)."""

    id: PersonId
    role: Role
    attached_to: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The first occurrence of every room: who belongs to it, in seat order."""

    seats: tuple[Seat, ...]
    timings: Timings = field(default_factory=Timings)


@dataclass(frozen=True, slots=True)
class AddPerson:
    """Somebody was invited after the meeting was planned."""

    seat: Seat


@dataclass(frozen=True, slots=True)
class Connect:
    person: PersonId
    device: DeviceId


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The line of this device dropped.  Of an older device it says nothing."""

    person: PersonId
    device: DeviceId


@dataclass(frozen=True, slots=True)
class SetMedia:
    """The media connection of a person came up or went down."""

    person: PersonId
    up: bool


@dataclass(frozen=True, slots=True)
class Restart:
    """The server came up again and found this room in the journal."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed: carry out what is due."""


Occurrence = Plan | AddPerson | Connect | Disconnect | SetMedia | Restart | Tick
