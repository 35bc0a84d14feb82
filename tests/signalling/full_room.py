"""Twelve people who all publish, with real keys on real sockets, and receivers who know what may have reached them.

Every packet carries who sent it, of what kind it is, and in which round: a round is the time between two plans.  A
receiver may have something of somebody from a round only if that round's plan says so.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic

from signalling import SLOT_PAIRS, Flow, Layer
from signalling.profile import OPUS_SILENCE, VP8
from tests.signalling.client import Client, Received
from tests.signalling.packets import KEY_FRAME, audio_level, video_extensions
from tests.signalling.stage import P, Stage, until

NAMES: Final = tuple(f"p{i:02}" for i in range(SLOT_PAIRS + 1))
_MARK = struct.Struct("!4sBL")
_TAG: Final = b"mark"
Plan = Mapping[str, Mapping[str, Flow]]
CLOSED: Final = Flow()


class Quick(Client):
    """Packets go past aiortc's queues and tasks, so that twelve people are quick enough."""

    async def connect(self) -> None:
        await super().connect()
        protocol = self._gatherer._connection._nominated[1].protocol
        usual = protocol.datagram_received
        open_up, self._close = self.dtls._rx_srtp.unprotect, self.dtls._tx_srtp.protect
        self._transport = protocol.transport

        def received(data: Any, addr: tuple[Any, ...]) -> None:
            if 127 < data[0] < 192 and not 191 < data[1] < 224:
                self.got_rtp(open_up(data))
            else:
                usual(data, addr)

        protocol.datagram_received = received  # type: ignore[method-assign]

    def shoot(self, packet: bytes) -> None:
        """It is with the kernel when this returns."""
        self._transport.sendto(self._close(packet), self.server())


@dataclass
class Room(Generic[P]):
    stage: Stage[P]
    people: dict[str, Quick] = field(default_factory=dict)
    plans: list[Plan] = field(default_factory=list)
    """The plan of each round."""
    got: dict[tuple[int, bool], int] = field(default_factory=dict)
    """(round, is it a picture?) -> packets that arrived."""
    faults: list[str] = field(default_factory=list)
    _wide: int = 0

    async def fill(self) -> None:
        for number, name in enumerate(NAMES):
            person = self.people[name] = Quick()
            await self.stage.join(name, person)
            person.on_rtp = self._received(name, number)

    def _received(self, receiver: str, number: int) -> Callable[[Received], None]:
        def received(packet: Received) -> None:
            if packet.payload == OPUS_SILENCE:
                return
            at = packet.plain.rfind(_TAG)
            _, sender, round_ = _MARK.unpack_from(packet.plain, at)
            is_picture = packet.payload_type == VP8
            flow = self.plans[round_].get(receiver, {}).get(NAMES[sender], CLOSED)
            if not (flow.video if is_picture else flow.audio) or sender == number:
                kind = "picture" if is_picture else "voice"
                self.faults.append(f"round {round_}: {receiver} got a {kind} of {NAMES[sender]}")
            key = round_, is_picture
            self.got[key] = self.got.get(key, 0) + 1

        return received

    def speak(self, round_: int) -> int:
        """A packet of each person's voice and one of each of their pictures; how many.

        The pictures are key frames, which pass as soon as they may.
        """
        for number, (name, person) in enumerate(self.people.items()):
            self.speak_alone(name, round_)
            mark = _MARK.pack(_TAG, number, round_)
            for source in (person.high, person.low):
                assert source is not None
                self._wide += 1
                extensions = video_extensions(self._wide)
                person.shoot(source.packet(KEY_FRAME + bytes(60) + mark, marker=True, extensions=extensions))
        return 3 * len(self.people)

    def speak_alone(self, name: str, round_: int) -> None:
        person = self.people[name]
        assert person.voice is not None
        mark = _MARK.pack(_TAG, NAMES.index(name), round_)
        person.shoot(person.voice.packet(b"voice" + mark, extensions=audio_level()))

    def voices(self, round_: int) -> int:
        """How many packets of sound must have arrived of this round for each time that everybody spoke."""
        return sum(flow.audio for of in self.plans[round_].values() for flow in of.values())

    async def heard(self, round_: int, voices: int) -> None:
        """So many packets of sound of this round have arrived; fails when they do not."""
        await until(lambda: self.count(round_, picture=False) >= voices, within=10)

    def hearers(self, name: str, round_: int) -> int:
        return sum(of[name].audio for of in self.plans[round_].values() if name in of)

    def count(self, round_: int, *, picture: bool) -> int:
        return self.got.get((round_, picture), 0)


def random_plan(rng: random.Random) -> Plan:
    """Narrow or wide by turns; now and then a talking piece, a pause, everybody."""
    match rng.randrange(10):
        case 0:
            return {}
        case 1:
            holder = rng.choice(NAMES)
            return {v: {p: Flow(audio=p == holder, video=Layer.LOW) for p in NAMES if p != v} for v in NAMES}
        case 2:
            return {v: {p: Flow(audio=True, video=Layer.HIGH) for p in NAMES if p != v} for v in NAMES}
    share = rng.choice((0.05, 0.2, 0.4))
    layers = (Layer.HIGH, Layer.LOW)

    def flow() -> Flow:
        return Flow(audio=rng.random() < share, video=rng.choice(layers) if rng.random() < share else Layer.NONE)

    return {v: {p: flow() for p in NAMES if p != v} for v in NAMES}
