"""Every state of a small meeting: a breadth-first search, with the promises checked in each.

From the empty room everything is tried that anybody could do and that could happen (`states`), in every state that
comes of it, until nothing new comes.  In each state, with every microphone and camera on:

- nobody meets anybody of the other side, nor of their own, without a facilitator in fact there; only who has the word
  is heard (`state_laws`, in their own words);
- who is outside the circle, or in one that nobody guards, sees what depends on themselves alone: the same view,
  whatever the others have done.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from server.room import Room, view_for
from server.room import commands as c
from server.room.ids import CIRCLE, PersonId
from server.room.state import Door, Phase
from server.room.view import Surroundings, View
from tests.room import state_laws as laws
from tests.room import words
from tests.room.states import Space, State

CHECKED = (
    laws.never_alone,
    laws.nobody_unadmitted_meets_the_circle,
    laws.only_who_has_the_word_is_heard_in_the_circle,
    laws.who_has_the_word_and_speaks_is_heard_by_all,
    laws.a_halt_silences_the_circle,
    laws.who_is_not_in_receives_and_sends_nothing,
    laws.a_live_circle_is_watched_or_empty,
    laws.a_recovery_lasts_while_a_live_circle_is_unwatched,
    laws.everyone_stands_where_their_door_says,
    laws.an_ended_meeting_is_empty,
    laws.only_a_halt_remembers_what_it_interrupted,
    laws.the_holder_is_in_the_live_circle,
)


@dataclass(frozen=True)
class Broken(AssertionError):
    """A promise is broken in a state; the shortest way there."""

    law: str
    way: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([self.law, *self.way])


class Search:
    """One search through the states of a meeting."""

    def __init__(self, cast: Sequence[c.Seat]) -> None:
        self.space = Space(cast)
        self._came_by: dict[State, tuple[State, str] | None] = {}
        self._alone: dict[Hashable, View] = {}
        self.transitions = 0
        self.complete = False
        """Nothing new came: these are all the states there are."""

    @property
    def reached(self) -> Collection[State]:
        """Every state that was found, in the order of its distance from the empty room."""
        return self._came_by.keys()

    def run(self) -> None:
        """Breadth first, so that a broken promise is shown by one of the shortest ways to it (as `Broken`)."""
        start = self.space.state_of(self.space.planned)
        self._came_by[start] = None
        self._check(start)
        frontier = [start]
        while frontier:
            reached: list[State] = []
            for state in frontier:
                reached += self._expand(state)
            frontier = reached
        self.complete = True

    def _expand(self, state: State) -> list[State]:
        new = []
        for did, room in self.space.after(self.space.room_of(state)):
            self.transitions += 1
            try:
                after = self.space.state_of(room)
            except (AssertionError, LookupError) as broken:
                raise Broken(f"no such state ({broken!r})", (*self._way(state), repr(did))) from broken
            if after not in self._came_by:
                self._came_by[after] = (state, repr(did))
                self._check(after)
                new.append(after)
        return new

    def _check(self, state: State) -> None:
        room = all_on(self.space.room_of(state))
        for law in (*CHECKED, self._who_is_alone_sees_the_same):
            try:
                law(room)
            except AssertionError as broken:
                raise Broken(law.__name__, self._way(state)) from broken

    def _way(self, state: State) -> tuple[str, ...]:
        way: list[str] = []
        came_by = self._came_by.get(state)
        while came_by is not None:
            way.append(came_by[1])
            came_by = self._came_by[came_by[0]]
        return tuple(reversed(way))

    def _who_is_alone_sees_the_same(self, room: Room) -> None:
        around = Surroundings({}, {})
        for person in self.space.people:
            knows = known_to_one_alone(room, person)
            if knows is not None:
                view = view_for(room, person, around)
                assert self._alone.setdefault((person, knows), view) == view


def all_on(room: Room) -> Room:
    """The same room, with the microphone and the camera on of everybody who is in a place."""
    return replace(
        room,
        people=MappingProxyType(
            {p.id: p if p.place is None else replace(p, microphone=True, camera=True) for p in room.people.values()}
        ),
    )


def known_to_one_alone(room: Room, person: PersonId) -> Hashable | None:
    """All that the view of this person may depend on; None if they are in company."""
    me = room.people[person]
    in_circle = me.place == CIRCLE
    if in_circle and words.watched(room, CIRCLE):
        return None
    with_me = [p for p in room.people.values() if words.leads(p) and me.place is not None and p.place == me.place]
    told: Phase | bool = room.phase in (Phase.SCHEDULED, Phase.ENDED)
    if in_circle or told or (me.door is Door.ADMITTED and room.phase in (Phase.PAUSED, Phase.FROZEN)):
        told = room.phase
    turn = room.floor.turn if room.floor.turn is not None and room.floor.turn.holder == person else None
    mode = room.floor.mode if in_circle else None
    return me, tuple((p.id, p.connected, p.media) for p in with_me), told, turn, mode
