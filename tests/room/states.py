"""The states of a small meeting, each as one number, and everything that can happen in each.

`exhaustive` searches through all of them.  That is a proof, for a meeting of this size, if what is left out of a state
cannot matter.  What is left out, and why that is sound:

- *Identity of devices, ids, times, counters* (`seq`, `recent`, `spoken`, `rounds`): no rule of who meets whom asks
  them.  A running deadline is kept as "running"; a tick then makes any choice of the running deadlines due, in every
  combination, so every order in which real time could bring them is among those tried.
- *Microphones and cameras* decide only what flows, and the more are on the more flows.  States are explored with all
  of them off and checked with all of them on.
- *Queue, signals, messages* change nothing but themselves.  A test holds the commands that are left out to that.
- *Who has passed in a round* only chooses to whom the piece goes on; passing it on is tried with every possible memory.
- *Answers, readiness, the order of arrival* only forbid (to call, to resume).  They are taken as given, yes and ready,
  so more is tried than could really happen: every reachable state is visited, and some besides.
- *Ways of being out* (left, removed, refused, withdrawn) differ only in the way back, and none has more ways than
  somebody who is just arriving (or, off the line, away), as whom they are explored.  They are checked as what they
  are.

A state then fits into one number: three bits for each participant, the facilitator's place and lines, the phase (with
the one to go back to), the mode and the turn, and whether the room is recovering.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations, product
from types import MappingProxyType

from server.room import Refused, Room, step
from server.room import commands as c
from server.room.ids import CIRCLE, DeviceId, PlaceId, holding_of
from server.room.state import Door, Floor, Mode, Person, Phase, Role, Turn, Willing
from tests.room.builders import FAY, OLAF, SAM, START, VERA

CAST = (
    c.Seat(FAY, Role.FACILITATOR),
    c.Seat(VERA, Role.VICTIM),
    c.Seat(SAM, Role.SUPPORTER, VERA),
    c.Seat(OLAF, Role.OFFENDER),
)
SMALL_CAST = (CAST[0], CAST[1], CAST[3])

DEVICE, OTHER_DEVICE = DeviceId("a device"), DeviceId("another device")
LIVE = (Phase.DOORS_OPEN, Phase.UNDER_WAY, Phase.CLOSING)
PHASES: tuple[tuple[Phase, Phase | None], ...] = (
    (Phase.SCHEDULED, None),
    *((phase, None) for phase in LIVE),
    *((Phase.PAUSED, phase) for phase in LIVE),
    *((Phase.FROZEN, phase) for phase in LIVE),
    (Phase.ENDED, None),
)
MODES = tuple(Mode)

# how a participant stands: connected or not, and where
AWAY, ARRIVING, WAITING, CALLED, WAITING_LOST, CALLED_LOST, IN, IN_LOST = range(8)
_STANDING = {
    (Door.WAITING, True, False): WAITING,
    (Door.WAITING, True, True): CALLED,
    (Door.WAITING, False, False): WAITING_LOST,
    (Door.WAITING, False, True): CALLED_LOST,
    (Door.ADMITTED, True, False): IN,
    (Door.ADMITTED, False, False): IN_LOST,
}
_OUT = frozenset(Door) - {Door.WAITING, Door.ADMITTED}

State = int
"""One state of the meeting (see `Space.state_of`)."""

NOW = START + timedelta(hours=1)
_LONG = timedelta(hours=1)
_PAST_GRACE = timedelta(seconds=60)


class Space:
    """The states of a meeting of these people, and the ways from one to the next."""

    def __init__(self, cast: Sequence[c.Seat]) -> None:
        self.facilitator = cast[0].id
        self.people = tuple(seat.id for seat in cast[1:])
        self.planned, _ = step(Room(), c.Plan(tuple(cast)), START)
        self._places = (CIRCLE, *(holding_of(person) for person in self.people))
        self._turns = (None, *((i, taken) for i in range(len(self.people)) for taken in (False, True)))
        self._leaders = tuple(
            (place, connected, media)
            for place in (None, *self._places)
            for connected in (False, True)
            for media in (False, True)
            if place is not None or not connected
        )
        self._leader_code = {leader: code for code, leader in enumerate(self._leaders)}
        self._participants = {
            (person, standing, live): self._participant(self.planned.people[person], standing, live)
            for person in self.people
            for standing in range(8)
            for live in (False, True)
        }
        self._phase_code = {phase: code for code, phase in enumerate(PHASES)}

    # -- between states and rooms

    def state_of(self, room: Room) -> State:
        """What matters of a room, as one number.  Raises `AssertionError` if somebody stands where they cannot."""
        live = room.phase in LIVE
        state = self._phase_code[room.phase, room.resume_to]
        state = state * 2 + (room.recovering_since is not None)
        floor = room.floor
        turn = None if floor.turn is None else (self.people.index(floor.turn.holder), floor.turn.taken)
        state = (state * len(MODES) + MODES.index(floor.mode)) * len(self._turns) + self._turns.index(turn)
        leader = room.people[self.facilitator]
        here = leader.door is Door.ADMITTED
        assert here == (leader.place is not None)
        code = self._leader_code[leader.place, here and leader.connected, leader.media]
        state = state * len(self._leaders) + code
        for person in self.people:
            state = state * 8 + self._standing(room.people[person], live)
        return state

    def _standing(self, person: Person, live: bool) -> int:
        if person.door in _OUT:
            assert person.place is None
            assert (person.microphone, person.camera, person.called_at) == (False, False, None)
            return ARRIVING if person.connected else AWAY
        in_circle = live and person.door is Door.ADMITTED
        assert person.place == (CIRCLE if in_circle else holding_of(person.id))
        return _STANDING[person.door, person.connected, person.called_at is not None]

    def room_of(self, state: State) -> Room:
        """A room in this state; `state_of` undoes it."""
        standings = []
        for _ in self.people:
            state, standing = divmod(state, 8)
            standings.append(standing)
        state, leader = divmod(state, len(self._leaders))
        state, turn = divmod(state, len(self._turns))
        state, mode = divmod(state, len(MODES))
        state, recovering = divmod(state, 2)
        phase, resume_to = PHASES[state]
        live = phase in LIVE
        people = {self.facilitator: self._leader(*self._leaders[leader])}
        for person, standing in zip(self.people, reversed(standings), strict=True):
            people[person] = self._participants[person, standing, live]
        held = self._turns[turn]
        return replace(
            self.planned,
            phase=phase,
            resume_to=resume_to,
            people=MappingProxyType(people),
            floor=Floor(
                mode=MODES[mode], turn=None if held is None else Turn(self.people[held[0]], NOW, taken=held[1])
            ),
            recovering_since=NOW if recovering else None,
        )

    def _leader(self, place: PlaceId | None, connected: bool, media: bool) -> Person:
        return replace(
            self.planned.people[self.facilitator],
            door=Door.AWAY if place is None else Door.ADMITTED,
            place=place,
            connected=connected,
            device=DEVICE,
            media=media,
            lost_at=None if place is None or connected else NOW,
        )

    @staticmethod
    def _participant(person: Person, standing: int, live: bool) -> Person:
        person = replace(person, device=DEVICE, media=True, was_admitted=True)
        if standing in (AWAY, ARRIVING):
            door = Door.ARRIVING if standing == ARRIVING else Door.AWAY
            return replace(person, door=door, connected=standing == ARRIVING)
        inside = standing in (IN, IN_LOST)
        lost = standing in (WAITING_LOST, CALLED_LOST, IN_LOST)
        return replace(
            person,
            door=Door.ADMITTED if inside else Door.WAITING,
            place=CIRCLE if inside and live else holding_of(person.id),
            willing=Willing.YES,
            ready=True,
            connected=not lost,
            lost_at=NOW if lost else None,
            called_at=NOW if standing in (CALLED, CALLED_LOST) else None,
        )

    # -- everything that could happen

    def after(self, room: Room) -> Iterator[tuple[c.Command | c.Occurrence, Room]]:
        """Each thing that is not refused, with the room that comes of it."""
        for did in self._commands(room):
            for before in self._memories(room) if isinstance(did, c.PassPiece | c.ComeBackToMe) else (room,):
                try:
                    yield did, step(before, did, NOW)[0]
                except Refused:
                    continue
        for happened in self._occurrences(room):
            yield happened, step(room, happened, NOW)[0]
        for before in self._times(room):
            yield c.Tick(), step(before, c.Tick(), NOW)[0]

    def _commands(self, room: Room) -> Iterator[c.Command]:
        leader = self.facilitator
        yield c.Leave(leader)
        if room.people[leader].connected:
            yield from (kind(leader) for kind in (c.OpenDoors, c.Begin, c.Pause, c.Resume, c.BeginClosing))
            yield from (kind(leader) for kind in (c.EndMeeting, c.ReturnToCircle, c.RevokeFloor))
            yield from (c.SetMode(leader, mode) for mode in MODES)
            for person in self.people:
                for on in (c.Admit, c.Refuse, c.Remove, c.SeeOff, c.Visit, c.GrantFloor):
                    yield on(leader, person)
        for person in self.people:
            yield c.Leave(person)
            yield c.WithdrawConsent(person)
            if room.people[person].connected:
                yield c.AnswerDoor(person, Willing.YES)
                yield from (kind(person) for kind in (c.EnterNow, c.NotYet, c.Pause))
                yield from (kind(person) for kind in (c.ReleaseFloor, c.TakePiece, c.PassPiece, c.ComeBackToMe))

    def _occurrences(self, room: Room) -> Iterator[c.Occurrence]:
        yield c.Restart()
        yield c.SetMedia(self.facilitator, up=not room.people[self.facilitator].media)
        for person in room.people.values():
            yield c.Connect(person.id, DEVICE)
            yield c.Connect(person.id, OTHER_DEVICE)
            if person.connected:
                yield c.Disconnect(person.id, DEVICE)

    def _memories(self, room: Room) -> Iterator[Room]:
        """The room with everything that a round can remember of the others in the circle."""
        holder = room.floor.turn.holder if room.floor.turn is not None else None
        others = [p for p in self.people if p != holder and room.people[p].place == CIRCLE]
        for kept in product((None, "passed", "come back"), repeat=len(others)):
            passed = frozenset(p for p, how in zip(others, kept, strict=True) if how == "passed")
            for come_back in permutations([p for p, how in zip(others, kept, strict=True) if how == "come back"]):
                yield replace(room, floor=replace(room.floor, passed=passed, come_back=come_back))

    @staticmethod
    def _times(room: Room) -> Iterator[Room]:
        """The room at every moment at which some of what is running could be over."""
        holder = None if room.floor.turn is None else room.floor.turn.holder
        choices: list[list[Person]] = []
        for person in room.people.values():
            whens: list[Person] = [person]
            if person.lost_at is not None:
                whens.append(replace(person, lost_at=NOW - _LONG))
                if person.id == holder:
                    whens.append(replace(person, lost_at=NOW - _PAST_GRACE))
            if person.called_at is not None:
                whens += [replace(when, called_at=NOW - _LONG) for when in whens]
            choices.append(whens)
        since: tuple[datetime | None, ...] = (room.recovering_since,)
        if room.recovering_since is not None:
            since = (room.recovering_since, NOW - _LONG)
        moments = product(since, product(*choices))
        next(moments)  # nothing is over: that is where we are
        for recovering_since, people in moments:
            yield replace(room, recovering_since=recovering_since, people=MappingProxyType({p.id: p for p in people}))
