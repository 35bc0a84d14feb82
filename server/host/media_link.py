"""From who may hear whom to what the media plane forwards, and back from the plane to the people.

`RoomMedia` is one room's hold on the plane; `MediaLink` is what the plane calls, and finds the room and the person.
A peer is a person in a meeting: the plane knows neither word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from server.host.ports import Plane
from server.host.refusals import NoRelay
from server.host.turn import Turn
from server.room import audience
from server.room.ids import DeviceId, MeetingId, PersonId
from server.room.state import Door, Phase, Role, Room
from server.room.view import Line as LineQuality
from server.room.view import Pictures
from signalling.plan import Flow, Layer, MediaPlan, PeerId, Quality, RoomId, narrowed, without_pictures

_LINES = {Quality.GOOD: LineQuality.GOOD, Quality.POOR: LineQuality.POOR, Quality.LOST: LineQuality.LOST}


def peer_of(meeting: MeetingId, person: PersonId) -> PeerId:
    return PeerId(f"{meeting}.{person}")


def plan_of(meeting: MeetingId, room: Room) -> MediaPlan:
    """The audience of a room in the plane's words."""
    turn = room.floor.turn
    holder = turn.holder if turn is not None else None
    first = {p.id for p in room.people.values() if p.id == holder or p.role is Role.INTERPRETER}
    return {
        peer_of(meeting, listener): {
            peer_of(meeting, speaker): Flow(flow.sound, Layer(flow.picture), bool(flow.picture) and speaker in first)
            for speaker, flow in heard.items()
            if flow.sound or flow.picture
        }
        for listener, heard in audience(room).items()
    }


def may_have_media(room: Room, person: PersonId) -> bool:
    """Somebody who is here, or whose place is kept while their line is down, has a media connection; nobody else."""
    return room.phase is not Phase.ENDED and room.people[person].door in (Door.WAITING, Door.ADMITTED)


class MediaEars(Protocol):
    """What a live room hears from the plane."""

    def media_up(self, person: PersonId, up: bool) -> None: ...

    def media_lost(self) -> None: ...

    def media_says(self, person: PersonId, message: Mapping[str, object]) -> None: ...

    def quality_changed(self, person: PersonId) -> None: ...


class RoomMedia:
    """The media of one room: what is forwarded now, and what each browser was last told of its slots and wishes."""

    def __init__(self, link: MediaLink, meeting: MeetingId) -> None:
        self._link = link
        self._meeting = meeting
        self._room = RoomId(meeting)
        self._plan: MediaPlan = {}
        """What the room allows."""
        self._voices_only: set[PeerId] = set()
        self._told: dict[PersonId, dict[str, Mapping[str, object]]] = {}
        self._joined: set[PersonId] = set()
        self._closing: dict[PersonId, asyncio.Task[None]] = {}
        self._hidden: frozenset[PersonId] = frozenset()

    def plan_of(self, room: Room) -> MediaPlan:
        return plan_of(self._meeting, room)

    def narrow(self, plan: MediaPlan) -> None:
        """Shut, at once, whatever `plan` does not allow; `confirmed` says when it is shut.  Opens nothing."""
        both = narrowed(self._plan, plan)
        if both != self._plan:
            self._forward(both)

    async def confirmed(self) -> None:
        """On return nothing is forwarded that was shut before the call."""
        await self._link.plane.confirmed(self._room)

    def widen(self, plan: MediaPlan) -> None:
        """Forward exactly `plan`."""
        if plan != self._plan:
            self._forward(plan)

    def show_pictures(self, person: PersonId, on: bool) -> None:
        """Whether the others' pictures are to come to this person: their own wish, which only narrows what is allowed.
        It lasts until they say otherwise, or connect anew.
        """
        peer = peer_of(self._meeting, person)
        if on is not (peer not in self._voices_only):
            self._voices_only ^= {peer}
            self._forward(self._plan)

    def _forward(self, plan: MediaPlan) -> None:
        self._link.plane.set_plan(self._room, without_pictures(plan, self._voices_only))
        self._plan = plan

    def forget(self) -> None:
        """The room is closed: nothing of it is forwarded any more."""
        self._plan = {}
        self._voices_only.clear()
        self._told.clear()
        self._joined.clear()
        self._link.plane.forget_room(self._room)
        self._link.leave(self._room)

    def hide(self, people: frozenset[PersonId]) -> None:
        """Whose media may only come by the relay (R18).  Who has come directly so far has to come again."""
        for person in people - self._hidden:
            if not self._link.relay_only:
                self._closing[person] = asyncio.create_task(self.close(person))
        self._hidden = people

    def by_relay(self, person: PersonId) -> bool:
        """Raises `NoRelay` if this person's media may only come by a relay, and there is none."""
        hidden = self._link.relay_only or person in self._hidden
        if hidden and not (self._link.turn and self._link.turn.relays):
            raise NoRelay
        return hidden

    async def join(self, person: PersonId, device: DeviceId, now: datetime, pictures: bool) -> Mapping[str, object]:
        """A new connection of this person, in place of an older one: the offer for their browser, and the relays that
        it may use from `device`.  `pictures`: see `show_pictures`.

        Raises `NoRelay`, and `SignallingError`.
        """
        turn, hidden = self._link.turn, self.by_relay(person)
        if closing := self._closing.pop(person, None):
            await asyncio.wait({closing})  # or it would close the new one
        self._told.pop(person, None)
        self.show_pictures(person, pictures)
        only_from = turn.relays if turn and hidden else None
        offer = await self._link.plane.offer(self._room, peer_of(self._meeting, person), only_from)
        ice = {
            "iceServers": [turn.server(device, now)] if turn else [],
            "iceTransportPolicy": "relay" if hidden else "all",
        }
        return {"kind": "offer", "generation": offer.generation, "sdp": offer.sdp, "ice": ice}

    async def answer(self, person: PersonId, generation: str, sdp: str) -> None:
        """Raises `SignallingError` when the answer does not fit the offer."""
        await self._link.plane.answer(peer_of(self._meeting, person), generation, sdp)

    async def close(self, person: PersonId) -> None:
        self._told.pop(person, None)
        self._joined.discard(person)
        await self._link.plane.close(peer_of(self._meeting, person))

    def close_gone(self, before: Room, after: Room) -> None:
        """Close the connections of those who may no longer have one, and of a device that was taken over (R14).

        Nothing has been forwarded to them or from them since the plan changed; this frees what they held.
        """
        for person in after.people.values():
            was = before.people.get(person.id)
            if was is None or not may_have_media(before, person.id):
                continue
            replaced = was.device is not None and was.device != person.device
            if replaced or not may_have_media(after, person.id):
                self._closing[person.id] = asyncio.create_task(self.close(person.id))

    def generation(self, person: PersonId) -> str | None:
        return self._link.plane.generation(peer_of(self._meeting, person))

    def came_up(self, person: PersonId) -> None:
        self._joined.add(person)

    def lines(self) -> dict[PersonId, LineQuality]:
        """How good the connection is of everyone who has joined; somebody who is still on the way in has none to
        judge.
        """
        return {person: _LINES[self._link.plane.quality(peer_of(self._meeting, person))] for person in self._joined}

    def pictures(self) -> Mapping[PersonId, Pictures]:
        """To whom not all pictures come now, and why: their own wish, or what their browser was told of their line."""
        paused = {
            person: Pictures.PAUSED
            for person, told in self._told.items()
            if (word := told.get("pictures")) and word["paused"] and word["generation"] == self.generation(person)
        }
        return paused | {_person_of(peer): Pictures.OFF for peer in self._voices_only}

    def remember(self, person: PersonId, message: Mapping[str, object]) -> None:
        """Keep the newest slots and wishes, for a browser whose line was down when they were said."""
        if message["kind"] in ("slots", "send", "pictures"):
            self._told.setdefault(person, {})[str(message["kind"])] = message

    def current(self, person: PersonId) -> list[Mapping[str, object]]:
        """What a browser has to know that has just come (back): the state first, then slots and wishes as they are."""
        generation = self.generation(person)
        told = [message for message in self._told.get(person, {}).values() if message["generation"] == generation]
        return [{"kind": "state", "generation": generation}, *told]


class MediaLink:
    """The program's one tie to the media plane, and the listener that the plane calls."""

    def __init__(self, plane: Plane, turn: Turn | None = None, *, relay_only: bool = False) -> None:
        """`relay_only`: everybody's media come by the relay, and by no other way."""
        self.plane = plane
        self.turn = turn
        self.relay_only = relay_only
        self._rooms: dict[RoomId, MediaEars] = {}

    def enter(self, meeting: MeetingId, ears: MediaEars) -> None:
        self._rooms[RoomId(meeting)] = ears

    def leave(self, room: RoomId) -> None:
        self._rooms.pop(room, None)

    # ---- what the plane calls ------------------------------------------------------------------------------

    def peer_up(self, peer: PeerId, generation: str) -> None:
        if (found := self._find(peer)) and generation == self.plane.generation(peer):
            found[0].media_up(found[1], True)

    def peer_down(self, peer: PeerId, generation: str) -> None:
        # a connection that was replaced goes down after its successor stands: that says nothing of the person
        if (found := self._find(peer)) and self.plane.generation(peer) in (None, generation):
            found[0].media_up(found[1], False)
            found[0].media_says(found[1], {"kind": "closed", "generation": generation})

    def room_lost(self, room: RoomId) -> None:
        if ears := self._rooms.get(room):
            ears.media_lost()

    def slots_changed(self, peer: PeerId, generation: str, slots: Mapping[int, PeerId]) -> None:
        if found := self._find(peer):
            people = {str(slot): _person_of(publisher) for slot, publisher in slots.items()}
            found[0].media_says(found[1], {"kind": "slots", "generation": generation, "slots": people})

    def wanted(self, peer: PeerId, generation: str, audio: bool, high: bool, low: bool) -> None:
        if found := self._find(peer):
            wish = {"kind": "send", "generation": generation, "audio": audio, "high": high, "low": low}
            found[0].media_says(found[1], wish)

    def pictures_paused(
        self, peer: PeerId, generation: str, paused: Collection[PeerId], resting: Collection[PeerId]
    ) -> None:
        if found := self._find(peer):
            people = {"paused": sorted(map(_person_of, paused)), "resting": sorted(map(_person_of, resting))}
            found[0].media_says(found[1], {"kind": "pictures", "generation": generation, **people})

    def quality_changed(self, peer: PeerId, quality: Quality) -> None:
        if found := self._find(peer):
            found[0].quality_changed(found[1])

    def _find(self, peer: PeerId) -> tuple[MediaEars, PersonId] | None:
        meeting, _, person = peer.partition(".")
        ears = self._rooms.get(RoomId(meeting))
        return None if ears is None else (ears, PersonId(person))


def _person_of(peer: PeerId) -> PersonId:
    return PersonId(peer.partition(".")[2])
