"""Refusals: right in form, not allowed now.  The room is as it was.

Each has a stable `code` (the snake_case of its class) and a `detail` of ids and enum values, never a text about a
person.  A refusal is read by the one who gave the command, so its detail may hold nothing that this person may not
know: what concerns others is told to facilitators only (R8).
"""

from __future__ import annotations

from typing import ClassVar

from server.room.ids import PersonId
from server.room.names import wire_name
from server.room.state import Door, Mode, Phase, Role

Detail = str | tuple[str, ...]


class Refused(Exception):
    """A command that the room does not carry out."""

    code: ClassVar[str] = "refused"

    def __init_subclass__(cls) -> None:
        cls.code = wire_name(cls)

    def __init__(self, **detail: Detail) -> None:
        super().__init__(self.code, detail)
        self.detail: dict[str, Detail] = detail


# ---- who may do what (rules.py) -------------------------------------------------------------------------------------


class UnknownPerson(Refused):
    """Nobody of this id belongs to the meeting."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class NotYourRole(Refused):
    """This is not for your role to do."""

    def __init__(self, role: Role) -> None:
        super().__init__(role=role)


class WrongDoor(Refused):
    """Not as far through the door as you are (or no longer there)."""

    def __init__(self, door: Door) -> None:
        super().__init__(door=door)


class WrongPhase(Refused):
    """Not in this phase of the meeting."""

    def __init__(self, phase: Phase) -> None:
        super().__init__(phase=phase)


class NotConnected(Refused):
    """Your line is down; only leaving and withdrawing can be done without one."""


# ---- the plan -------------------------------------------------------------------------------------------------------


class AlreadyPlanned(Refused):
    """The meeting has its people; one more comes with `AddPerson`."""


class PersonExists(Refused):
    """Two seats for one person."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class WrongAttachment(Refused):
    """Attached to nobody, or to somebody whom this role cannot be attached to."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


# ---- the door -------------------------------------------------------------------------------------------------------


class NotWaiting(Refused):
    """Has not answered the question at the door, or is past it."""

    def __init__(self, person: PersonId, door: Door) -> None:
        super().__init__(person=person, door=door)


class NotWilling(Refused):
    """Has not said yes today (R3)."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class LineDown(Refused):
    """The other person's line is down."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class OutOfOrder(Refused):
    """Somebody else comes in first (R9); the order can be changed."""

    def __init__(self, first: PersonId) -> None:
        super().__init__(first=first)


class AlreadyCalled(Refused):
    """Has been called in and will be moved when the notice is over."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class NotCalled(Refused):
    """Nobody has called you in."""


class CannotEnterNow(Refused):
    """The circle cannot take you in at this moment.  Why is not said: it would tell of others (R8)."""


class NotHere(Refused):
    """The person is not in the meeting now."""

    def __init__(self, person: PersonId, door: Door) -> None:
        super().__init__(person=person, door=door)


class NotBarred(Refused):
    """Was neither refused nor removed, so nothing keeps them from coming back."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class OrderIncomplete(Refused):
    """The order does not name everyone but the facilitators exactly once."""


# ---- the meeting and its places -------------------------------------------------------------------------------------


class NotReady(Refused):
    """Some party has not said "ready" yet (R10)."""

    def __init__(self, waiting_for: tuple[PersonId, ...]) -> None:
        super().__init__(waiting_for=waiting_for)


class NotInCircle(Refused):
    """Only from the circle, or only for somebody in it."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class NoMedia(Refused):
    """Without sound and picture a facilitator guards nobody (R6)."""


class NoHoldingPlace(Refused):
    """The person is not in their own holding place."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class AlreadyThere(Refused):
    """You are in that place."""


# ---- the floor ------------------------------------------------------------------------------------------------------


class WrongMode(Refused):
    """Not in this way of speaking."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(mode=mode)


class NeverHolds(Refused):
    """The floor is not for this role: facilitators and interpreters need none, observers never speak."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class HoldsFloor(Refused):
    """Has the floor already, or has the piece before them."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class FloorNotHeld(Refused):
    """Not the holder; or, for a facilitator, nobody holds it."""


class AlreadyTaken(Refused):
    """You hold the piece."""


class AlreadyQueued(Refused):
    """Your request waits already."""


class NotQueued(Refused):
    """There is no request of this person."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class NobodyElseLeft(Refused):
    """Everyone else has had the piece in this round: it would come straight back."""


# ---- signals and messages -------------------------------------------------------------------------------------------


class NoSignal(Refused):
    """This person shows no signal."""

    def __init__(self, person: PersonId) -> None:
        super().__init__(person=person)


class NotYours(Refused):
    """Another person's signal is for the facilitators to answer."""


class NoFacilitatorHere(Refused):
    """No facilitator is connected to read it."""


class NoSuchRecipient(Refused):
    """Participants write to the facilitators, facilitators to one participant who is here (R15)."""
