"""One browser's line, as the host uses it: what is to be told goes into an outbox, which one task empties.

python-engineio's queue for a socket has no limit, so the outbox hands it one packet at a time and waits until the
socket's writer has taken it.  While a slow reader holds that up, a newer view takes the place of the one that
waits, and a reader who falls too far behind is cut off: their browser comes back and is told how things are now.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Mapping

from engineio.exceptions import SocketIsClosedError

from server.clock import Clock
from server.host.live_room import LiveRoom
from server.host.ports import Bye, Told
from server.realtime.guards import LiveServer, Visitor
from server.realtime.limits import ConnectionLimits
from server.room.ids import DeviceId, PersonId

OUTBOX = 128
"""Packets that may wait for one browser; views count once."""
LAST_WORDS = 2.0
"""Seconds between a goodbye and the cut, so that the browser can read it."""


class Connection:
    """See `server.host.ports.Line`."""

    def __init__(
        self,
        server: LiveServer,
        sid: str,
        visitor: Visitor,
        *,
        person: PersonId,
        device: DeviceId,
        room: LiveRoom,
        clock: Clock,
    ) -> None:
        self.person = person
        self.room = room
        self.visitor = visitor
        self.limits = ConnectionLimits(clock)
        self._device = device
        self._server = server
        self._sid = sid
        self._eio_sid = server.eio_sid(sid)
        self._outbox: deque[str] = deque()
        self._view: str | None = None
        """The newest view, if one waits: it goes out where the first one that it replaces would have."""
        self._woken = asyncio.Event()
        self._goodbye = False
        self._writer = asyncio.create_task(self._write())

    @property
    def over(self) -> bool:
        """Nothing more is told on this line, and nothing that is said on it counts."""
        return self._goodbye

    @property
    def device(self) -> DeviceId:
        return self._device

    def view(self, rev: int, now: int, view: bytes) -> None:
        waits = self._view is not None
        self._view = f'2["{Told.VIEW}",{{"rev":{rev},"now":{now},"view":{view.decode()}}}]'
        if not waits:
            self._put(_VIEW)

    def post(self, event: Told, body: Mapping[str, object]) -> None:
        self._put(f"2{_compact([event, body])}")

    def ack(self, number: int | None, body: Mapping[str, object]) -> None:
        """Answer an event, if an answer was asked for."""
        if number is not None:
            self._put(f"3{number}{_compact([body])}")

    def bye(self, reason: Bye) -> None:
        if not self._goodbye:
            self.post(Told.BYE, {"reason": reason})
            self._goodbye = True
            asyncio.get_running_loop().call_later(LAST_WORDS, self.visitor.abort)

    def drop(self) -> None:
        self.visitor.abort()

    def ended(self) -> None:
        """The socket is gone: nothing waits for it any more."""
        self._goodbye = True
        self._outbox.clear()
        self._writer.cancel()

    def _put(self, text: str) -> None:
        if self._goodbye:
            return
        if len(self._outbox) >= OUTBOX:
            self.ended()
            self.visitor.abort()
            return
        self._outbox.append(text)
        self._woken.set()

    async def _write(self) -> None:
        with contextlib.suppress(SocketIsClosedError):  # `ended` is about to be called
            await self._empty()

    async def _empty(self) -> None:
        while True:
            while not self._outbox:
                if self._goodbye:
                    await self._server.say_goodbye(self._sid)
                    return
                self._woken.clear()
                await self._woken.wait()
            text = self._outbox.popleft()
            if text is _VIEW:
                assert self._view is not None
                text, self._view = self._view, None
            await self._server.eio.send(self._eio_sid, text)
            await self._taken()

    async def _taken(self) -> None:
        """Wait until the socket's writer has what we gave it."""
        socket = self._server.engine_socket(self._eio_sid)
        if socket is not None:
            await socket.queue.join()


_VIEW = "view"
"""Stands in the outbox for the newest view."""


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
