"""Walks through the life of a meeting: mostly what could happen now, sometimes what could not.

A walk draws every choice from the function that it is given: from hypothesis, which can shrink what it drew, or from a
seeded random source, which is quick.  The kind of a thing is drawn before its operands, so that a command with many
operands does not crowd out the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any, TypeVar, get_args

from server.room import Refused, next_deadline, permitted, step
from server.room import commands as c
from server.room.events import Fact
from server.room.ids import CommandId, DeviceId, PersonId
from server.room.rules import COMMANDS, objection
from server.room.state import Door, Mode, Person, Role, Room, Signal, Willing
from tests.room.builders import FAY, FINN, INA, NOBODY, OBI, OLAF, SAM, START, VERA
from tests.room.happening import Happening, StepLaw
from tests.room.meeting_laws import MEETING_LAWS
from tests.room.state_laws import STATE_LAWS, StateLaw
from tests.room.step_laws import STEP_LAWS
from tests.room.view_laws import VIEW_LAWS

T = TypeVar("T")
Choose = Callable[[Sequence[Any]], Any]

SEATS = (
    c.Seat(FAY, Role.FACILITATOR),
    c.Seat(VERA, Role.VICTIM),
    c.Seat(SAM, Role.SUPPORTER, VERA),
    c.Seat(OLAF, Role.OFFENDER),
    c.Seat(INA, Role.INTERPRETER, OLAF),
    c.Seat(OBI, Role.OBSERVER),
)
SECOND_FACILITATOR = c.Seat(FINN, Role.FACILITATOR)

WEIGHTS = {
    **dict.fromkeys(("leave", "withdraw_consent", "remove", "refuse", "see_off", "begin_closing", "end_meeting"), 1),
    **dict.fromkeys(("send_signal", "clear_signal", "visit", "pause", "set_camera"), 2),
    **dict.fromkeys(("request_floor", "cancel_request", "deny_request", "not_yet"), 12),
    **dict.fromkeys(("answer_door", "enter_now", "open_doors", "set_ready", "set_microphone"), 12),
    **dict.fromkeys(("admit", "grant_floor", "take_piece", "pass_piece", "come_back_to_me", "resume"), 24),
}
"""How often a command is drawn among those that are legal: what ends a good deal at once is drawn seldom."""
USUAL_WEIGHT = 5

_SOURCES = (
    *("legal",) * 30,
    *("plausible",) * 16,
    *("line",) * 6,
    *("time",) * 4,
    *("anything",) * 2,
    *("stop",) * 2,
    "restart",
)
_LINE = (*("drop",) * 4, *("media",) * 3, "new device", "old device")


class Walk:
    """One meeting and everything that happens to it, each thing held against every law."""

    def __init__(
        self,
        choose: Choose,
        state_laws: Sequence[StateLaw] = (*STATE_LAWS, *VIEW_LAWS),
        step_laws: Sequence[StepLaw] = (*STEP_LAWS, *MEETING_LAWS),
    ) -> None:
        self.choose = choose
        self.state_laws = state_laws
        self.step_laws = step_laws
        self.now = START
        self.room = Room()
        self.journal: list[Fact] = []
        self.refusals: set[type[Refused]] = set()
        self._given = 0
        self._judging = True
        self._happen(c.Plan(SEATS))
        self._judging = False
        if choose((True, False)):
            self._happen(c.AddPerson(SECOND_FACILITATOR))
        match choose(("nobody has come", "at the door", "in the circle", "in the circle")):
            case "at the door":
                self._come_to_the_door()
            case "in the circle":
                self._come_to_the_door()
                self._come_in()
        self._judging = True

    def advance(self) -> None:
        """Something happens."""
        match self.choose(_SOURCES):
            case "legal":
                self._legal()
            case "plausible":
                self._plausible()
            case "line":
                self._line()
            case "time":
                self._time()
            case "anything":
                self._anything()
            case "stop":
                person = self.choose(tuple(self.room.people))
                self._happen(self.choose((c.Leave(person), c.WithdrawConsent(person), *[c.Pause(person)] * 4)))
            case "restart":
                self._restart()

    # -- what can happen

    # most walks begin in the middle of a meeting; how it came to that is judged where a walk goes the way by itself

    def _come_to_the_door(self) -> None:
        for person in self.room.people:
            self._happen(c.Connect(person, DeviceId(f"{person}'s device")))
            self._happen(c.SetMedia(person, up=True))
        self._happen(c.OpenDoors(FAY))
        for person in self.room.arrival_order:
            self._happen(c.AnswerDoor(person, Willing.YES))

    def _come_in(self) -> None:
        for person in self.room.arrival_order:
            self._happen(c.Admit(FAY, person))
            self._happen(c.EnterNow(person))
        self._happen(c.SetMode(FAY, self.choose((*Mode, Mode.CHAIRED, Mode.CIRCLE, Mode.CIRCLE))))

    def _legal(self) -> None:
        givers = [p.id for p in self.room.people.values() if p.connected for _ in range(self._liveliness(p))]
        if not givers:
            return self._line()
        actor = self.choose(givers)
        by_name: dict[str, list[PersonId | None]] = {}
        for name, operand in sorted(permitted(self.room, actor), key=str):
            by_name.setdefault(name, []).append(operand)
        if not by_name:
            return self._line()
        name = self.choose(_weighted(by_name))
        command = self._command(COMMANDS[name], actor, self.choose(by_name[name]))
        self._happen(command, with_id=True)
        if self.choose((False,) * 4 + (True,)):  # a double click: the same command with another id
            self._happen(command, with_id=True)
        return None

    def _liveliness(self, person: Person) -> int:
        """Whose turn it is does most, then who leads; who has gone does least."""
        turn = self.room.floor.turn
        if turn is not None and turn.holder == person.id:
            return 40
        if person.role is Role.FACILITATOR:
            return 20
        return {Door.ADMITTED: 8, Door.WAITING: 8, Door.ARRIVING: 8}.get(person.door, 1)

    def _line(self) -> None:
        people = list(self.room.people.values())
        if self.room.floor.turn is not None:
            people += [self.room.people[self.room.floor.turn.holder]] * 4
        missing = [p for p in people if not (p.connected and p.media) or p.door is Door.LEFT]
        person: Person = self.choose(missing if missing and self.choose((True, False)) else people)
        device = person.device or DeviceId(f"{person.id}'s device")
        match "come" if person in missing else self.choose(_LINE):
            case "come":
                self._happen(c.Connect(person.id, device))
                if self.choose((True, True, False)):
                    self._happen(c.SetMedia(person.id, up=True))
            case "media":
                self._happen(c.SetMedia(person.id, up=False))
            case "drop":
                self._happen(c.Disconnect(person.id, device))
                if self.choose((True, False, False)):
                    self._time()
            case "new device":
                self._happen(c.Connect(person.id, DeviceId(device + "+")))
            case "old device":
                self._happen(c.Disconnect(person.id, DeviceId("an older one")))

    def _restart(self) -> None:
        """The server comes up again, and so do people's lines, in no order."""
        self._happen(c.Restart())
        coming = [p for p in self.room.people.values() if p.device is not None]
        while coming and self.choose((True, True, True, False)):
            person = self.choose(coming)
            coming.remove(person)
            self._happen(c.Connect(person.id, person.device or DeviceId("")))
            self._happen(c.SetMedia(person.id, up=True))

    def _time(self) -> None:
        deadline = next_deadline(self.room)
        jumps = [1.0, 11.0, 46.0, 46.0, 200.0]
        if deadline is not None:
            jumps += [max((deadline - self.now).total_seconds(), 0.0)] * 4
        self.now += timedelta(seconds=self.choose(jumps))
        self._happen(c.Tick())

    def _plausible(self) -> None:
        """What the table would let this person do, but with any operand."""
        givers = [p for p in self.room.people.values() for _ in range(self._liveliness(p))]
        actor = self.choose(givers)
        names = [name for name, kind in COMMANDS.items() if objection(self.room, actor, kind) is None]
        if names:
            kind = COMMANDS[self.choose(_weighted(names))]
            noted = [p.id for p in self.room.people.values() if p.door is Door.WAITING or not p.connected]
            operand = self.choose((*self.room.people, *noted * 3, None, NOBODY))
            self._happen(self._command(kind, actor.id, operand), with_id=True)

    def _anything(self) -> None:
        """What nobody's screen would ever send."""
        kind = self.choose((*get_args(c.Command), c.Plan, c.AddPerson, c.Connect))
        people = (*self.room.people, NOBODY)
        if kind is c.Plan:
            return self._happen(c.Plan(SEATS))
        if kind is c.AddPerson:
            role, to = self.choose(tuple(Role)), self.choose((None, VERA, OBI))
            return self._happen(c.AddPerson(c.Seat(self.choose((VERA, NOBODY)), role, to)), keep=False)
        if kind is c.Connect:
            return self._happen(c.Connect(NOBODY, DeviceId("a stranger's")), keep=False)
        return self._happen(self._command(kind, self.choose(people), self.choose((None, *people))), with_id=True)

    def _command(self, kind: type[Any], actor: PersonId, operand: PersonId | None) -> c.Command:
        order = self.room.arrival_order
        values: dict[str, Callable[[], object]] = {
            "actor": lambda: actor,
            "person": lambda: operand,
            "to": lambda: operand,
            "order": lambda: self.choose((_brought_forward(self.room),) * 3 + (tuple(reversed(order)), order[1:])),
            "willing": lambda: self.choose((Willing.YES,) * 4 + tuple(Willing)),
            "mode": lambda: self.choose((*Mode, Mode.CIRCLE, Mode.CHAIRED)),
            "signal": lambda: self.choose(tuple(Signal)),
            "on": lambda: self.choose((True, True, False)),
            "ready": lambda: self.choose((True, True, False)),
            "quick": lambda: self.choose((True, False)),
        }
        command: c.Command = kind(**{field.name: values[field.name]() for field in fields(kind)})
        return command

    # -- it happens, and is judged

    def _happen(self, did: c.Command | c.Occurrence, *, with_id: bool = False, keep: bool = True) -> None:
        self.now += timedelta(milliseconds=200)
        self._given += 1
        command_id = CommandId(f"command {self._given}") if with_id else None
        refusal: Refused | None = None
        facts: tuple[Fact, ...] = ()
        after = self.room
        try:
            after, facts = step(self.room, did, self.now, command_id)
        except Refused as caught:
            refusal = caught
            self.refusals.add(type(caught))
        happening = Happening(self.room, did, self.now, command_id, refusal, facts, after)
        if self._judging:
            for step_law in self.step_laws:
                step_law(happening)
            if facts:
                for state_law in self.state_laws:
                    state_law(after)
        if keep:
            self.room = after
            self.journal.extend(facts)


def _weighted(names: Iterable[str]) -> list[str]:
    return [name for name in names for _ in range(WEIGHTS.get(name, USUAL_WEIGHT))]


def _brought_forward(room: Room) -> tuple[PersonId, ...]:
    """Whoever waits comes first: what a facilitator would do with people who are late."""
    return tuple(sorted(room.arrival_order, key=lambda p: room.people[p].door is not Door.WAITING))
