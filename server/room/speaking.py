"""Who is heard in the circle, and for how long each has been (R25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from server.room.floor import may_speak
from server.room.ids import CIRCLE, PersonId
from server.room.places import LIVE, guarded
from server.room.state import Person, Room

_NOTHING = timedelta(0)


def audible(room: Room, person: Person) -> bool:
    """Heard by the circle: permitted, microphone on, connected, in a live circle that is guarded."""
    return (
        person.microphone
        and person.connected
        and person.place == CIRCLE
        and room.phase in LIVE
        and may_speak(room, person)
        and guarded(room, CIRCLE)
    )


def with_clocks(room: Room, at: datetime) -> Mapping[PersonId, Person]:
    """The people of the room, with the clock started of whoever has become audible, and stopped of whoever no
    longer is.
    """
    changed = {
        p.id: _stopped(p, at) if p.speaking_since is not None else replace(p, speaking_since=at)
        for p in room.people.values()
        if audible(room, p) is not (p.speaking_since is not None)
    }
    return MappingProxyType({**room.people, **changed}) if changed else room.people


def _stopped(person: Person, at: datetime) -> Person:
    assert person.speaking_since is not None
    return replace(person, spoken=person.spoken + max(at - person.speaking_since, _NOTHING), speaking_since=None)
