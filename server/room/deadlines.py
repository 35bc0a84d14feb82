"""What time brings.  The host sleeps until `next_deadline` and then sends a `Tick`; it decides nothing itself.

- A call into the circle: the person is moved when the notice is over (or the call lapses, see `door`).
- A kept turn ends after `timings.turn_grace`; in circle mode its holder is asked again at the end of the round.
- A kept place ends after `timings.absence`: the person is away, and comes through the door again.
- The wait for a facilitator after a restart ends after `timings.recovery`; whether the circle freezes then is for
  `settle`.

Whatever is due at a tick is carried out in that order.  A tick that comes early does nothing, one that comes late does
everything that is due; how often ticks come changes nothing but the moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from server.room import events as e
from server.room.door import can_enter
from server.room.state import Departure, Mode, Person, Room


def next_deadline(room: Room) -> datetime | None:
    """When the room next needs a `Tick`; None when only people can change it."""
    return min(_deadlines(room), default=None)


def turn_kept_until(room: Room) -> datetime | None:
    """Until when the turn of a holder whose line is down is kept (R24); None while the line is up, or nobody has it."""
    if room.floor.turn is None:
        return None
    lost_at = room.people[room.floor.turn.holder].lost_at
    return None if lost_at is None else lost_at + room.timings.turn_grace


def called_until(room: Room, person: Person) -> datetime | None:
    """When a called person will be moved into the circle."""
    return None if person.called_at is None else person.called_at + room.timings.notice


def due(room: Room, now: datetime) -> Iterator[e.Event]:
    """What happens at a tick."""
    for person in room.people.values():
        moved_at = called_until(room, person)
        if moved_at is not None and moved_at <= now:
            yield e.PersonAdmitted(person.id) if can_enter(room, person) else e.CallDeclined(person.id)
    kept_until = turn_kept_until(room)
    if room.floor.turn is not None and kept_until is not None and kept_until <= now:
        yield e.FloorRevoked(room.floor.turn.holder)
        if room.floor.mode is Mode.CIRCLE:
            yield e.PersonPassedOver(room.floor.turn.holder)
    for person in room.people.values():
        if person.lost_at is not None and person.lost_at + room.timings.absence <= now:
            yield e.PersonLeft(person.id, Departure.LINE_LOST)
    if room.recovering_since is not None and room.recovering_since + room.timings.recovery <= now:
        yield e.RecoveryEnded()


def _deadlines(room: Room) -> Iterator[datetime]:
    for person in room.people.values():
        if person.called_at is not None:
            yield person.called_at + room.timings.notice
        if person.lost_at is not None:
            yield person.lost_at + room.timings.absence
    if (kept_until := turn_kept_until(room)) is not None:
        yield kept_until
    if room.recovering_since is not None:
        yield room.recovering_since + room.timings.recovery
