"""One thing that happened to a room, as the laws look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.room import Refused, Room
from server.room import commands as c
from server.room import events as e
from server.room.ids import CommandId, PersonId


@dataclass(frozen=True)
class Happening:
    """The room before, what was done, what came of it, the room after."""

    before: Room
    did: c.Command | c.Occurrence
    now: datetime
    command_id: CommandId | None
    refusal: Refused | None
    facts: tuple[e.Fact, ...]
    after: Room

    @property
    def actor(self) -> PersonId | None:
        return getattr(self.did, "actor", None)

    @property
    def events(self) -> list[e.Event]:
        return [fact.event for fact in self.facts]


StepLaw = Callable[[Happening], None]
