"""Who may do what, when, and how far through the door: the policy of the room on one page.

The table has three readers: `check`, which every command passes before anything else is asked; `permitted`, which
enables the buttons; and the table in PROTOCOL.md.  What depends on an operand or on the floor (is this person waiting?
does the actor hold it?) stands with its topic, because no table says it shortly.

The checks go from what a person knows of themselves to what they may not know of others: role, door, line,
phase.  Somebody outside the circle is never told the true phase by a refusal, because the commands that a phase would
refuse them are refused for their door first (R8); the phases `scheduled` and `ended` are no secret.

A facilitator is never at the door: they are in (`admitted`) while they are here, and can do nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, get_args

from server.room import commands as c
from server.room.errors import NotConnected, NotYourRole, Refused, WrongDoor, WrongPhase
from server.room.floor import HOLDERS
from server.room.names import wire_name
from server.room.places import HALTED, LIVE, known
from server.room.state import Door, Person, Phase, Role, Room

E = TypeVar("E", bound=StrEnum)

FACILITATORS = frozenset({Role.FACILITATOR})
VOICES = HOLDERS | {Role.INTERPRETER, Role.FACILITATOR}
EVERYONE = frozenset(Role)
PARTICIPANTS = EVERYONE - FACILITATORS

OPENED = frozenset(Phase) - {Phase.SCHEDULED, Phase.ENDED}
NOT_ENDED = frozenset(Phase) - {Phase.ENDED}
CLOSING = frozenset({Phase.CLOSING})

IN = frozenset({Door.ADMITTED})
HERE = IN | {Door.WAITING}
AT_THE_DOOR = HERE | {Door.ARRIVING}
ANY_DOOR = frozenset(Door)


@dataclass(frozen=True, slots=True)
class Rule:
    """What the actor must be: any of these roles, in any of these phases, this far through the door."""

    roles: frozenset[Role]
    phases: frozenset[Phase]
    doors: frozenset[Door] = IN
    offline: bool = False
    """Can be done while one's line is down: going is never prevented (R4, R12)."""


RULES: Mapping[type[c.Command], Rule] = {
    # the door
    c.AnswerDoor: Rule(PARTICIPANTS, OPENED, frozenset({Door.ARRIVING, Door.WAITING, Door.WITHDRAWN})),
    c.EnterNow: Rule(PARTICIPANTS, OPENED, frozenset({Door.WAITING})),
    c.NotYet: Rule(PARTICIPANTS, OPENED, frozenset({Door.WAITING})),
    c.Leave: Rule(EVERYONE, NOT_ENDED, AT_THE_DOOR, offline=True),
    c.WithdrawConsent: Rule(PARTICIPANTS, NOT_ENDED, AT_THE_DOOR | {Door.AWAY, Door.LEFT}, offline=True),
    c.Admit: Rule(FACILITATORS, LIVE),
    c.Refuse: Rule(FACILITATORS, NOT_ENDED),
    c.Remove: Rule(FACILITATORS, NOT_ENDED),
    c.AllowReturn: Rule(FACILITATORS, NOT_ENDED),
    c.SetArrivalOrder: Rule(FACILITATORS, NOT_ENDED),
    # the meeting
    c.OpenDoors: Rule(FACILITATORS, frozenset({Phase.SCHEDULED})),
    c.Begin: Rule(FACILITATORS, frozenset({Phase.DOORS_OPEN})),
    c.Pause: Rule(EVERYONE, LIVE),
    c.SetReady: Rule(PARTICIPANTS, HALTED),
    c.Resume: Rule(FACILITATORS, HALTED),
    c.BeginClosing: Rule(FACILITATORS, frozenset({Phase.UNDER_WAY})),
    c.SeeOff: Rule(FACILITATORS, CLOSING),
    c.EndMeeting: Rule(FACILITATORS, OPENED),
    # places
    c.Visit: Rule(FACILITATORS, OPENED),
    c.ReturnToCircle: Rule(FACILITATORS, OPENED),
    # the floor
    c.SetMode: Rule(FACILITATORS, NOT_ENDED),
    c.RequestFloor: Rule(HOLDERS, LIVE),
    c.CancelRequest: Rule(HOLDERS, OPENED),
    c.GrantFloor: Rule(FACILITATORS, LIVE),
    c.DenyRequest: Rule(FACILITATORS, OPENED),
    c.ReleaseFloor: Rule(HOLDERS, LIVE),
    c.RevokeFloor: Rule(FACILITATORS, LIVE),
    c.TakePiece: Rule(HOLDERS, LIVE),
    c.PassPiece: Rule(HOLDERS, LIVE),
    c.ComeBackToMe: Rule(HOLDERS, LIVE),
    # a person's own devices, signals and words
    c.SetMicrophone: Rule(VOICES, NOT_ENDED, HERE),
    c.SetCamera: Rule(EVERYONE, NOT_ENDED, HERE),
    c.SendSignal: Rule(PARTICIPANTS, NOT_ENDED, ANY_DOOR - {Door.AWAY}),
    c.ClearSignal: Rule(EVERYONE, NOT_ENDED, ANY_DOOR - {Door.AWAY}),
    c.SendMessage: Rule(EVERYONE, NOT_ENDED, AT_THE_DOOR),
}

COMMANDS: Mapping[str, type[c.Command]] = {wire_name(kind): kind for kind in get_args(c.Command)}
"""Every command by its wire name."""


def objection(room: Room, actor: Person, kind: type[c.Command]) -> Refused | None:
    """Why the table does not let this person give such a command now; None if it does."""
    rule = RULES[kind]
    if actor.role not in rule.roles:
        return NotYourRole(actor.role)
    if actor.door not in rule.doors or (actor.role is Role.FACILITATOR and actor.door is not Door.ADMITTED):
        return WrongDoor(actor.door)
    if not actor.connected and not rule.offline:
        return NotConnected()
    if room.phase not in rule.phases:
        return WrongPhase(room.phase)
    return None


def check(room: Room, command: c.Command) -> None:
    """Refuse a command that the table does not allow its actor now."""
    refusal = objection(room, known(room, command.actor), type(command))
    if refusal is not None:
        raise refusal


def as_markdown() -> str:
    """The table for PROTOCOL.md: one row a command, in the order of `RULES`."""
    rows = ["| command | roles | phases | door | line down |", "|---|---|---|---|---|"]
    for kind, rule in RULES.items():
        cells = (
            f"`{wire_name(kind)}`",
            _named(Role, rule.roles),
            _named(Phase, rule.phases),
            _named(Door, rule.doors),
            "allowed" if rule.offline else "refused",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _named(values: type[E], chosen: frozenset[E]) -> str:
    """In the order of the enum; the shorter of what is in and what is not."""
    missing = [str(value) for value in values if value not in chosen]
    if not missing:
        return "any"
    if len(missing) <= 2:
        return f"any but {', '.join(missing)}"
    return ", ".join(str(value) for value in values if value in chosen)
