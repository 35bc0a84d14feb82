"""The Socket.IO edge: who somebody is, what they ask, and the answer in words.

Who acts is decided by the cookie alone: the session behind it names the person, and no field of any message does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from aiohttp import web
from socketio.exceptions import ConnectionRefusedError as NotIn

from server.clock import Alarm, Clock
from server.host.jobs import Done, Fault, Outcome
from server.host.ports import Bye
from server.host.refusals import Closed, Stalled
from server.host.registry import NoSuchMeeting, Registry
from server.log import logger
from server.realtime import wire
from server.realtime.connection import Connection
from server.realtime.guards import PATH, LiveServer, Visitor
from server.realtime.limits import Bucket, Ceilings, Sockets
from server.realtime.outcomes import MALFORMED, TOO_MANY, Outcomes
from server.realtime.sentences import say
from server.room.commands import Leave, Pause, SendMessage, WithdrawConsent
from server.room.ids import DeviceId, MeetingId, PersonId
from server.store.errors import StoreDown
from server.store.schema import SessionKind
from signalling.errors import SignallingError

SESSION_ENDED = "session_ended"
SLOW_DOWN = "slow_down"
FAULT = "fault"
WHO_WITHIN = 4.0
"""Seconds to find out who somebody is and to open their room."""

Ack = Mapping[str, object]
log = logger()


class Session(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> SessionKind: ...
    @property
    def subject(self) -> str: ...
    @property
    def expires_at(self) -> datetime: ...


class Sessions(Protocol):
    async def find(self, token: str, *, now: datetime) -> Session | None: ...


class Invited(Protocol):
    @property
    def meeting(self) -> MeetingId: ...


class People(Protocol):
    async def person(self, id: PersonId, /) -> Invited | None: ...  # noqa: A002  # as in the store


class Gateway:
    """The lines of this process to people's browsers."""

    def __init__(self, *, registry: Registry, sessions: Sessions, people: People, clock: Clock, secure: bool) -> None:
        """`secure`: browsers reach us by https, so the cookie carries the `__Host-` prefix and no other one counts."""
        self.server: LiveServer
        self.sockets: Sockets
        self.outcomes = Outcomes()
        self._registry = registry
        self._sessions = sessions
        self._people = people
        self._clock = clock
        self._cookie = "__Host-tp_" if secure else "tp_"
        self._connections: dict[str, Connection] = {}
        self._expiries: dict[str, Alarm] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def end_sessions(self, person: PersonId) -> None:
        """The sessions of a person were ended: say so to every browser that was let in by one."""
        for connection in list(self._connections.values()):
            if connection.person == person:
                connection.bye(Bye.SESSION_ENDED)

    def attach(self, app: web.Application) -> None:
        """Answer on our path of this application."""
        self.server.attach(app, socketio_path=PATH)

    async def close(self) -> None:
        """Cut every line.  Close the rooms first, or everybody's going will be recorded as their own."""
        for connection in list(self._connections.values()):
            connection.drop()
        await self.server.shutdown()

    # ---- coming and going (Hearer) -------------------------------------------------------------------------

    async def connect(self, sid: str, visitor: Visitor, auth: object) -> None:
        try:
            async with asyncio.timeout(WHO_WITHIN):
                await self._let_in(sid, visitor, auth)
        except wire.Malformed as wrong:
            raise _not_in(wrong.code) from None
        except NoSuchMeeting:
            raise _not_in(SESSION_ENDED) from None
        except (StoreDown, Stalled, TimeoutError):
            raise _not_in(Stalled.code) from None
        except Closed:
            raise _not_in(Closed.code) from None
        except NotIn:
            raise
        except Exception as fault:
            log.error("connect_failed", exc_info=fault)
            raise _not_in(FAULT) from None

    async def _let_in(self, sid: str, visitor: Visitor, auth: object) -> None:
        person = wire.parse_auth(auth)
        token = visitor.request.cookies.get(f"{self._cookie}{person}", "")
        await self._session_of(person, token)
        invited = await self._people.person(person)
        if invited is None:
            raise _not_in(SESSION_ENDED)
        room = await self._registry.open(invited.meeting)
        # asked again, and last: a link may have been replaced while the room was opened
        session = await self._session_of(person, token)
        device = DeviceId(session.id)
        connection = Connection(self.server, sid, visitor, person=person, device=device, room=room, clock=self._clock)
        self._connections[sid] = connection
        self._expiries[sid] = self._clock.call_at(session.expires_at, lambda: connection.bye(Bye.SESSION_ENDED))

    async def _session_of(self, person: PersonId, token: str) -> Session:
        session = await self._sessions.find(token, now=self._clock.now())
        if session is None or session.kind is not SessionKind.PERSON or session.subject != person:
            raise _not_in(SESSION_ENDED)
        return session

    def joined(self, sid: str) -> None:
        connection = self._connections[sid]
        connection.room.attach(connection.person, connection)

    def left(self, sid: str) -> None:
        connection = self._connections.pop(sid, None)
        if connection is not None:
            self._expiries.pop(sid).cancel()
            connection.ended()
            connection.room.detach(connection.person, connection)

    # ---- what browsers say (Hearer) ------------------------------------------------------------------------

    def unreadable(self, sid: str | None, visitor: Visitor) -> None:
        connection = self._connections.get(sid) if sid is not None else None
        if connection is None:
            if visitor.strike():
                visitor.abort()
        else:
            self._strike(connection)

    def heard(self, sid: str, event: str, body: object, ack: int | None) -> None:
        connection = self._connections[sid]
        if connection.over:
            return
        try:
            match event:
                case "command":
                    self._command(connection, body, ack)
                case "media":
                    self._media(connection, body, ack)
                case "received":
                    self._received(connection, body, ack)
                case "there":
                    self._there(connection, ack)
        except wire.Malformed as wrong:
            if event == "command":
                self.outcomes.count(MALFORMED)
            if wrong.code not in wire.SLIPS:
                self._strike(connection)
            connection.ack(ack, _no("malformed", wrong.code, wrong.detail))

    def _command(self, connection: Connection, body: object, ack: int | None) -> None:
        given = wire.parse(body, connection.person)
        # what stops something is never one too many
        always = isinstance(given.command, Pause | Leave | WithdrawConsent)
        bucket = connection.limits.messages if isinstance(given.command, SendMessage) else connection.limits.commands
        if not always and not self._may(connection, bucket, ack):
            self.outcomes.count(TOO_MANY)
            return

        def answered(reply: asyncio.Future[Outcome]) -> None:
            self.outcomes.came(reply.result())
            connection.ack(ack, _answer(reply.result()))

        connection.room.submit(given.command, given.id, given.text).add_done_callback(answered)

    def _media(self, connection: Connection, body: object, ack: int | None) -> None:
        """Pass on what the browser and the media plane say to each other.  Nobody here looks inside."""
        message = wire.parse_media(body)
        if not self._may(connection, connection.limits.media, ack):
            return
        task = asyncio.create_task(self._carry(connection, message))
        task.add_done_callback(lambda done: connection.ack(ack, done.result()))

    async def _carry(self, connection: Connection, message: wire.MediaWord) -> Ack:
        room, person = connection.room, connection.person
        try:
            match message:
                case wire.Join(pictures=pictures):
                    return _answer(await room.join_media(person, connection, pictures))
                case wire.Answer(generation=generation, sdp=sdp):
                    return _answer(await room.answer_media(person, connection, generation, sdp))
                case wire.Pictures(on=on):
                    return _answer(room.show_pictures(person, connection, on))
        except SignallingError as refused:
            return _no("refused", refused.code)
        except Exception as fault:
            log.error("media_failed", meeting=room.meeting, person=person, exc_info=fault)
            return _no("fault", FAULT)

    def _received(self, connection: Connection, body: object, ack: int | None) -> None:
        message = wire.parse_received(body)
        if self._may(connection, connection.limits.received, ack):
            connection.ack(ack, _answer(connection.room.received(connection.person, message)))

    def _there(self, connection: Connection, ack: int | None) -> None:
        """A browser to which no sound comes asks whether its line stands; that there is an answer is the answer."""
        if self._may(connection, connection.limits.received, ack):
            connection.ack(ack, {"ok": True})

    def _may(self, connection: Connection, bucket: Bucket, ack: int | None) -> bool:
        if bucket.take():
            return True
        if connection.limits.patience.take():
            connection.ack(ack, _no("refused", SLOW_DOWN))
        else:
            connection.bye(Bye.SLOW_DOWN)
        return False

    def _strike(self, connection: Connection) -> None:
        log.warning("malformed", meeting=connection.room.meeting, person=connection.person)
        if connection.visitor.strike():
            connection.bye(Bye.MALFORMED)


def build_server(
    *,
    registry: Registry,
    sessions: Sessions,
    people: People,
    clock: Clock,
    origins: frozenset[str],
    secure: bool,
    address_of: Callable[[web.Request], str],
    ceilings: Ceilings | None = None,
) -> Gateway:
    """The edge; `gateway.attach(app)` gives it its path.  `address_of` names a caller's network, for counting only."""
    gateway = Gateway(registry=registry, sessions=sessions, people=people, clock=clock, secure=secure)
    gateway.sockets = Sockets(ceilings or Ceilings())
    gateway.server = LiveServer(gateway, origins=origins, sockets=gateway.sockets, clock=clock, address_of=address_of)
    return gateway


def _answer(outcome: Outcome) -> Ack:
    match outcome:
        case Done(rev=rev):
            return {"ok": True, "rev": rev}
        case Fault(id=id_):
            return _no("fault", FAULT, {"fault": id_})
        case refusal:
            return _no("refused", refusal.code, refusal.detail)


def _no(kind: str, code: str, detail: Mapping[str, object] | None = None) -> Ack:
    return {"ok": False, "kind": kind, "code": code, "detail": detail or {}, "say": say(code)}


def _not_in(code: str) -> NotIn:
    return NotIn(code, {"code": code, "say": say(code)})
