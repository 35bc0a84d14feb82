"""The live room as one immutable value (nothing here does I/O, reads a clock or draws a random number).

A *person* is anybody with a link to the meeting.  Everyone but the facilitators goes through the *door*; everyone who
is here stands in exactly one *place*: the circle, or somebody's holding place.  Who shares a place can meet, nobody
else can.  Who may speak in the circle is the *floor* (RFC 8855).  Times are aware UTC datetimes that came in with the
facts; deadlines go out through `deadlines.next_deadline`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from server.room.ids import CommandId, DeviceId, PersonId, PlaceId


class Role(StrEnum):
    """What a person is in the meeting.  What they are *called* is a label, set by a facilitator (R17)."""

    FACILITATOR = "facilitator"
    VICTIM = "victim"
    OFFENDER = "offender"
    SUPPORTER = "supporter"
    """Attached to a victim or an offender."""
    INTERPRETER = "interpreter"
    """Attached to any person who is not an interpreter or observer."""
    OBSERVER = "observer"
    """Never speaks, and is named to everyone whom they can hear."""


class Phase(StrEnum):
    SCHEDULED = "scheduled"
    DOORS_OPEN = "doors_open"
    UNDER_WAY = "under_way"
    PAUSED = "paused"
    """Somebody asked for a pause (R10): everyone is in their own holding place."""
    FROZEN = "frozen"
    """The circle was left without a facilitator (R6): everyone is in their own holding place."""
    CLOSING = "closing"
    """People leave one by one, in the facilitator's order."""
    ENDED = "ended"


class Door(StrEnum):
    """How far a person has come through the door."""

    AWAY = "away"
    ARRIVING = "arriving"
    """Connected, at the device check or at the question."""
    WAITING = "waiting"
    """Answered the question, in their own holding place."""
    ADMITTED = "admitted"
    REFUSED = "refused"
    REMOVED = "removed"
    LEFT = "left"
    """Went by their own hand, or was seen off in the closing."""
    WITHDRAWN = "withdrawn"
    """No longer wants to take part (R4)."""


class Willing(StrEnum):
    """The answer to "Do you still want to take part today?" (R3)."""

    UNASKED = "unasked"
    YES = "yes"
    NOT_SURE = "not_sure"
    NO = "no"


class Mode(StrEnum):
    QUIET = "quiet"
    """Only facilitators speak."""
    CHAIRED = "chaired"
    """A facilitator grants the floor."""
    CIRCLE = "circle"
    """The talking piece goes round in seat order."""
    OPEN = "open"


class Signal(StrEnum):
    """A wordless sign to the facilitators, which nobody else sees (R11)."""

    NEED_A_MOMENT = "need_a_moment"
    SOMEONE_CAME_IN = "someone_came_in"
    CANNOT_HEAR = "cannot_hear"
    NOT_SAFE = "not_safe"


class Departure(StrEnum):
    """How a person went: told to the facilitators and to the person, to nobody else."""

    LEFT = "left"
    QUICK_EXIT = "quick_exit"
    SEEN_OFF = "seen_off"
    LINE_LOST = "line_lost"


@dataclass(frozen=True, slots=True)
class Person:
    id: PersonId
    role: Role
    attached_to: PersonId | None = None

    connected: bool = False
    device: DeviceId | None = None
    media: bool = False
    """Their media connection is up: they can in fact hear and be heard.

    A facilitator without it guards nobody (R6).
    """
    lost_at: datetime | None = None
    """When the line dropped of a person who still has a place."""

    door: Door = Door.AWAY
    willing: Willing = Willing.UNASKED
    was_admitted: bool = False
    """Has been in the circle before, so the order of arrival no longer holds for them."""
    waiting_since: datetime | None = None
    departure: Departure | None = None
    place: PlaceId | None = None
    called_at: datetime | None = None
    """A facilitator has asked them into the circle; they are moved `timings.notice` later unless they say "not yet"."""
    not_yet: bool = False
    """Answered the last call with "not yet"."""
    ready: bool = False
    """Ready to go on after a pause or a freeze (R10)."""

    microphone: bool = False
    """Their own hand has opened it.  A grant alone never does."""
    camera: bool = False
    signal: Signal | None = None
    signal_at: datetime | None = None

    spoken: timedelta = timedelta(0)
    """How long they have been audible in the circle, up to `speaking_since`."""
    speaking_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class FloorRequest:
    """An accepted floor request (RFC 8855 section 5.2.2.1): it waits for the chair."""

    by: PersonId
    at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """The floor, granted (RFC 8855 "Granted").

    In `Mode.CIRCLE` the piece is first laid before the person; they hold it only once `taken`.
    """

    holder: PersonId
    since: datetime
    taken: bool


@dataclass(frozen=True, slots=True)
class Floor:
    mode: Mode = Mode.QUIET
    queue: tuple[FloorRequest, ...] = ()
    turn: Turn | None = None
    passed: frozenset[PersonId] = frozenset()
    """Who has had the piece in this round (circle mode)."""
    come_back: tuple[PersonId, ...] = ()
    """Who said "come back to me": they are asked again at the end of the round."""
    rounds: int = 0
    """Completed rounds."""


@dataclass(frozen=True, slots=True)
class Timings:
    """How long the room waits.  Chosen when the meeting is planned, so that replay does not depend on settings."""

    notice: timedelta = timedelta(seconds=10)
    """Between a call into the circle and the move."""
    turn_grace: timedelta = timedelta(seconds=45)
    """A dropped line keeps its turn this long (R24)."""
    absence: timedelta = timedelta(minutes=3)
    """A dropped line keeps its place this long; afterwards the person comes through the door again (R14)."""
    recovery: timedelta = timedelta(seconds=20)
    """After a restart of the server, how long the room waits for a facilitator before it freezes (R6)."""


@dataclass(frozen=True, slots=True)
class Room:
    phase: Phase = Phase.SCHEDULED
    people: Mapping[PersonId, Person] = field(default_factory=lambda: MappingProxyType({}))
    """In seat order."""
    arrival_order: tuple[PersonId, ...] = ()
    """In which order people are brought in (R9): everyone but the facilitators."""
    resume_to: Phase | None = None
    """The phase that a pause or a freeze interrupted."""
    floor: Floor = Floor()
    recovering_since: datetime | None = None
    """The server restarted: nobody is connected yet, and that is nobody's absence."""
    timings: Timings = Timings()
    recent: Mapping[PersonId, tuple[CommandId, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Each person's last command ids carried out, so that a resend after a reconnect is answered and not repeated.

    For each of them, because others must not be able to make the room forget by giving many."""
    seq: int = 0
    """How many facts made this room.  Never shown to a participant: it would tell what others do (R8)."""
