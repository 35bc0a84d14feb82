"""The facilitators' console: everyone, wherever they are, and what can be done with each (see `view.Console`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from server.room.deadlines import called_until, turn_kept_until
from server.room.door import can_be_called, first_to_come
from server.room.ids import CIRCLE, PersonId
from server.room.phases import not_ready
from server.room.places import HALTED, in_own_holding, owner_of
from server.room.state import Person, Phase, Role, Room
from server.room.view import Console, HeldTurn, Line, Next, Queued, Row, Share, Surroundings

_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime | None) -> int | None:
    """Since the epoch, as browsers count."""
    return None if moment is None else int(moment.timestamp() * 1000)


def line_of(person: Person, around: Surroundings) -> Line:
    return around.lines.get(person.id, Line.GOOD) if person.connected else Line.LOST


def console_for(room: Room, around: Surroundings, may: Mapping[PersonId | None, tuple[str, ...]]) -> Console:
    """`may`: what the reader could do with each person."""
    first = first_to_come(room)
    arrival = {person: position for position, person in enumerate(room.arrival_order, 1)}
    turn = room.floor.turn
    return Console(
        people=tuple(_row(room, p, around, arrival, first, may) for p in room.people.values()),
        queue=tuple(Queued(request.by, _certain(request.at)) for request in room.floor.queue),
        turn=None
        if turn is None
        else HeldTurn(turn.holder, _certain(turn.since), turn.taken, milliseconds(turn_kept_until(room))),
        come_back=room.floor.come_back,
        rounds=room.floor.rounds,
        not_ready=not_ready(room) if room.phase in HALTED else (),
    )


def facilitator_next(room: Room, me: Person) -> Next:
    """What a facilitator who leads the meeting does next."""
    if me.place != CIRCLE:
        return Next.TALK_IN_PRIVATE
    match room.phase:
        case Phase.SCHEDULED:
            return Next.OPEN_THE_DOORS
        case Phase.PAUSED | Phase.FROZEN:
            return Next.RESUME
        case Phase.CLOSING:
            return Next.SEE_OFF if _participants_here(room) else Next.END
        case Phase.ENDED:
            return Next.GONE
        case Phase.DOORS_OPEN | Phase.UNDER_WAY:
            if any(can_be_called(room, p) for p in room.people.values()):
                return Next.BRING_IN
            if room.phase is Phase.UNDER_WAY:
                return Next.LEAD
            return Next.BEGIN if _participants_here(room) else Next.BRING_IN


def _participants_here(room: Room) -> bool:
    return any(p.place is not None and p.role is not Role.FACILITATOR for p in room.people.values())


def _row(
    room: Room,
    person: Person,
    around: Surroundings,
    arrival: Mapping[PersonId, int],
    first: PersonId | None,
    may: Mapping[PersonId | None, tuple[str, ...]],
) -> Row:
    place, visiting = _place(person)
    return Row(
        id=person.id,
        label=around.labels.get(person.id, ""),
        role=person.role,
        attached_to=person.attached_to,
        door=person.door,
        willing=person.willing,
        connected=person.connected,
        line=line_of(person, around),
        place=place,
        visiting=visiting,
        waiting_since=milliseconds(person.waiting_since),
        lost_at=milliseconds(person.lost_at),
        called_until=milliseconds(called_until(room, person)),
        not_yet=person.not_yet,
        ready=person.ready,
        microphone=person.microphone,
        camera=person.camera,
        signal=person.signal,
        signal_at=milliseconds(person.signal_at),
        departure=person.departure,
        arrival=arrival.get(person.id),
        next_in=person.id == first,
        share=Share(person.spoken // _MILLISECOND, milliseconds(person.speaking_since)),
        may=may.get(person.id, ()),
    )


def _place(person: Person) -> tuple[str | None, PersonId | None]:
    """How the console names a place, and whom a facilitator visits."""
    if person.place is None:
        return None, None
    if person.place == CIRCLE:
        return "circle", None
    if in_own_holding(person):
        return "own", None
    return "visiting", owner_of(person.place)


def _certain(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
