"""The course of one room: one mailbox, one task.  Narrow, record, widen, tell, answer.

Whatever happens to a room is carried out by one task, one thing after the other:

1. `step` says what happens, or refuses; nothing has changed yet.
2. **narrow**: the media plane is told to forward only what both the old room and the new one allow, and has confirmed
   it before anything goes on.
3. **record**: the facts are appended to the journal in one transaction.
4. **widen**: the new room is the room, and the plane forwards exactly what it allows.
5. **tell** and 6. **answer** are the `Witness`'s.

So nobody is heard before it is recorded that they may be.  What makes an end of something narrows when it arrives,
whatever is still waiting before it, and this is confirmed before it is answered.  If 3 fails, what was shut stays shut,
nobody is told what was not recorded, and what cannot be asked again (a line that dropped) or must not be lost (a stop)
is kept and tried again with back-off.  A bug or a failed assertion fails that one job and leaves the room as it was.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from datetime import datetime, timedelta
from typing import Protocol

from server.clock import Alarm, Clock
from server.host.jobs import Fault, Job
from server.host.media_link import RoomMedia
from server.host.recorder import NotRecorded, Recorder, Superseded
from server.host.refusals import Busy, Closed, Kept, Stalled
from server.host.stall import Stall
from server.log import logger
from server.room import Refused, evolve, next_deadline, step
from server.room.commands import Connect, Tick
from server.room.ids import MeetingId
from server.room.state import Room
from signalling.plan import MediaPlan, narrowed

MAILBOX = 64
"""Commands that may wait; one more is `busy`.  What happens (a line that drops) is never turned away."""
OF_ONE = 48
"""Commands of one person that may wait: more than the edge lets them give at once, so a stop always fits."""
KEPT_AT_MOST = 512
"""What is kept while nothing can be recorded: hours of lines that come and go.  Beyond it the room is closed."""

log = logger()


class Witness(Protocol):
    """Who is told what became of the room and of each job.  No method may raise."""

    async def became(self, before: Room, after: Room) -> None:
        """What was recorded is true now.  May give way to media, but must not wait for anything."""
        ...

    def carried_out(self, job: Job) -> None:
        """Whether it changed the room, changed nothing, or had been done before.  The witness answers the job."""
        ...

    def turned_away(self, job: Job, refusal: Refused) -> None:
        """The witness answers the job."""
        ...

    def stalled(self, on: bool) -> None:
        """Nothing can be recorded; or it can again.  Said again with each job that is put off."""
        ...

    def ended(self) -> None:
        """Nothing more is carried out here."""
        ...


class Course:
    """Everything that happens to one room, in order."""

    def __init__(
        self, meeting: MeetingId, room: Room, *, recorder: Recorder, media: RoomMedia, clock: Clock, witness: Witness
    ) -> None:
        self.room = room
        """As it is recorded."""
        self.closing = False
        self._meeting = meeting
        self._recorder = recorder
        self._media = media
        self._clock = clock
        self._witness = witness
        self._mailbox: deque[Job] = deque()
        self._woken = asyncio.Event()
        self._stall = Stall(clock, self._woken.set)
        self._deadline: Alarm | None = None
        self._task = asyncio.create_task(self._run())

    @property
    def idle(self) -> bool:
        """Nothing is waiting: no job, no deadline, nothing to be recorded."""
        return not self._mailbox and not self._stall.on and next_deadline(self.room) is None

    @property
    def stalled(self) -> bool:
        """Nothing can be recorded now."""
        return self._stall.on

    def put(self, job: Job) -> None:
        """One more thing to be carried out, after what came before it."""
        if self.closing:
            job.answer(Closed())
        elif self._is_full_for(job):
            job.answer(Busy())
        else:
            self._mailbox.append(job)
            self._woken.set()
            if job.shuts:
                self._narrow_for(job)

    def _is_full_for(self, job: Job) -> bool:
        """Nobody can fill the mailbox for others: a stop is turned away only for its own sender's number."""
        if job.actor is None:
            return False
        waiting = [other.actor for other in self._mailbox if other.actor is not None]
        return waiting.count(job.actor) >= OF_ONE or (len(waiting) >= MAILBOX and not job.shuts)

    def end(self) -> None:
        """Finish what is under way, and stop."""
        self.closing = True
        self._woken.set()

    async def ended(self) -> None:
        """Wait until it has stopped."""
        await asyncio.wait({self._task})

    # ---- the task ------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        self._set_deadline()
        try:
            while not self.closing:
                if self._stall.due:
                    await self._try_again()
                elif self._mailbox:
                    await self._do(self._mailbox.popleft())
                else:
                    self._woken.clear()
                    await self._woken.wait()
        except Superseded:
            log.warning("room_superseded", meeting=self._meeting)
        finally:
            await self._stop()

    async def _do(self, job: Job) -> None:
        try:
            if self._stall.on:
                raise NotRecorded
            if not await self._carry_out(job):
                self._widen()  # it may have narrowed, and then nothing came of it
        except NotRecorded:
            await self._put_off(job)
        except Superseded:
            job.answer(Closed())
            raise

    async def _carry_out(self, job: Job) -> bool:
        """One job from beginning to end.  True if the room is another one now.

        Raises `NotRecorded` and `Superseded`; what else goes wrong is the job's answer.
        """
        now = self._clock.now()
        before = self.room
        try:
            after, facts = step(self.room, job.action, now, job.command)
            if facts:
                self._media.narrow(self._media.plan_of(after))
                await self._media.confirmed()
                await self._recorder.record(self.room.seq, facts)
                await self._become(after)
            elif isinstance(job.action, Tick):
                # a deadline at which nothing was to be done must not make us spin
                self._set_deadline(not_before=now + timedelta(seconds=1))
            self._witness.carried_out(job)
        except (NotRecorded, Superseded):
            raise
        except Refused as refusal:
            self._witness.turned_away(job, refusal)
        except Exception as fault:
            id_ = secrets.token_hex(4)
            log.error("job_failed", meeting=self._meeting, kind=type(job.action).__name__, fault_id=id_, exc_info=fault)
            job.answer(Fault(id_))
        return self.room is not before

    async def _become(self, after: Room) -> None:
        before, self.room = self.room, after
        self._widen()
        self._set_deadline()
        await self._witness.became(before, after)

    def _narrow_for(self, job: Job) -> None:
        """Shut what this job is going to shut; it has still to be carried out."""
        if (plan := self._plan_after(job)) is not None:
            self._media.narrow(plan)

    def _plan_after(self, job: Job) -> MediaPlan | None:
        """What this job would leave open; None if nothing would come of it."""
        try:
            after, _ = step(self.room, job.action, self._clock.now(), job.command)
            return self._media.plan_of(after)
        except Refused:
            return None
        except Exception as fault:
            log.error("narrowing_failed", meeting=self._meeting, kind=type(job.action).__name__, exc_info=fault)
            return None

    def _widen(self) -> None:
        """Open what the room allows, and not for a moment what a stop that still waits is going to shut."""
        try:
            plan = self._media.plan_of(self.room)
            for job in (*self._stall.kept, *self._mailbox):
                if job.shuts and (left := self._plan_after(job)) is not None:
                    plan = narrowed(plan, left)
            self._media.widen(plan)
        except Exception as fault:
            # the room is what was recorded; the plane forwards the narrower plan until the next one
            log.error("widening_failed", meeting=self._meeting, exc_info=fault)

    # ---- when nothing can be recorded ----------------------------------------------------------------------

    async def _put_off(self, job: Job) -> None:
        self._narrow_for(job)
        await self._media.confirmed()
        if job.kept and not self._is_kept(job):
            self._stall.kept.append(job)
        if len(self._stall.kept) > KEPT_AT_MOST:
            # closing shuts everything; who comes back is let in when their coming can be recorded
            self.end()
        job.answer(Kept() if job.kept else Stalled())
        if not self._stall.on:
            log.warning("room_stalled", meeting=self._meeting)
            self._stall.begin()
        self._witness.stalled(True)

    def _is_kept(self, job: Job) -> bool:
        """The same person asked for the same stop since they last came: to say it often must cost nobody anything."""
        for earlier in reversed(self._stall.kept):
            if job.actor is None or (isinstance(earlier.action, Connect) and earlier.action.person == job.actor):
                return False
            if earlier.action == job.action:
                return True
        return False

    async def _try_again(self) -> None:
        self._stall.due = False
        try:
            if recorded := await self._recorder.recorded_since(self.room.seq):
                after = self.room
                for fact in recorded:
                    after = evolve(after, fact)
                await self._become(after)
            while self._stall.kept:
                await self._carry_out(self._stall.kept[0])
                self._stall.kept.popleft()
        except NotRecorded:
            self._stall.back_off()
            return
        log.info("room_recovered", meeting=self._meeting)
        self._stall.over()
        self._widen()
        self._set_deadline()
        self._witness.stalled(False)

    # ---- time, and the end ---------------------------------------------------------------------------------

    def _set_deadline(self, not_before: datetime | None = None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None
        if (when := next_deadline(self.room)) is not None and not self._stall.on:
            when = when if not_before is None else max(when, not_before)
            self._deadline = self._clock.call_at(when, lambda: self.put(Job(Tick())))

    async def _stop(self) -> None:
        self.closing = True
        if self._deadline is not None:
            self._deadline.cancel()
        self._stall.cancel()
        self._media.forget()
        await self._media.confirmed()
        for job in (*self._mailbox, *self._stall.kept):
            job.answer(Closed())
        await self._recorder.finish()
        self._witness.ended()
