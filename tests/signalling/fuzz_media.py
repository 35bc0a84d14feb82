"""RTP and RTCP of somebody with real keys, whatever the plaintext, before real connections with real gates."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Final, cast
from unittest import mock

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from signalling import connection, forward, losses, rtcp, rtp, slot, track
from signalling.answer import Published
from signalling.connection import Connection
from signalling.counters import Counters
from signalling.dtls import Keys
from signalling.forward import Inlet
from signalling.insides import allocate, memmove, view
from signalling.outbox import Destination, Outbox
from signalling.profile import OPUS, RTX, VP8, TrackKind
from signalling.timeline import ServerTime
from signalling.track import Track
from signalling.uplink import Uplink
from tests.signalling.fuzzing import Target, changed
from tests.signalling.packets import DELTA_FRAME, KEY_FRAME, audio_level, rtp_packet, video_extensions
from tests.signalling.wire import emptied, refill

_SSRCS: Final = (100, 200, 201, 300, 301)
_CASES_EACH: Final = 5000
"""Cases that one set of keys stands."""
_REPORTS: Final = {bytes((kind,)) for kind in range(192, 224)}
_RTX_OF: Final = {200: 201, 300: 301}


class _Dice:
    """Takes the place of `secrets`, so that a failure can be repeated."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.randbits, self.randbelow = rng.getrandbits, rng.randrange
        self.token_bytes: Callable[[int], bytes] = rng.randbytes

    def token_hex(self, size: int) -> str:
        return self.token_bytes(size).hex()


def _session(key: bytes, kind: int) -> Session:
    policy = Policy(key=key, ssrc_type=kind, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM)
    policy.allow_repeat_tx = True
    policy.window_size = 1024
    return Session(policy)


class _Kept(Outbox):
    """Keeps what the kernel would be given."""

    def __init__(self, sent: list[bytes]) -> None:
        super().__init__(-1, 8, socket.AF_INET, Counters())
        self._sent = sent

    def send(self) -> None:
        self._sent += emptied(self)


class _Person:
    """A connection with keys and without a network, and what its other side holds."""

    def __init__(self, time: ServerTime, counters: Counters, dice: _Dice) -> None:
        up, down = dice.token_bytes(28), dice.token_bytes(28)
        with mock.patch.object(connection, "secrets", dice), mock.patch.object(slot, "secrets", dice):
            self.connection = Connection((), time, counters, lambda _: None, lambda _: None)
        path = self.connection.path
        receive, send = _session(up, Policy.SSRC_ANY_INBOUND), _session(down, Policy.SSRC_ANY_OUTBOUND)
        path._keys = Keys(receive, send, receive._srtp[0], send._srtp[0], Policy.SRTP_PROFILE_AEAD_AES_128_GCM, down)
        path.rx, path.tx = path._keys.rx, path._keys.tx
        self.sent: list[bytes] = []
        path.outbox, path.destination = _Kept(self.sent), Destination(bytes(16))
        path.sendto = self._keep
        self.encrypt, self.decrypt = _session(up, Policy.SSRC_ANY_OUTBOUND), _session(down, Policy.SSRC_ANY_INBOUND)
        self._seen: dict[bytes, bytes] = {}

    def _keep(self, data: Any, _: object) -> int:
        self.sent.append(bytes(data))
        return len(data)

    def publish(self, counters: Counters) -> Inlet:
        path, tracks = self.connection.path, self.connection.tracks
        for kind, ssrc in zip(TrackKind, (100, 200, 300), strict=True):
            tracks[kind] = Track(Published(kind, ssrc, _RTX_OF.get(ssrc), True, ssrc != 100), path)
        by_ssrc = {t.ssrc: t for t in tracks.values()} | {_RTX_OF[s]: tracks[k] for k, s in
                   ((TrackKind.HIGH, 200), (TrackKind.LOW, 300))}  # fmt: skip
        inlet = Inlet(path, by_ssrc, counters, self.connection._rtcp)
        self.connection._uplink = Uplink(path, tracks, inlet)
        return inlet

    def got(self) -> list[bytes]:
        """The RTP that came since the last call, decrypted.  Raises if a key stream was used for two plaintexts."""
        cast("_Kept", self.connection.path.outbox).send()
        plain = []
        for raw in self.sent:
            if 191 < raw[1] < 224:
                continue
            name = raw[2:4] + raw[8:12]
            try:
                plain.append(bytes(self.decrypt.unprotect(raw)))
            except SrtpError:  # a number that was used: allowed if it is that very packet, as repeats are
                if self._seen.get(name) != raw:
                    raise
            self._seen[name] = raw
        self.sent.clear()
        return plain


class Media(Target):
    """Nothing is raised; what is refused changes nothing; what is forwarded goes through an open gate, is of a declared
    kind, and under a number that was not used.
    """

    modules = (forward, track, slot, losses, rtp, rtcp, connection)

    def __init__(self) -> None:
        self.counters = Counters()
        self._buffer = allocate("char[]", 2048)
        self._view = memoryview(view(self._buffer)).cast("B")
        self._beat = 0
        self.heard = 0
        """Packets that passed the open gate."""
        self._dice = _Dice(7)
        self._fresh()

    def _fresh(self) -> None:
        time = ServerTime(0.0)
        self._eve, self._ben, self._cut_off = (_Person(time, self.counters, self._dice) for _ in range(3))
        self._inlet = self._eve.publish(self.counters)
        self._tracks = self._eve.connection.tracks
        self._seq = {ssrc: self._dice.randbits(16) for ssrc in _SSRCS}
        self._cases = 0
        self._sound_open = self._picture_open = False
        self._gate(self._cut_off, sound=True, picture=True)
        self._gate(self._cut_off, sound=False, picture=False)
        self._gate(self._ben, sound=True, picture=False)
        self._sound_open = True

    def _gate(self, viewer: _Person, *, sound: bool, picture: bool) -> None:
        audio, video = viewer.connection.pairs[0]
        tracks = self._tracks
        audio.show((tracks[TrackKind.AUDIO],) if sound else (), monotonic())
        video.show((tracks[TrackKind.HIGH], tracks[TrackKind.LOW]) if picture else (), monotonic())

    # ---- what is sent -----------------------------------------------------------------------------------------------

    def change(self, rng: random.Random, corpus: Sequence[bytes]) -> bytes:
        """The first byte says what is done with the rest: 0 is encrypted as RTP, 1 as RTCP of a publisher, 2 as that of
        a viewer, 3 goes as it is, 4 moves the gates, 5 lets time pass.
        """
        if corpus and rng.random() < 0.05:
            old = rng.choice(corpus)
            return old[:1] + changed(rng, old[1:], corpus)
        way = rng.choices((0, 1, 2, 3, 4, 5), (70, 6, 10, 6, 2, 6))[0]
        match way:
            case 0 | 3:
                data = self._packet(rng)
            case 1:
                data = rtcp.sender_report(rng.choice(_SSRCS), rng.getrandbits(64), rng.getrandbits(32), 1, 1)
            case 2:
                data = self._report(rng)
            case _:
                return bytes((way, rng.randrange(4)))
        if rng.random() < 0.5:
            data = changed(rng, data, ())
        return bytes((way,)) + data

    def _packet(self, rng: random.Random) -> bytes:
        ssrc = rng.choice(_SSRCS)
        seq = self._seq[ssrc]
        seq = (seq + rng.choices((1, 2, 5, -1, -3, 199, 201, 32767, 32769), (60, 8, 4, 6, 4, 1, 1, 1, 1))[0]) & 0xFFFF
        if ssrc == 100:
            return rtp_packet(OPUS, seq, rng.getrandbits(32), 100, b"voice" * rng.randrange(1, 9),
                              extensions=audio_level())  # fmt: skip
        head = rng.choice((KEY_FRAME, DELTA_FRAME, DELTA_FRAME))
        if ssrc in (200, 300):
            return rtp_packet(VP8, seq, 90 * seq, ssrc, head + bytes(rng.randrange(1200)),
                              marker=rng.random() < 0.5, extensions=video_extensions(rng.getrandbits(16)))  # fmt: skip
        original = self._seq[ssrc - 1] - rng.randrange(6) & 0xFFFF
        return rtp_packet(RTX, seq, 90 * seq, ssrc, original.to_bytes(2, "big") + head)

    def _report(self, rng: random.Random) -> bytes:
        audio, video = self._ben.connection.pairs[0]
        shown = rng.choice((audio, video))
        newest = shown.track.newest if shown.track is not None else rng.getrandbits(16)
        first = newest + shown.seq_offset - rng.randrange(40)
        block = rtcp.Block(shown.ssrc, rng.randrange(256), 1, rng.getrandbits(32), 3, 4, 5)
        return rng.choice((
            rtcp.nack(shown.ssrc, [first + n * rng.randrange(1, 9) & 0xFFFF for n in range(rng.randrange(1, 30))]),
            rtcp.picture_loss(shown.ssrc),
            rtcp.receiver_report([block] * rng.randrange(32)),
        ))  # fmt: skip

    # ---- what is promised -------------------------------------------------------------------------------------------

    def attempt(self, data: bytes) -> None:
        way, body = data[0] if data else 3, data[1:]
        match way:
            case 0:
                self._rtp(self._eve.encrypt.protect, body)
            case 1:
                self._rtcp(self._eve, body)
            case 2:
                self._rtcp(self._ben, body)
            case 4:
                self._sound_open, self._picture_open = bool(body[:1] > b"\x01"), bool(body and body[0] & 1)
                self._look()  # what went out before the gates moved went by the old ones
                self._gate(self._ben, sound=self._sound_open, picture=self._picture_open)
                self._silence()
            case 5:
                self._time_passes()
            case _:
                self._rtp(bytes, body)
        self._look()
        self._cases += 1

    def _rtp(self, encrypt: Any, body: bytes) -> None:
        try:
            wire = encrypt(body)
            self._sent(body)
        except (SrtpError, ValueError, TypeError):
            wire = body  # libsrtp refuses to encrypt that; a forger sends it as it is
        if not wire or not 127 < wire[0] < 192:
            return  # the port does not bring it here
        wire = wire[:2048]
        memmove(self._buffer, wire, len(wire))
        before, received = self._state(), self.counters.received
        self._inlet.receive(self._buffer, self._view, len(wire))
        if self.counters.received == received and wire[1:2] not in _REPORTS:
            assert self._state() == before, "what was refused has changed something"

    def _sent(self, body: bytes) -> None:
        """The next packet of this track goes on from here: libsrtp encrypts nothing that is far behind."""
        ssrc, seq = int.from_bytes(body[8:12], "big"), int.from_bytes(body[2:4], "big")
        if ssrc in self._seq and (seq - self._seq[ssrc]) & 0xFFFF < 0x8000:
            self._seq[ssrc] = seq

    def _rtcp(self, person: _Person, body: bytes) -> None:
        try:
            person.connection._rtcp(bytes(person.encrypt.protect_rtcp(body)))
        except (SrtpError, ValueError, TypeError):
            person.connection._rtcp(body)

    def _state(self) -> tuple[object, ...]:
        return tuple((t.newest, t.ts, t.received, len(t.losses.missing), len(t.open), len(t.waiting))
                     for t in self._tracks.values())  # fmt: skip

    def _look(self) -> None:
        """At what came out."""
        assert not self._cut_off.got(), "something passed a closed gate"
        audio, video = self._ben.connection.pairs[0]
        for packet in self._ben.got():
            ssrc, kind = int.from_bytes(packet[8:12], "big"), packet[1] & 127
            if ssrc == audio.ssrc:
                assert self._sound_open, "a voice passed a closed gate"
                assert kind == OPUS
            else:
                assert self._picture_open, "a picture passed a closed gate"
                assert (ssrc, kind) in ((video.ssrc, VP8), (video.rtx_ssrc, RTX))
            self.heard += 1
        assert len(self._inlet.arrivals) <= 512
        for track_ in self._tracks.values():
            assert len(track_.losses.missing) < losses.OLDEST + losses.LARGEST_GAP

    def _silence(self) -> None:
        """The one packet that ends a voice whose gate has closed."""
        ends = self._ben.got()
        assert len(ends) <= 1
        assert all(packet[12:] == b"\xf8\xff\xfe" for packet in ends)

    def _time_passes(self) -> None:
        self._beat += 1
        now = monotonic()
        for person in (self._eve, self._ben):
            here = person.connection
            for one in here.tracks.values():
                if one.losses.missing:
                    one.repair(now)
                one.ask_again(now)
                one.tick(now)
            if here._uplink is not None:
                refill(here._uplink.inlet._media, here._uplink.inlet._reports)
                here._uplink.tell_arrivals()
            if self._beat % 10 == 0:
                if here._uplink is not None:
                    here._uplink.report(now)
                here._renew_resends()
                here.measured(now)
            self._eve.sent.clear()

    async def rest(self) -> None:
        await asyncio.sleep(0)
        if self._cases >= _CASES_EACH:
            assert self.heard > 0.05 * self._cases, "hardly anything passed the open gate: nothing was tried"
            self.heard = 0
            self._fresh()
