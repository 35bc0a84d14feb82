"""What one person sees of the room: `view_for`, the only way in which its state reaches a browser.

A participant's view is made in two steps.  First `as_known_to` leaves of the room what this person may know; then the
view is made of that, and of nothing else.  So a view cannot tell what others do: it is not made of it.

What a participant knows:
- themselves;
- who is in their place with them: in the circle everyone, in a holding place the facilitators who visit;
- of the phase, outside the circle, only whether the doors are open, and whether it is a pause if they were in;
- of the floor, outside the circle, only their own request.

Hard cases
- A circle without a guard (a restart of the server, until a facilitator is back) is no company: each sees themselves
  and the facilitators in it, because presence is news too (R6), and so is one's own place in the queue.
- To whom a person is attached is said only where both are in the same place.
- What a person outside the circle could do is answered as if a facilitator stood ready: whether one does would tell
  when the circle is left, paused or frozen.  They may be refused then, without a reason.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from server.room.audience import SHUT, Layer, reached_by
from server.room.console import console_for, facilitator_next, line_of, milliseconds
from server.room.deadlines import called_until
from server.room.floor import HOLDERS, may_speak, queued
from server.room.ids import CIRCLE, PersonId
from server.room.may import by_operand
from server.room.places import HALTED, guarded, guards, in_own_holding, known
from server.room.state import Door, Floor, Mode, Person, Phase, Role, Room
from server.room.view import FloorStatus, Me, Next, Seated, Surroundings, View

_READY_TO_HELP = Person(PersonId(""), Role.FACILITATOR, connected=True, media=True, door=Door.ADMITTED, place=CIRCLE)
"""Stands in the circle of every `as_known_to`, and is shown to nobody."""


def leads(person: Person) -> bool:
    """A facilitator who is in the meeting: they see all of it."""
    return person.role is Role.FACILITATOR and person.door is Door.ADMITTED


def view_for(room: Room, reader: PersonId, around: Surroundings) -> View:
    """What this person may know.  Refused (`unknown_person`) for somebody who does not belong to the meeting."""
    me = known(room, reader)
    whole = leads(me)
    seen = room if whole else as_known_to(room, me)
    me = seen.people[reader]
    may = by_operand(seen, reader)
    company = [p for p in seen.people.values() if p is me or (p.place is not None and p.place == me.place)]
    company = [p for p in company if p is not _READY_TO_HELP]
    in_circle = me.place == CIRCLE
    return View(
        phase=seen.phase,
        mode=seen.floor.mode if in_circle or whole else None,
        me=_me(seen, me, company, around),
        here=_seated(seen, me, company, around) if me.place is not None else (),
        holder=seen.floor.turn.holder if in_circle and seen.floor.turn is not None else None,
        next=facilitator_next(seen, me) if whole else _participant_next(seen, me, company),
        may=may.get(None, ()) if whole else (*may.get(None, ()), *may.get(reader, ())),
        console=console_for(seen, around, may) if whole else None,
    )


def as_known_to(room: Room, me: Person) -> Room:
    """The room as far as this participant may know it, in the same shape."""
    in_circle = me.place == CIRCLE
    with_others = in_circle and guarded(room, CIRCLE)
    company = {
        p.id: p
        for p in room.people.values()
        if p.id == me.id
        or (p.place is not None and p.place == me.place and (with_others or p.role is Role.FACILITATOR))
    }
    people = {
        p.id: p if p.attached_to is None or p.attached_to in company else replace(p, attached_to=None)
        for p in company.values()
    }
    people[_READY_TO_HELP.id] = _READY_TO_HELP
    return Room(
        phase=_phase_known_to(room, me),
        people=MappingProxyType(people),
        floor=room.floor if with_others else _own_part(room.floor, me.id, in_circle),
        timings=room.timings,
    )


def _phase_known_to(room: Room, me: Person) -> Phase:
    if me.place == CIRCLE or room.phase in (Phase.SCHEDULED, Phase.ENDED):
        return room.phase
    if me.door is Door.ADMITTED and room.phase in HALTED:
        return room.phase
    return Phase.DOORS_OPEN


def _own_part(floor: Floor, me: PersonId, in_circle: bool) -> Floor:
    """Of the floor what concerns oneself alone; the mode is a thing of the circle."""
    return Floor(
        mode=floor.mode if in_circle else Mode.QUIET,
        queue=tuple(request for request in floor.queue if request.by == me),
        turn=floor.turn if floor.turn is not None and floor.turn.holder == me else None,
        passed=floor.passed & {me},
    )


def _me(room: Room, me: Person, company: list[Person], around: Surroundings) -> Me:
    in_circle = me.place == CIRCLE
    return Me(
        id=me.id,
        label=around.labels.get(me.id, ""),
        role=me.role,
        door=me.door,
        willing=me.willing,
        in_circle=in_circle,
        in_holding=me.place is not None and not in_circle,
        called_until=milliseconds(called_until(room, me)),
        not_yet=me.not_yet,
        ready=me.ready,
        departure=me.departure,
        microphone=me.microphone,
        camera=me.camera,
        may_speak=may_speak(room, me) and any(p.connected for p in company if p is not me),
        signal=me.signal,
        line=line_of(me, around),
        floor=_floor_status(room.floor, me.id),
        queue_position=_queue_position(room.floor, me.id) if in_circle and any(guards(p) for p in company) else None,
    )


def _floor_status(floor: Floor, me: PersonId) -> FloorStatus:
    if floor.turn is not None and floor.turn.holder == me:
        return FloorStatus.GRANTED if floor.turn.taken else FloorStatus.OFFERED
    return FloorStatus.ACCEPTED if queued(floor, me) else FloorStatus.NONE


def _queue_position(floor: Floor, me: PersonId) -> int | None:
    return next((position for position, request in enumerate(floor.queue, 1) if request.by == me), None)


def _seated(room: Room, me: Person, company: list[Person], around: Surroundings) -> tuple[Seated, ...]:
    reached = reached_by(room, me)
    turn = room.floor.turn
    return tuple(
        Seated(
            id=p.id,
            label=around.labels.get(p.id, ""),
            role=p.role,
            attached_to=p.attached_to,
            me=p is me,
            holds=turn is not None and turn.holder == p.id,
            speaking=p.microphone and p.connected and may_speak(room, p),
            microphone=p.microphone,
            camera=p.camera,
            away=not p.connected,
            hears_me=reached.get(p.id, SHUT).sound,
            sees_me=reached.get(p.id, SHUT).picture is not Layer.NONE,
        )
        for p in company
    )


def _participant_next(room: Room, me: Person, company: list[Person]) -> Next:
    if room.phase is Phase.ENDED or me.place is None:
        if me.door is not Door.ARRIVING or room.phase is Phase.ENDED:
            return Next.GONE
        return Next.WAIT_FOR_DOORS if room.phase is Phase.SCHEDULED else Next.CHECK_IN
    if me.place == CIRCLE:
        return _next_in_circle(room, me)
    if me.called_at is not None:
        return Next.WILL_BE_BROUGHT_IN
    if in_own_holding(me) and any(p.connected for p in company if p is not me):
        return Next.TALK_IN_PRIVATE
    if me.door is Door.WAITING:
        return Next.WAIT_FOR_FACILITATOR
    return Next.WAIT_TO_RESUME if me.ready else Next.SAY_READY


def _next_in_circle(room: Room, me: Person) -> Next:
    floor = room.floor
    match _floor_status(floor, me.id):
        case FloorStatus.GRANTED:
            return Next.YOUR_TURN
        case FloorStatus.OFFERED:
            return Next.PIECE_BEFORE_YOU
        case FloorStatus.ACCEPTED:
            return Next.WAIT_FOR_TURN
    if room.phase is Phase.CLOSING and floor.turn is None:
        return Next.GOODBYES
    if floor.mode is Mode.OPEN and may_speak(room, me):
        return Next.TALK_FREELY
    if me.role in HOLDERS and floor.mode is Mode.CHAIRED:
        return Next.ASK_TO_SPEAK
    if me.role in HOLDERS and floor.mode is Mode.CIRCLE and me.id not in floor.passed:
        return Next.WAIT_FOR_TURN
    return Next.LISTEN
