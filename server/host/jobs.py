"""What waits in a room's mailbox, and what becomes of it."""

from __future__ import annotations

from asyncio import Future
from dataclasses import dataclass, field
from typing import get_args

from server.host.ports import Line
from server.room import Refused
from server.room.commands import (
    AnswerDoor,
    Command,
    Disconnect,
    EndMeeting,
    Leave,
    NotYet,
    Occurrence,
    Pause,
    ReleaseFloor,
    Remove,
    RevokeFloor,
    SetCamera,
    SetMedia,
    SetMicrophone,
    SetReady,
    Tick,
    WithdrawConsent,
)
from server.room.ids import CommandId, PersonId
from server.room.state import Willing


@dataclass(frozen=True, slots=True)
class Done:
    """Carried out and recorded.  `rev` is the newest view that the sender was told when that was so."""

    rev: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Our mistake.  Nothing was changed; `id` finds it in the log."""

    id: str


Outcome = Done | Refused | Fault


@dataclass(eq=False, slots=True)
class Job:
    """A command that somebody gave, or something that happened."""

    action: Command | Occurrence
    command: CommandId | None = None
    text: str | None = field(default=None, repr=False)
    reply: Future[Outcome] | None = None
    line: Line | None = None
    """The line that a `Connect` is about."""

    def answer(self, outcome: Outcome) -> None:
        """Tell the one who asked, once; nobody asked for an occurrence."""
        if self.reply is not None and not self.reply.done():
            self.reply.set_result(outcome)

    @property
    def commanded(self) -> bool:
        return isinstance(self.action, get_args(Command))

    @property
    def actor(self) -> PersonId | None:
        """Whose command it is; None for an occurrence."""
        return self.action.actor if isinstance(self.action, Command) else None

    @property
    def shuts(self) -> bool:
        """Makes an end of something: it takes effect on arrival, before and even if nothing can be recorded."""
        match self.action:
            case Pause() | Leave() | WithdrawConsent() | Remove() | RevokeFloor() | ReleaseFloor() | EndMeeting():
                return True
            case SetMicrophone(on=False) | SetCamera(on=False):
                return True
            case NotYet() | SetReady(ready=False) | AnswerDoor(willing=Willing.NO | Willing.NOT_SURE):
                return True  # a "no" that got lost would be taken for a "yes"
            case Disconnect() | SetMedia(up=False):
                return True
            case _:
                return False

    @property
    def kept(self) -> bool:
        """Is not lost when nothing can be recorded: a stop must hold, and nobody reports twice that a line dropped."""
        return self.shuts or not (self.commanded or isinstance(self.action, Tick))
