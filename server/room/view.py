"""What one person may know, as plain values: the only way in which the room's state reaches a browser.

A view holds no rules and no room sequence number; a waiting person's view is the same bytes whatever the others do
(R8). Times are milliseconds since the epoch.  The browser's types are generated from these classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from server.room.ids import PersonId
from server.room.state import Departure, Door, Mode, Phase, Role, Signal, Willing


class Line(StrEnum):
    """How good a person's connection is."""

    GOOD = "good"
    POOR = "poor"
    LOST = "lost"


class Next(StrEnum):
    """What happens next, for the line that is always on the screen."""

    CHECK_IN = "check_in"
    """Answer the question at the door."""
    WAIT_FOR_DOORS = "wait_for_doors"
    WAIT_FOR_FACILITATOR = "wait_for_facilitator"
    """In the holding place: the facilitator comes, or brings you in."""
    WILL_BE_BROUGHT_IN = "will_be_brought_in"
    """Called: moved when the notice is over."""
    LISTEN = "listen"
    ASK_TO_SPEAK = "ask_to_speak"
    WAIT_FOR_TURN = "wait_for_turn"
    YOUR_TURN = "your_turn"
    """You have the floor: speak when you like."""
    PIECE_BEFORE_YOU = "piece_before_you"
    TALK_FREELY = "talk_freely"
    TALK_IN_PRIVATE = "talk_in_private"
    """A facilitator is with you."""
    SAY_READY = "say_ready"
    WAIT_TO_RESUME = "wait_to_resume"
    GOODBYES = "goodbyes"
    GONE = "gone"
    """Left, removed, refused, withdrawn or ended: nothing more happens unless you come back."""
    # for facilitators
    OPEN_THE_DOORS = "open_the_doors"
    BRING_IN = "bring_in"
    BEGIN = "begin"
    LEAD = "lead"
    RESUME = "resume"
    SEE_OFF = "see_off"
    END = "end"


class FloorStatus(StrEnum):
    """Where I stand with the floor (RFC 8855 request status, as seen by its requester)."""

    NONE = "none"
    ACCEPTED = "accepted"
    """My request waits in the queue."""
    OFFERED = "offered"
    """The piece lies before me."""
    GRANTED = "granted"


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody who shares my place, me included, in seat order."""

    id: PersonId
    label: str
    role: Role
    attached_to: PersonId | None
    me: bool
    holds: bool
    """Has the floor, or has the talking piece before them."""
    speaking: bool
    """Is permitted to speak and has the microphone on."""
    microphone: bool
    camera: bool
    away: bool
    """Their line dropped; their place is kept."""
    hears_me: bool
    sees_me: bool


@dataclass(frozen=True, slots=True)
class Me:
    id: PersonId
    label: str
    role: Role
    door: Door
    willing: Willing
    in_circle: bool
    in_holding: bool
    """In a holding place: my own, or (facilitators) one I visit."""
    called_until: int | None
    not_yet: bool
    ready: bool
    departure: Departure | None
    """How I went, if I went: to be seen off at the end is no leaving."""
    microphone: bool
    camera: bool
    may_speak: bool
    """If my microphone is on, somebody would hear me."""
    signal: Signal | None
    line: Line
    floor: FloorStatus
    queue_position: int | None
    """1 for the next one."""


@dataclass(frozen=True, slots=True)
class Share:
    """How long somebody has spoken so far (R25), in milliseconds; add the time since `since` while they speak."""

    spoken: int
    since: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One person on the facilitators' console."""

    id: PersonId
    label: str
    role: Role
    attached_to: PersonId | None
    door: Door
    willing: Willing
    connected: bool
    line: Line
    place: str | None
    """"circle", "own" (their holding place), "visiting" (a facilitator elsewhere) or None."""
    visiting: PersonId | None
    waiting_since: int | None
    lost_at: int | None
    called_until: int | None
    not_yet: bool
    ready: bool
    microphone: bool
    camera: bool
    signal: Signal | None
    signal_at: int | None
    departure: Departure | None
    arrival: int | None
    """Place in the order of arrival, from 1; None for facilitators."""
    next_in: bool
    """The next one to be brought in."""
    share: Share
    may: tuple[str, ...]
    """The commands that I could give now with this person as operand."""


@dataclass(frozen=True, slots=True)
class Queued:
    person: PersonId
    since: int


@dataclass(frozen=True, slots=True)
class HeldTurn:
    person: PersonId
    since: int
    taken: bool
    kept_until: int | None
    """The holder's line dropped; the turn is kept until then (R24)."""


@dataclass(frozen=True, slots=True)
class Console:
    """What only facilitators see."""

    people: tuple[Row, ...]
    queue: tuple[Queued, ...]
    turn: HeldTurn | None
    come_back: tuple[PersonId, ...]
    rounds: int
    not_ready: tuple[PersonId, ...]
    """Parties for whose "ready" a resume still waits."""


@dataclass(frozen=True, slots=True)
class View:
    phase: Phase
    """A person outside the circle sees only: scheduled, doors_open, paused, frozen or ended (see `view_for`)."""
    mode: Mode | None
    """None to a participant outside the circle."""
    me: Me
    here: tuple[Seated, ...]
    """Everyone in my place, me included.  Whoever can hear or see me is named here: nobody is present unseen."""
    holder: PersonId | None
    next: Next
    may: tuple[str, ...]
    """The commands without a personal operand that I could give now."""
    console: Console | None


class Pictures(StrEnum):
    """Which of the pictures that a person may see come to them."""

    ALL = "all"
    PAUSED = "paused"
    """Their line does not carry all of them, so that voices get through."""
    OFF = "off"
    """They chose to have voices only."""


@dataclass(frozen=True, slots=True)
class Spell:
    """How somebody's line was from a moment on.  For facilitators only, and told beside their views: see `spells`."""

    since: int
    line: Line | None
    """None: they had no sound and picture connection that could be judged, and were not to have one."""
    pictures: Pictures
    """`ALL` where nothing came at all."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a view needs beside the room: labels live in rows that can be erased, lines are not worth a journal."""

    labels: Mapping[PersonId, str]
    lines: Mapping[PersonId, Line]
