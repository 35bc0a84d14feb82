"""How long the pure room takes, with twelve people in the circle: `python -m tests.bench.room_speed`."""

from __future__ import annotations

import sys
import timeit
from collections.abc import Callable

from server.room import audience, step, view_for
from server.room import commands as c
from server.room.ids import PersonId
from server.room.state import Mode, Role
from server.room.view import Surroundings
from tests.room.builders import Meeting, a_meeting

FACILITATORS = (PersonId("f1"), PersonId("f2"))
VICTIM = PersonId("v")
SEATS = (
    *(c.Seat(person, Role.FACILITATOR) for person in FACILITATORS),
    c.Seat(VICTIM, Role.VICTIM),
    *(c.Seat(PersonId(f"s{n}"), Role.SUPPORTER, VICTIM) for n in range(4)),
    *(c.Seat(PersonId(f"o{n}"), Role.OFFENDER) for n in range(3)),
    c.Seat(PersonId("i"), Role.INTERPRETER, VICTIM),
    c.Seat(PersonId("b"), Role.OBSERVER),
)
RUNS = 300


def twelve() -> Meeting:
    """Everyone is in the circle with their camera on, and the piece goes round."""
    first = FACILITATORS[0]
    meeting = a_meeting(SEATS).connect(*FACILITATORS).do(c.OpenDoors(first))
    meeting.bring_in(*meeting.room.arrival_order, by=first).show(*meeting.room.people)
    return meeting.do(c.SetMode(first, Mode.CIRCLE), c.GrantFloor(first, VICTIM), c.TakePiece(VICTIM))


def measure() -> dict[str, float]:
    """What was done -> microseconds, the best of five."""
    meeting = twelve()
    room, now = meeting.room, meeting.now
    around = Surroundings(dict.fromkeys(room.people, "a label"), {})
    done: dict[str, Callable[[], object]] = {
        "step": lambda: step(room, c.SetCamera(VICTIM, on=False), now),
        "step, passing the piece": lambda: step(room, c.PassPiece(VICTIM), now),
        "step, pausing everyone": lambda: step(room, c.Pause(VICTIM), now),
        "audience": lambda: audience(room),
        "view of a participant": lambda: view_for(room, VICTIM, around),
        "view of a facilitator": lambda: view_for(room, FACILITATORS[0], around),
    }
    return {name: min(timeit.repeat(call, number=RUNS, repeat=5)) / RUNS * 1e6 for name, call in done.items()}


def table(found: dict[str, float]) -> str:
    """For people to read."""
    return "\n".join(f"{name:26} {took:8.1f} us" for name, took in found.items())


if __name__ == "__main__":
    sys.stdout.write(table(measure()) + "\n")
