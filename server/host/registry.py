"""Which rooms are live here, and how one comes to be: found, or rebuilt from the journal when somebody wants in."""

from __future__ import annotations

import asyncio

from server.clock import Clock
from server.host.jobs import Done
from server.host.live_room import Census, LiveRoom
from server.host.media_link import MediaLink, RoomMedia
from server.host.ports import Invitations, Journal
from server.host.recorder import Recorder
from server.host.refusals import Closed, Stalled
from server.log import logger
from server.room import Refused, replay
from server.room.commands import AddPerson, Restart, Seat
from server.room.ids import MeetingId
from server.store.errors import StoreDown

log = logger()


class NoSuchMeeting(Exception):
    """The journal knows nothing of it."""


class Registry:
    """The live rooms of this process."""

    def __init__(self, *, journal: Journal, invitations: Invitations, link: MediaLink, clock: Clock) -> None:
        self._journal = journal
        self._invitations = invitations
        self._link = link
        self._clock = clock
        self._rooms: dict[MeetingId, LiveRoom] = {}
        self._opening: dict[MeetingId, asyncio.Task[LiveRoom]] = {}
        self._closing = False

    def __len__(self) -> int:
        return len(self._rooms)

    def census(self) -> list[Census]:
        """The live rooms in numbers."""
        return [room.census for room in self._rooms.values()]

    async def open(self, meeting: MeetingId) -> LiveRoom:
        """The live room of a meeting.  Call `attach` on it before the next await: an empty room may close.

        Raises `NoSuchMeeting`, `Stalled` while the journal cannot be read or written, `Closed` when the program is
        stopping.
        """
        while True:
            if self._closing:
                raise Closed
            room = self._rooms.get(meeting)
            if room is not None and not room.closing:
                return room
            if room is not None:
                await room.close()  # it is on its way out: what it still records is read by the next one
            # the others who wait for the same room must not lose it when one of them gives up
            await asyncio.shield(self._opening.get(meeting) or self._begin(meeting))

    async def people_changed(self, meeting: MeetingId) -> None:
        """Somebody was invited or is called something else now.  A room that is not live learns of it when it is
        opened.

        Raises `Stalled` when a new person cannot be recorded now; they will be in the room as soon as it is opened
        again.
        """
        room = self._rooms.get(meeting)
        if room is not None and not room.closing:
            await self._bring_up_to_date(room)

    async def close(self) -> None:
        """Close every room: what is being recorded is finished, and everybody's line is dropped."""
        self._closing = True
        if self._opening:
            await asyncio.wait(set(self._opening.values()))
        if self._rooms:
            await asyncio.wait({asyncio.create_task(room.close()) for room in self._rooms.values()})

    def _begin(self, meeting: MeetingId) -> asyncio.Task[LiveRoom]:
        def ended(task: asyncio.Task[LiveRoom]) -> None:
            del self._opening[meeting]
            if not task.cancelled():
                task.exception()  # whoever waited has it; nobody may have

        task = self._opening[meeting] = asyncio.create_task(self._rebuild(meeting))
        task.add_done_callback(ended)
        return task

    async def _rebuild(self, meeting: MeetingId) -> LiveRoom:
        try:
            facts = await self._journal.read(meeting)
            labels = {person.id: person.label for person in await self._invitations.people(meeting)}
        except StoreDown as down:
            raise Stalled from down
        if not facts:
            raise NoSuchMeeting
        room = replay(facts)
        media = RoomMedia(self._link, meeting)
        live = LiveRoom(
            meeting,
            room,
            recorder=Recorder(self._journal, meeting, self._clock),
            media=media,
            clock=self._clock,
            labels=labels,
            on_closed=self._forget,
        )
        self._link.enter(meeting, live)
        try:
            if any(person.connected or person.media for person in room.people.values()):
                # the last host of this room did not live to see them go, or to see their media end: a facilitator
                # who is taken to hear guards the circle (R6)
                await _must(live, Restart())
            await self._bring_up_to_date(live)
        except BaseException:
            await live.close()
            raise
        self._rooms[meeting] = live
        log.info("room_opened", meeting=meeting, seq=live.room.seq)
        return live

    async def _bring_up_to_date(self, live: LiveRoom) -> None:
        """Give the room the people who were invited since it was planned, and everyone's label."""
        try:
            people = await self._invitations.people(live.meeting)
        except StoreDown as down:
            raise Stalled from down
        live.relabel({person.id: person.label for person in people})
        live.hide(frozenset(person.id for person in people if person.relay_only))
        for person in people:
            if person.id not in live.room.people:
                await _must(live, AddPerson(Seat(person.id, person.role, person.attached_to)))

    def _forget(self, room: LiveRoom) -> None:
        if self._rooms.get(room.meeting) is room:
            del self._rooms[room.meeting]
        log.info("room_closed", meeting=room.meeting, seq=room.room.seq)


async def _must(live: LiveRoom, occurrence: AddPerson | Restart) -> None:
    """Let something happen that the room cannot go on without.  Raises `Stalled`, or the refusal."""
    outcome = await live.happen(occurrence)
    if isinstance(outcome, Refused):
        raise outcome
    if not isinstance(outcome, Done):
        raise Stalled
