"""The life of a meeting.

    scheduled -> doors open -> under way -> closing -> ended
                     \\            |           /
                      paused or frozen, and back

While the doors are open, under way and closing the circle is *live*: people meet in it.  Anybody in it can pause
everyone at any moment (R10); a circle left without a guard freezes by itself (R6, see `settle`).  Both put every
participant into their own holding place and keep the queue and the round, but end the turn: after a break it is for a
facilitator to give it again.

Only a facilitator who is in the circle with their media up resumes, and only when each party that is admitted has said
"ready", connected or not: nobody is taken back into the circle over their own head.  A party who does not come back is
removed by a facilitator, or their absence runs out; then nothing waits for them.

Hard cases
- Somebody who is admitted but whose line is down goes back into the circle with the others: their place is kept.
- The meeting can be ended out of a pause.  Whoever is here is seen off first, participants before facilitators, so that
  nobody is left in a place of an ended meeting.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.room import commands as c
from server.room import events as e
from server.room.errors import NoMedia, NotInCircle, NotReady
from server.room.ids import CIRCLE, PersonId
from server.room.places import guards
from server.room.state import Departure, Door, Phase, Role, Room

PhaseCommand = c.OpenDoors | c.Begin | c.Pause | c.SetReady | c.Resume | c.BeginClosing | c.EndMeeting

_PARTIES = frozenset({Role.VICTIM, Role.OFFENDER})


def not_ready(room: Room) -> tuple[PersonId, ...]:
    """The parties for whose "ready" a resume waits."""
    return tuple(p.id for p in room.people.values() if p.role in _PARTIES and p.door is Door.ADMITTED and not p.ready)


def halt(room: Room, phase: Phase) -> Iterator[e.Event]:
    """Pause or freeze: everyone but the facilitators goes from the circle to their own holding place."""
    yield e.PhaseChanged(phase)
    for person in room.people.values():
        if person.place == CIRCLE and person.role is not Role.FACILITATOR:
            yield e.PersonMoved(person.id, person.id)


def decide(room: Room, command: PhaseCommand) -> Iterator[e.Event]:
    match command:
        case c.OpenDoors():
            yield e.PhaseChanged(Phase.DOORS_OPEN)
        case c.Begin():
            yield e.PhaseChanged(Phase.UNDER_WAY)
        case c.BeginClosing():
            yield e.PhaseChanged(Phase.CLOSING)
        case c.Pause():
            yield from halt(room, Phase.PAUSED)
        case c.SetReady(actor, ready):
            if room.people[actor].ready is not ready:
                yield e.ReadyChanged(actor, ready)
        case c.Resume(actor):
            yield from _resume(room, actor)
        case c.EndMeeting():
            for person in sorted(room.people.values(), key=lambda p: p.role is Role.FACILITATOR):
                if person.place is not None:
                    yield e.PersonLeft(person.id, Departure.SEEN_OFF)
            yield e.PhaseChanged(Phase.ENDED)


def _resume(room: Room, actor: PersonId) -> Iterator[e.Event]:
    facilitator = room.people[actor]
    if facilitator.place != CIRCLE:
        raise NotInCircle(actor)
    if not guards(facilitator):
        raise NoMedia
    if waiting_for := not_ready(room):
        raise NotReady(waiting_for)
    assert room.resume_to is not None, "a halted meeting knows what it interrupted"
    yield e.PhaseChanged(room.resume_to)
    for person in room.people.values():
        if person.door is Door.ADMITTED and person.role is not Role.FACILITATOR:
            yield e.PersonMoved(person.id, None)
