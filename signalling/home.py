"""Where a worker lives: one process, and the next one as soon as that has ended.

A process is given up when it ends, when its end of the line does, when nothing has come from it for 2 s (it says
something five times a second), and when a plan is not obeyed within 1 s.  Given up means killed, and waited for: what
has ended forwards nothing, and so what it was told last is true.

Time is counted in ticks of the owner's own loop, so that a stall of the owner is held against nobody.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from signalling import errors
from signalling.channel import Channel, Message, WrittenPlan
from signalling.counters import Counters
from signalling.errors import MalformedAnswer, NoAddress, Restarting, SignallingError
from signalling.offer import Offer
from signalling.plan import RoomId

TICK: Final = 0.1
OBEYED_WITHIN: Final = 10
"""Ticks."""
HEARD_WITHIN: Final = 20
READY_WITHIN: Final = 150
WAIT_FOR_READY: Final = 3.5
"""Seconds for which an offer waits for the next process; browsers wait for five."""
GOODBYE: Final = 3.0
QUICK: Final = 5.0
"""A process that lived for fewer seconds is not followed by the next one at once, except the first time."""
PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 5.0)

_REFUSALS: Final = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SignallingError)
}
_log = logging.getLogger(__name__)


class WorkerFault(Exception):
    """A worker could not be started, or could not do what it was asked for by a mistake of ours; its log has more."""


@dataclass(eq=False, slots=True)
class _Order:
    room: RoomId
    sent: int
    """The tick."""
    done: Callable[[], None]
    obeyed: asyncio.Future[None]

    def settle(self) -> None:
        """`done` comes before anybody who waits, and before anybody who asks from now on whether there is an order."""
        self.done()
        self.obeyed.set_result(None)


class Home:
    """`on_ready` is called when a process can be told something, first of all; `on_message` for each thing that it
    says of its own accord; `on_lost` when it is over and everybody on it with it.
    """

    def __init__(
        self,
        command: Sequence[str],
        settings: Mapping[str, object],
        *,
        on_ready: Callable[[Home], None],
        on_message: Callable[[Home, Message], None],
        on_lost: Callable[[Home, str], None],
    ) -> None:
        """`command` starts a worker on its standard input; `settings` are its plane's arguments but for `listener`."""
        self._command, self._settings = command, settings
        self._on_ready, self._on_message, self._on_lost = on_ready, on_message, on_lost
        self.counters = Counters()
        """Of the process that lives, as it said last."""
        self.pid: int | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._ready = asyncio.Event()
        self._started: asyncio.Future[None] | None = None
        self._stopping = asyncio.Event()
        self._deaths = 0
        self._fate = ""
        self._ticks = self._heard = 0
        self._deaf = False
        self._orders: dict[int, _Order] = {}
        self._ids = itertools.count()
        self._asked: dict[int, asyncio.Future[list[str]]] = {}
        self._keeping: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        return self._ready.is_set()

    @property
    def failing(self) -> bool:
        """Nothing lives here, and that was so several times in a row."""
        return not self.ready and self._deaths > 1

    async def start(self) -> None:
        """Returns when the first process is ready.  Raises NoAddress or WorkerFault."""
        self._started = asyncio.get_running_loop().create_future()
        self._keeping = asyncio.create_task(self._keep())
        await self._started

    async def stop(self) -> None:
        """Let the process end in order, and no other follow."""
        self._stopping.set()
        if self._keeping is None:
            return
        self._send("stop")
        await asyncio.wait([self._keeping], timeout=GOODBYE)
        self._give_up("slow")
        await asyncio.wait([self._keeping])
        if self._started is not None and not self._started.done():
            self._started.set_exception(WorkerFault("it was stopped before it was ready"))

    # ---- what it is told --------------------------------------------------------------------------------------------

    def plan(self, number: int, room: RoomId, plan: WrittenPlan) -> None:
        self._order(number, room, "plan", number, room, plan)

    def forget(self, number: int, room: RoomId, done: Callable[[], None]) -> None:
        """`done` is called when it has, or has ended."""
        self._order(number, room, "forget", number, room, done=done)

    def close(self, peer: str) -> None:
        if self.ready:
            self._send("close", peer)

    def _order(self, number: int, room: RoomId, *message: object, done: Callable[[], None] = lambda: None) -> None:
        if self.ready:
            self._orders[number] = _Order(room, self._ticks, done, asyncio.get_running_loop().create_future())
            self._send(*message)
        else:
            done()  # nobody is connected here; `on_ready` tells the next process, before all else

    async def obeyed(self, room: RoomId) -> None:
        """Wait until nothing outside the newest plan of this room is forwarded: the worker says so, or is dead."""
        waiting = [order.obeyed for order in self._orders.values() if order.room == room]
        if waiting:
            await asyncio.wait(waiting)

    async def offer(self, room: str, peer: str, only_from: frozenset[str] | None = None) -> Offer:
        """Raises what `MediaPlane.offer` does, Restarting and WorkerFault."""
        if not self.ready:
            try:
                async with asyncio.timeout(WAIT_FOR_READY):
                    await self._ready.wait()
            except TimeoutError:
                raise Restarting from None
        generation, sdp = await self._ask("offer", room, peer, None if only_from is None else sorted(only_from))
        return Offer(generation, sdp)

    async def answer(self, peer: str, generation: str, sdp: str) -> None:
        """Raises what `MediaPlane.answer` does, Restarting and WorkerFault."""
        if not self.ready:
            raise Restarting
        await self._ask("answer", peer, generation, sdp)

    async def _ask(self, kind: str, *asked: object) -> list[str]:
        id_ = next(self._ids)
        reply = self._asked[id_] = asyncio.get_running_loop().create_future()
        self._send(kind, id_, *asked)
        try:
            values: list[str] = await reply
        finally:
            self._asked.pop(id_, None)
        return values

    def _send(self, *message: object) -> None:
        if self._channel is not None:
            self._channel.send(*message)

    # ---- what it says -----------------------------------------------------------------------------------------------

    def _hear(self, message: Message) -> None:
        self._heard = self._ticks
        match message:
            case ["ready"]:
                self._ready.set()
                self._on_ready(self)
                if self._started is not None and not self._started.done():
                    self._started.set_result(None)
            case ["no_address", str(reason)]:
                if self._started is not None and not self._started.done():
                    self._started.set_exception(NoAddress(reason))
                    self._stopping.set()
                _log.error("a worker has no address")
            case ["obeyed", int(number), str(room)]:
                for sent in [n for n, order in self._orders.items() if order.room == room and n <= number]:
                    self._orders.pop(sent).settle()
            case ["offered" | "answered", int(id_), *values]:
                if (reply := self._asked.get(id_)) and not reply.done():
                    reply.set_result([str(value) for value in values])
            case ["refused", int(id_), str(code), str(detail)]:
                if (reply := self._asked.get(id_)) and not reply.done():
                    reply.set_exception(_refusal(code, detail))
            case ["beat", [*counters]]:
                self.counters = Counters(*(int(count) for count in counters))
            case _:
                self._on_message(self, message)

    # ---- as time passes ---------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """To be called every 0.1 s."""
        self._ticks += 1
        silent = self._ticks - self._heard
        oldest = next(iter(self._orders.values()), None)
        if self._deaf and self._process is not None:
            self._give_up("deaf")
        elif silent > (HEARD_WITHIN if self.ready else READY_WITHIN):
            self._give_up("silent")
        elif oldest is not None and self._ticks - oldest.sent > OBEYED_WITHIN:
            self._give_up("disobedient")

    def _give_up(self, fate: str) -> None:
        """A process that has ended forwards nothing; `_keep` waits until it has.  Once, or asyncio loses its trace."""
        if self._process is not None and self._process.returncode is None and not self._fate:
            self._fate = fate
            with suppress(ProcessLookupError):
                self._process.kill()

    def _is_deaf(self) -> None:
        """Its end of the line is closed, so it is ending; if it is not, the next tick ends it."""
        self._deaf = True

    # ---- one process after the other --------------------------------------------------------------------------------

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            begun = loop.time()
            try:
                await self._live()
            except OSError as fault:
                _log.error("a worker could not be started", exc_info=fault)
            self._is_lost(quick=loop.time() - begun < QUICK)
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSES[min(self._deaths, len(PAUSES)) - 1]):
                    await self._stopping.wait()

    async def _live(self) -> None:
        """One process from its start to its end.  Raises OSError."""
        channel = Channel(self._hear, self._is_deaf)
        ours, theirs = socket.socketpair()
        await asyncio.get_running_loop().create_unix_connection(lambda: channel, sock=ours)
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=theirs.fileno(),
                    stdout=asyncio.subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C is for the program, which ends its workers in order
                )
            self._process, self._channel, self.pid = process, channel, process.pid
            self._heard, self._deaf, self._fate = self._ticks, False, ""
            channel.send("start", self._settings)
            if self._stopping.is_set():
                self._give_up("stopped")
            await process.wait()
        finally:
            channel.close()

    def _is_lost(self, *, quick: bool) -> None:
        self._deaths = self._deaths + 1 if quick else 1
        self._process = self._channel = self.pid = None
        self._ready.clear()
        for reply in self._asked.values():
            if not reply.done():
                reply.set_exception(Restarting())
        for order in self._orders.values():
            order.settle()
        self._orders.clear()
        if self._started is not None and not self._started.done():
            self._started.set_exception(WorkerFault("a worker could not be started"))
            self._stopping.set()
        self._on_lost(self, self._fate or "died")
        self.counters = Counters()


def _refusal(code: str, detail: str) -> Exception:
    kind = _REFUSALS.get(code)
    if kind is None:
        return WorkerFault(code)
    return MalformedAnswer(detail) if kind is MalformedAnswer else kind()
