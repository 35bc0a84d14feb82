"""Lines: connections come and go, and that is not the same as people coming and going.

One live device a person (R14).  The newest one counts: what is told later of an older device says nothing.

- A facilitator is in as soon as they connect.  Back on the same device they are where they were; on another device
  they take over at once, in the circle, with microphone and camera off and the media of the old device gone.  If they
  were the only guard, the room freezes in the same step.
- An admitted or waiting participant who is back on the same device keeps their place, their turn and their open
  microphone.  On another device they stand before the door again: asked again, admitted again.
- Whoever was refused, removed or has withdrawn stays so, whatever they connect with.
- A dropped line ends nothing at once but what would leave people alone (see `settle`): the place and the turn are
  kept for a while (`deadlines`).  Somebody still before the door has nothing to keep and is simply away.
- Media (the sound and picture connection) comes and goes by itself; a short loss of the line does not end it.  The host
  tells both edges.

A restart of the server drops every line, and nobody went.  Until a guard is back, or `timings.recovery` is over, the
circle stays as it was; nothing flows in it meanwhile, since nobody guards it.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.room import commands as c
from server.room import events as e
from server.room.places import known
from server.room.state import Door, Phase, Role, Room

LineOccurrence = c.Connect | c.Disconnect | c.SetMedia | c.Restart

_KEPT_BY_A_DEVICE = frozenset({Door.ADMITTED, Door.WAITING})
_COMES_TO_THE_DOOR = frozenset({Door.AWAY, Door.LEFT})


def decide(room: Room, occurrence: LineOccurrence) -> Iterator[e.Event]:
    match occurrence:
        case c.Connect():
            yield from _connect(room, occurrence)
        case c.Disconnect(person, device):
            here = known(room, person)
            if here.connected and here.device == device:
                yield e.Disconnected(person)
        case c.SetMedia(person, up):
            if known(room, person).media is not up:
                yield e.MediaChanged(person, up)
        case c.Restart():
            yield e.ServerRestarted()


def _connect(room: Room, occurrence: c.Connect) -> Iterator[e.Event]:
    person = known(room, occurrence.person)
    other_device = person.device != occurrence.device
    if other_device or not person.connected:
        yield e.Connected(person.id, occurrence.device)
    if room.phase is Phase.ENDED:
        return
    if person.role is Role.FACILITATOR:
        if person.door is not Door.ADMITTED or other_device:
            yield e.PersonAdmitted(person.id)
    elif person.door in _COMES_TO_THE_DOOR or (other_device and person.door in _KEPT_BY_A_DEVICE):
        yield e.PersonArrived(person.id)
