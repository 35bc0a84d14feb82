"""Who hears and sees whom: one pure function, and the only place in the program that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from server.room.ids import PersonId
from server.room.state import Room


class Layer(IntEnum):
    NONE = 0
    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class Flow:
    """What passes from one person to another."""

    sound: bool
    picture: Layer


Audience = Mapping[PersonId, Mapping[PersonId, Flow]]
"""listener -> speaker -> what flows.  A pair that is not in it is shut."""


def audience(room: Room) -> Audience:
    raise NotImplementedError
