"""The media plane: who is connected, and what the plan lets pass between them.

The plan is the only thing that opens a gate, and `set_plan` is synchronous.  Everything else here follows from it:
which slot shows whom, what a publisher's browser need not send, and what a connection that comes up later is let at.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVarTuple, Unpack

from signalling.allocation import carried_above, on_step, paused
from signalling.beats import PER_SECOND, TENTH, Beats, in_pieces, phase
from signalling.connection import ANSWER_WITHIN, Connection, State
from signalling.counters import Counters
from signalling.errors import StaleGeneration, TooManyConnecting
from signalling.insides import own_addresses
from signalling.listener import MediaListener
from signalling.offer import Offer
from signalling.path import silence_libraries
from signalling.peer import Peer, Tracks, pictures, rates, sound
from signalling.plan import Flow, Layer, MediaPlan, PeerId, Quality, RoomId
from signalling.planning import NOTHING, Wanted, changed, settled, wanted_of
from signalling.port import Port, open_ports
from signalling.quality import Line, judged
from signalling.slots import assign
from signalling.timeline import NTP_OF_UNIX, ServerTime

HALF_OPEN: Final = 100
"""Connections that may be offered or connecting at once.  Each holds up to 170 KB; browsers finish within a second."""
STALL: Final = 0.25
"""A beat that is later than this was the server's fault, and is not held against anybody's line."""

_Arguments = TypeVarTuple("_Arguments")
_log = logging.getLogger(__name__)


class MediaPlane:
    """See the package's README for the way of a packet.  All methods are called on the event loop of `start`."""

    def __init__(
        self,
        *,
        addresses: Sequence[str] | None,
        listener: MediaListener,
        port: int = 0,
        public: Mapping[str, str] | None = None,
    ) -> None:
        """`addresses`: those of this machine at which it listens; None for all of them, and loopback.

        `port`: the one UDP port for everybody; 0 for a free one.  `public`: address of this machine -> what browsers
        have to call it, where a router stands between.  No STUN server is ever asked.
        """
        self._addresses = own_addresses() if addresses is None else addresses
        self._port, self._public, self._listener = port, dict(public or {}), listener
        self._ports: tuple[Port, ...] = ()
        self._plans: dict[RoomId, dict[PeerId, dict[PeerId, Flow]]] = {}
        self._peers: dict[PeerId, Peer] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._beats = Beats()
        self._ticker: asyncio.Task[None] | None = None
        self._time = ServerTime(NTP_OF_UNIX + time.time() - time.monotonic())
        self.counters = Counters()

    async def start(self) -> None:
        """Raises NoAddress when the port cannot be had at any address."""
        silence_libraries()
        self._ports = open_ports(self._addresses, self._port, self._public, self.counters)
        self._ticker = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Close everything; the listener is not told."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait([self._ticker])
        for _, connection in self._connections():
            self._drop(connection)
        self._peers.clear()
        if self._closing:
            await asyncio.wait(set(self._closing))
        for port in self._ports:
            port.close()
        self._ports = ()

    # ---- negotiation ------------------------------------------------------------------------------------------------

    async def offer(self, room: RoomId, peer: PeerId, only_from: frozenset[str] | None = None) -> Offer:
        """A new connection for this peer, heard `only_from` these IP addresses.  It replaces an older one at once.

        Raises TooManyConnecting; then the older one is gone all the same.
        """
        assert self._ports, "start() comes first"
        known = self._peers.get(peer)
        if known is not None:
            self._end(known)
        if known is None or known.room != room:
            known = self._peers[peer] = Peer(peer, room)
        others = self._connections()
        if sum(each.state is not State.UP for _, each in others) >= HALF_OPEN:
            raise TooManyConnecting
        told = self._came_up(known), self._is_over(known), self._beats.hurry
        beat = phase(each.phase for _, each in others)
        connection = known.connection = Connection(self._ports, self._time, self.counters, *told, beat, only_from)
        try:
            return await connection.offer()
        except BaseException:  # a cancelled caller has nobody to give the offer to
            if known.connection is connection:
                self._end(known)
            raise

    async def answer(self, peer: PeerId, generation: str, sdp: str) -> None:
        """The browser's answer.  Raises StaleGeneration, AlreadyAnswered or MalformedAnswer, and changes nothing."""
        known = self._peers.get(peer)
        if known is None or known.connection is None or known.connection.generation != generation:
            raise StaleGeneration
        known.connection.answer(sdp)

    async def close(self, peer: PeerId) -> None:
        """End this peer's connection and forget their slots.  What the plan says of them stays."""
        known = self._peers.pop(peer, None)
        if known is not None:
            self._end(known)

    def generation(self, peer: PeerId) -> str | None:
        """The generation of the connection that is up."""
        known = self._peers.get(peer)
        return known.up.generation if known is not None and known.up is not None else None

    def quality(self, peer: PeerId) -> Quality:
        return known.line.quality if (known := self._peers.get(peer)) is not None else Quality.LOST

    # ---- the plan ---------------------------------------------------------------------------------------------------

    def set_plan(self, room: RoomId, plan: MediaPlan) -> None:
        """From now on exactly `plan` may pass in this room.

        When this returns, nothing outside the plan is forwarded, and it holds for whoever connects later too.
        """
        old = self._plans.get(room, {})
        new = self._plans[room] = settled(plan)
        for subscriber in changed(old, new):
            self._arrange(self._peers.get(subscriber), room)
        self._want(room)

    async def confirmed(self, room: RoomId) -> None:
        """Nothing outside the room's plan is forwarded any more: here that is so when `set_plan` returns."""

    def forget_room(self, room: RoomId) -> None:
        """Shut every gate, forget the plan, end the connections of this room."""
        self.set_plan(room, {})
        del self._plans[room]
        for peer in self._in(room):
            del self._peers[peer.id]
            self._end(peer)

    def _want(self, room: RoomId) -> None:
        """Tell the publishers of this room what anybody may receive of them, and has a line for."""
        plan = self._plans.get(room, {})
        peers = {s: self._peers[s] for s in plan if s in self._peers and self._peers[s].room == room}
        wanted = wanted_of(
            {s: on_step(flows, peers[s].share.step) if s in peers else flows for s, flows in plan.items()}
        )
        for peer in self._in(room):
            peer.wanted = wanted.get(peer.id, Wanted())
            self._tell_wanted(peer, carried_above(peer.wanted, peer.share_above.step))

    def _allocate(self, peer: Peer, connection: Connection) -> None:
        """Once a second: what this person's line carries."""
        flows = self._plans.get(peer.room, {}).get(peer.id, {})
        if peer.share_out(connection, flows, lambda publisher: rates(self._tracks(peer.room, publisher))):
            self._arrange_around(peer)
            self._want(peer.room)

    def _in(self, room: RoomId) -> list[Peer]:
        return [peer for peer in self._peers.values() if peer.room == room]

    def _connections(self) -> list[tuple[Peer, Connection]]:
        return [(peer, peer.connection) for peer in self._peers.values() if peer.connection is not None]

    def _arrange(self, peer: Peer | None, room: RoomId) -> None:
        """Point this subscriber's slots as the plan says."""
        if peer is None or peer.room != room:
            return
        flows = self._plans.get(room, {}).get(peer.id, {})
        peer.slots = assign(peer.slots, flows)
        connection = peer.up
        if connection is None:
            return
        now = time.monotonic()
        showing = peer.slots.showing()
        carried = on_step(flows, peer.share.step)
        for index, (audio, video) in enumerate(connection.pairs):
            publisher = showing.get(index)
            tracks = self._tracks(room, publisher)
            flow = carried[publisher] if publisher is not None else NOTHING
            audio.show(sound(tracks) if flow.audio else (), now)
            video.show(pictures(tracks, flow.video), now)
        if showing != peer.told_slots:
            peer.told_slots = showing
            self._tell(self._listener.slots_changed, peer.id, connection.generation, showing)
        seen = {p for p, flow in flows.items() if flow.video is not Layer.NONE} | {peer.id}
        resting = frozenset(p for p in seen & self._peers.keys() if self._peers[p].rests)
        if (dark := (paused(flows, peer.share.step), resting)) != peer.told_paused:
            peer.told_paused = dark
            self._tell(self._listener.pictures_paused, peer.id, connection.generation, *dark)

    def _arrange_around(self, peer: Peer) -> None:
        """Point this person's slots, and those of everybody who is to hear or see them."""
        self._arrange(peer, peer.room)
        for subscriber, flows in self._plans.get(peer.room, {}).items():
            if peer.id in flows:
                self._arrange(self._peers.get(subscriber), peer.room)

    def _tracks(self, room: RoomId, publisher: PeerId | None) -> Tracks:
        """What a publisher who is connected in this very room sends, and has a line for."""
        peer = self._peers.get(publisher) if publisher is not None else None
        return peer.tracks if peer is not None and peer.room == room else {}

    def _tell_wanted(self, peer: Peer, wanted: Wanted) -> None:
        connection = peer.up
        if connection is not None and wanted != peer.told_wanted:
            peer.told_wanted = wanted
            self._tell(self._listener.wanted, peer.id, connection.generation, wanted.audio, wanted.high, wanted.low)

    # ---- connections come and go ------------------------------------------------------------------------------------

    def _came_up(self, peer: Peer) -> Callable[[Connection], None]:
        def came_up(connection: Connection) -> None:
            peer.begin()
            self._tell(self._listener.peer_up, peer.id, connection.generation)
            self._judge(peer, Line())
            self._arrange_around(peer)
            self._want(peer.room)

        return came_up

    def _is_over(self, peer: Peer) -> Callable[[Connection], None]:
        def is_over(connection: Connection) -> None:
            if peer.connection is connection:
                self._end(peer)

        return is_over

    def _end(self, peer: Peer) -> None:
        connection, peer.connection = peer.connection, None
        if connection is None:
            return
        self._drop(connection)
        self._tell(self._listener.peer_down, peer.id, connection.generation)
        self._judge(peer, Line(Quality.LOST))

    def _drop(self, connection: Connection) -> None:
        connection.cut()
        task = asyncio.create_task(connection.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    # ---- as time passes ---------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        async for beat, now, late in self._beats.each(self._until_due):
            if late > STALL:
                self.counters.stalls += 1
                for _, connection in self._connections():
                    connection.path.heard_at = min(now, connection.path.heard_at + late)
            # (in no variable, which would keep those that end until the next beat)
            async for peer, connection in in_pieces([one for one in self._connections() if not one[1].until_due(beat)]):
                if peer.connection is not connection:
                    continue
                try:
                    self._advance(peer, connection, now, beat)
                except Exception:  # a fault in one connection must not stop the clock of all others
                    _log.exception("a connection was ended by a fault")
                    self._end(peer)

    def _until_due(self, beat: int) -> int:
        """In how many beats after this one there is something to do for anybody."""
        return 1 + min((each.until_due(beat + 1) for _, each in self._connections()), default=TENTH - 1)

    def _advance(self, peer: Peer, connection: Connection, now: float, beat: int) -> None:
        beat += connection.phase
        if connection.state is State.UP:
            connection.tick(now, beat)
            if beat % PER_SECOND == 0 and connection.state is State.UP:
                self._judge(peer, judged(peer.line, connection.measured(now)))
                self._allocate(peer, connection)
        elif connection.state is State.OFFERED and now - connection.since > ANSWER_WITHIN:
            self._end(peer)

    def _judge(self, peer: Peer, line: Line) -> None:
        before, peer.line = peer.line, line
        if line.quality is not before.quality:
            self._tell(self._listener.quality_changed, peer.id, line.quality)

    def _tell(self, method: Callable[[Unpack[_Arguments]], None], *arguments: *_Arguments) -> None:
        """After this call, not inside it: the listener may call back."""
        asyncio.get_running_loop().call_soon(method, *arguments)
