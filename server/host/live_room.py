"""A live room and the people who have a line to it: what happens to the room is `Course`'s, what people are told is
here.

Everybody is told their own view, when it differs from what they were told last, and nothing of anybody else's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from server.clock import Alarm, Clock
from server.host.course import Course
from server.host.jobs import Done, Job, Outcome
from server.host.line_history import LineHistory
from server.host.media_link import RoomMedia, may_have_media
from server.host.messages import Messages
from server.host.ports import Bye, Line, Told
from server.host.recorder import Recorder
from server.host.refusals import NoMediaNow, NoRelay, NotDelivered
from server.host.telling import Listeners
from server.log import logger
from server.room import Refused
from server.room.commands import Command, Connect, Disconnect, Occurrence, SendMessage, SetMedia
from server.room.ids import CommandId, MeetingId, PersonId
from server.room.state import Door, Phase, Role, Room
from server.room.view import Line as LineQuality
from server.room.view import Surroundings

LINGER = timedelta(seconds=30)
"""How long an empty room stays in memory after its last deadline."""
GONE = frozenset({Door.AWAY, Door.REFUSED, Door.REMOVED, Door.LEFT, Door.WITHDRAWN})

log = logger()


@dataclass(frozen=True, slots=True)
class Census:
    """One live room in numbers, and nothing of who is in it."""

    phase: Phase
    stalled: bool
    """Nothing can be recorded now."""
    people: int
    """Who have a line to it."""
    lines: tuple[LineQuality, ...]
    """How good the line is of everybody with sound and picture."""


class LiveRoom:
    """Call it from the event loop's thread only.  What one person asks for is carried out in the order of asking."""

    def __init__(
        self,
        meeting: MeetingId,
        room: Room,
        *,
        recorder: Recorder,
        media: RoomMedia,
        clock: Clock,
        labels: Mapping[PersonId, str],
        on_closed: Callable[[LiveRoom], None],
    ) -> None:
        self.meeting = meeting
        self._media = media
        self._clock = clock
        self._labels = labels
        self._on_closed = on_closed
        self._listeners = Listeners(clock)
        self._messages = Messages(clock, self._listeners.post)
        self._history = LineHistory(clock, self._listeners.post)
        self._emptied: Alarm | None = None
        self._course = Course(meeting, room, recorder=recorder, media=media, clock=clock, witness=self)
        self._watch_emptiness()

    @property
    def room(self) -> Room:
        """The room as it is recorded."""
        return self._course.room

    @property
    def closing(self) -> bool:
        return self._course.closing

    @property
    def census(self) -> Census:
        return Census(self.room.phase, self._course.stalled, len(self._listeners), tuple(self._media.lines().values()))

    async def close(self) -> None:
        """Finish what is being recorded and let everybody go; their browsers come back by themselves."""
        self._course.end()
        await self._course.ended()

    # ---- people and their lines ----------------------------------------------------------------------------

    def attach(self, person: PersonId, line: Line) -> None:
        """Somebody's browser has a line to us.  An older line of the same person is taken over (R14)."""
        if self.closing:
            line.drop()
            return
        if older := self._listeners.put(person, line):
            older.bye(Bye.ELSEWHERE)
        self._course.put(Job(Connect(person, line.device), line=line))

    def detach(self, person: PersonId, line: Line) -> None:
        """The line is gone.  Says nothing about the person if another line has taken its place."""
        if self._listeners.take(person, line):
            self._course.put(Job(Disconnect(person, line.device)))
            self._watch_emptiness()

    def submit(self, command: Command, id_: str, text: str | None = None) -> asyncio.Future[Outcome]:
        """Ask for a command.  `id_` is the sender's own name for it: given again, it is answered and not done again."""
        reply: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._course.put(Job(command, CommandId(f"{command.actor}.{id_}"), text, reply))
        return reply

    def happen(self, occurrence: Occurrence) -> asyncio.Future[Outcome]:
        """Something happened to the room that nobody commanded."""
        reply: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._course.put(Job(occurrence, reply=reply))
        return reply

    def received(self, person: PersonId, message: str) -> Done:
        """This person's browser shows a message."""
        self._messages.received(person, message)
        return Done(self._listeners.rev(person))

    def relabel(self, labels: Mapping[PersonId, str]) -> None:
        """A facilitator has changed what people are called (R17)."""
        self._labels = labels
        self._tell()

    def hide(self, people: frozenset[PersonId]) -> None:
        """Whose address is to be hidden (R18)."""
        self._media.hide(people)

    # ---- media ---------------------------------------------------------------------------------------------

    async def join_media(self, person: PersonId, line: Line, pictures: bool = True) -> Outcome:
        """A new media connection for this person's browser: the offer goes out on their line.  `pictures`: the others'
        are to come to it.

        Raises `SignallingError`.
        """
        if not self._may_join(person, line):
            return NoMediaNow()
        try:
            offer = await self._media.join(person, line.device, self._clock.now(), pictures)
        except NoRelay as refusal:
            return refusal
        if not self._may_join(person, line):
            # they went while it was being made
            await self._media.close(person)
            return NoMediaNow()
        line.post(Told.MEDIA, offer)
        return Done(self._listeners.rev(person))

    async def answer_media(self, person: PersonId, line: Line, generation: str, sdp: str) -> Outcome:
        """Raises `SignallingError` when the answer does not fit the offer."""
        if not self._may_join(person, line):
            return NoMediaNow()
        await self._media.answer(person, generation, sdp)
        return Done(self._listeners.rev(person))

    def show_pictures(self, person: PersonId, line: Line, on: bool) -> Outcome:
        """Whether the others' pictures are to come to this person, or only their voices."""
        if not self._may_join(person, line):
            return NoMediaNow()
        self._media.show_pictures(person, on)
        self._note_lines()
        return Done(self._listeners.rev(person))

    def _may_join(self, person: PersonId, line: Line) -> bool:
        return not self.closing and self._listeners.has(person, line) and may_have_media(self.room, person)

    def media_up(self, person: PersonId, up: bool) -> None:
        if up:
            self._media.came_up(person)
        self._course.put(Job(SetMedia(person, up)))

    def media_lost(self) -> None:
        """Everybody's media has ended at once by our own fault, and nobody went.

        So the room ends here, too, and begins again as after a restart of the program: everyone keeps their place and
        their turn, and it does not freeze for want of a facilitator before the facilitator could be back.
        """
        if not self._course.stalled:  # then what it keeps would be lost; it takes the losses one by one
            self._course.end()

    def media_says(self, person: PersonId, message: Mapping[str, object]) -> None:
        self._media.remember(person, message)
        self._listeners.post(person, Told.MEDIA, message)
        if message["kind"] == "pictures":
            self._note_lines()

    def quality_changed(self, person: PersonId) -> None:
        self._tell()
        self._note_lines()

    # ---- what became of it (Witness) -----------------------------------------------------------------------

    async def became(self, before: Room, after: Room) -> None:
        self._media.close_gone(before, after)
        for known in after.people.values():
            if known.door in GONE and not known.connected:
                self._messages.forget(known.id)
        await self._listeners.tell_in_turn(self._look)
        self._note_lines()

    def carried_out(self, job: Job) -> None:
        match job.action:
            case Connect(person=person) if job.line is not None and self._listeners.welcome(person, job.line):
                self._tell(person)
                for message in self._media.current(person):
                    self._listeners.post(person, Told.MEDIA, message)
                self._messages.hand_unread(person)
                self._history.hand(self.room, person)
            case SendMessage(actor=actor) as command if job.command is not None and job.text is not None:
                done = Done(self._listeners.rev(actor))
                self._messages.send(
                    self.room,
                    command,
                    job.command,
                    job.text,
                    self._labels.get(actor, ""),
                    lambda delivered: job.answer(done if delivered else NotDelivered()),
                )
                return
            case _:
                pass
        sender: PersonId | None = getattr(job.action, "actor", None)
        job.answer(Done(self._listeners.rev(sender) if sender is not None else 0))

    def turned_away(self, job: Job, refusal: Refused) -> None:
        if job.line is not None:
            job.line.bye(Bye.SESSION_ENDED)
        job.answer(refusal)

    def stalled(self, on: bool) -> None:
        """Those who lead, and those who are together, see that the room is stalled.

        A person who waits alone does not: a stall shows itself when somebody does something (R8).
        """
        for person, listener in self._listeners:
            known = self.room.people.get(person)
            concerned = known is not None and (known.role is Role.FACILITATOR or known.door is Door.ADMITTED)
            told = on and (concerned or not listener.joined)
            if listener.stalled is not told:
                listener.stalled = told
                listener.line.post(Told.STALLED, {"on": told})

    def ended(self) -> None:
        if self._emptied is not None:
            self._emptied.cancel()
        self._messages.close()
        for _, listener in self._listeners:
            listener.line.drop()
        self._on_closed(self)

    # ---- telling -------------------------------------------------------------------------------------------

    def _tell(self, only: PersonId | None = None) -> None:
        self._listeners.tell(self._look, only)

    def _look(self) -> tuple[Room, Surroundings]:
        return self.room, Surroundings(self._labels, self._media.lines())

    def _note_lines(self) -> None:
        room, around = self._look()
        self._history.note(room, around, self._media.pictures())

    def _watch_emptiness(self) -> None:
        if self._emptied is not None:
            self._emptied.cancel()
        self._emptied = None
        if not self._listeners and not self.closing:
            self._emptied = self._clock.call_at(self._clock.now() + LINGER, self._close_if_empty)

    def _close_if_empty(self) -> None:
        if self._listeners:
            return
        if self._course.idle:
            self._course.end()
        else:
            self._watch_emptiness()
