"""Messages on their way between one person and the facilitators (R15): in memory only, and only until they are read.

The room records that somebody wrote, never what.  A text lives here from the moment it was sent until the browser
of each recipient has said `received`; a recipient whose line was down gets it when they are back.  If no
recipient's browser has said so in `PATIENCE`, the message is taken back and its sender is told that it was not
delivered, so that nobody believes to have been read who was not.

A message's id is made of its sender and the id of the command.  A resend after a restart, when the text is gone
from here but the command is known to the room, therefore carries the same id, and a browser that has the message
already drops it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from server.clock import Alarm, Clock, milliseconds
from server.host.ports import Told
from server.room import recipients
from server.room.commands import SendMessage
from server.room.ids import CommandId, PersonId
from server.room.state import Room

PATIENCE = timedelta(seconds=3)
UNREAD_AT_MOST = 64
"""Texts that wait for one recipient; the oldest goes first."""
REMEMBERED = 256
"""Ids of delivered messages, for resends."""

Post = Callable[[PersonId, Told, Mapping[str, object]], None]
Answer = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    sender: PersonId
    label: str
    to: PersonId | None
    text: str = field(repr=False)
    at: int

    def as_told_to(self, person: PersonId) -> Mapping[str, object]:
        return {
            "id": self.id,
            "from": self.sender,
            "label": self.label,
            "to": self.to,
            "text": self.text,
            "at": self.at,
            "mine": person == self.sender,
        }


@dataclass(slots=True)
class _Delivery:
    """A message that nobody has acknowledged yet."""

    message: Message
    readers: frozenset[PersonId]
    """Whose acknowledgement makes it delivered."""
    answers: list[Answer]
    alarm: Alarm


class Messages:
    """The texts of one room that somebody has still to receive."""

    def __init__(self, clock: Clock, post: Post) -> None:
        self._clock = clock
        self._post = post
        self._unread: dict[PersonId, dict[str, Message]] = {}
        self._under_way: dict[str, _Delivery] = {}
        self._delivered: deque[str] = deque(maxlen=REMEMBERED)

    def send(self, room: Room, command: SendMessage, id_: CommandId, text: str, label: str, answer: Answer) -> None:
        """Hand a message to its readers.  `answer` is told true when one of them has it, false when none has in time.

        Raises the room's refusal when there is nobody (any more) to read it.  What a facilitator writes to somebody
        the other facilitators get as well, so that whoever reads the answer knows the question; but it is delivered
        when that person has it.
        """
        if id_ in self._delivered:
            answer(True)
            return
        if again := self._under_way.get(id_):
            again.answers.append(answer)
            return
        message = Message(id_, command.actor, label, command.to, text, milliseconds(self._clock.now()))
        everyone = recipients(room, command.actor, command.to) - {command.actor}
        readers = everyone if command.to is None else {command.to}
        alarm = self._clock.call_at(self._clock.now() + PATIENCE, lambda: self._take_back(id_))
        self._under_way[id_] = _Delivery(message, frozenset(readers), [answer], alarm)
        for reader in everyone:
            self._hand(reader, message)

    def hand_unread(self, person: PersonId) -> None:
        """Somebody is back: hand them what their browser has not acknowledged, oldest first."""
        for message in self._unread.get(person, {}).values():
            self._post(person, Told.MESSAGE, message.as_told_to(person))

    def received(self, person: PersonId, id_: str) -> None:
        """A browser shows a message.  When that makes it delivered, its sender gets it, too."""
        if self._unread.get(person, {}).pop(id_, None) is None:
            return
        delivery = self._under_way.get(id_)
        if delivery is not None and person in delivery.readers:
            self._delivered.append(id_)
            self._hand(delivery.message.sender, delivery.message)
            self._settle(id_, True)

    def forget(self, person: PersonId) -> None:
        """Somebody went: nothing waits for them any more."""
        self._unread.pop(person, None)

    def close(self) -> None:
        self._unread.clear()
        for id_ in list(self._under_way):
            self._settle(id_, False)

    def _hand(self, person: PersonId, message: Message) -> None:
        waiting = self._unread.setdefault(person, {})
        waiting[message.id] = message
        while len(waiting) > UNREAD_AT_MOST:
            del waiting[next(iter(waiting))]
        self._post(person, Told.MESSAGE, message.as_told_to(person))

    def _take_back(self, id_: str) -> None:
        for waiting in self._unread.values():
            waiting.pop(id_, None)
        self._settle(id_, False)

    def _settle(self, id_: str, delivered: bool) -> None:
        delivery = self._under_way.pop(id_)
        delivery.alarm.cancel()
        for answer in delivery.answers:
            answer(delivered)
