"""A participant without a browser, and without any manners unless told.

It answers an offer, connects through real ICE, DTLS and SRTP (aiortc's own, so that nothing of the server tests
itself), sends whatever bytes it is given and keeps everything it receives.  `Voice` and `Picture` make proper RTP; a
hostile test sends something else.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from aioice.ice import CandidatePair
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters
from aiortc.sdp import candidate_from_sdp

from signalling import rtcp
from signalling.profile import OPUS, RTX, VP8
from tests.signalling.packets import (
    DELTA_FRAME,
    KEY_FRAME,
    Received,
    Source,
    audio_level,
    rtp_packet,
    video_extensions,
)

Report = TypeVar("Report", bound=rtcp.Packet)


class _Dtls(RTCDtlsTransport):
    """Hands over what arrives instead of routing it to decoders."""

    client: Client

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self.client.got_rtp(data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self.client.got_rtcp(data)


class Client:
    """`voice`, `high` and `low` are its own tracks; None leaves that m-line without a source."""

    def __init__(self, *, voice: bool = True, picture: bool = True, address: str = "127.0.0.1") -> None:
        self.voice = Source(OPUS) if voice else None
        self.high = Source(VP8, step=3000) if picture else None
        self.low = Source(VP8, step=3000) if picture else None
        self.wide = 0
        self.rtp: list[Received] = []
        self.rtcp: list[bytes] = []
        self.on_rtp: Callable[[Received], None] = self.rtp.append
        self.slot_of: dict[int, tuple[int, str]] = {}
        """SSRC in the offer -> (slot pair, "audio", "video" or "rtx")."""
        self.raw = b""
        self._address = address
        self._certificate = RTCCertificate.generateCertificate()
        self._gatherer = RTCIceGatherer(iceServers=[])
        self.ice = RTCIceTransport(self._gatherer)
        self.dtls = _Dtls(self.ice, [self._certificate])
        self.dtls.client = self
        self._senders: set[asyncio.Task[None]] = set()

    # ---- negotiation ------------------------------------------------------------------------------------------------

    async def answer(self, offer: str, edit: Callable[[str], str] = str) -> str:
        """The answer to `offer`; `edit` may spoil it.  `connect` follows once the server has it."""
        self._offer = offer
        index = -1
        for line in offer.splitlines():
            if line.startswith("a=msid:slot"):
                index = int(re.findall(r"\d+", line)[0])
            elif line.startswith("a=ssrc-group:FID"):
                media, rtx = map(int, line.split()[1:])
                self.slot_of |= {media: (index, "video"), rtx: (index, "rtx")}
            elif line.startswith("a=ssrc:"):
                self.slot_of.setdefault(int(line[7:].split()[0]), (index, "audio"))
        connection = self._gatherer._connection
        connection._local_candidates = await connection.get_component_candidates(1, [self._address])
        connection._local_candidates_start = connection._local_candidates_end = True
        return edit(self._sdp(offer))

    def _sdp(self, offer: str) -> str:
        ice = self._gatherer.getLocalParameters()
        fingerprint = next(f for f in self.dtls.getLocalParameters().fingerprints if f.algorithm == "sha-256")
        head, *sections = re.split(r"(?m)^(?=m=)", offer)
        group = next(line for line in head.splitlines() if line.startswith("a=group"))
        lines = ["v=0", "o=- 2 2 IN IP4 127.0.0.1", "s=-", "t=0 0", group]
        for index, section in enumerate(sections):
            own = section.splitlines()
            lines += [own[0], "c=IN IP4 0.0.0.0", f"a=ice-ufrag:{ice.usernameFragment}", f"a=ice-pwd:{ice.password}"]
            lines += [f"a=fingerprint:sha-256 {fingerprint.value}", "a=setup:active"]
            lines += [x for x in own if re.match(r"a=(mid|rtpmap|fmtp|rtcp-fb|rtcp-mux|rtcp-rsize|extmap)", x)]
            if index > 2:
                lines.append("a=recvonly")
                continue
            lines.append("a=sendonly")
            source = (self.voice, self.high, self.low)[index]
            if source is None:
                continue
            if index:
                lines.append(f"a=ssrc-group:FID {source.ssrc} {source.rtx_ssrc}")
                lines.append(f"a=ssrc:{source.rtx_ssrc} cname:c")
            lines.append(f"a=ssrc:{source.ssrc} cname:c")
        return "\r\n".join(lines) + "\r\n"

    async def connect(self) -> None:
        """Connect to the offer that was answered; raises ConnectionError when that fails."""

        def value(name: str) -> str:
            found = re.search(rf"(?m)^a={name}:(.*?)\r?$", self._offer)
            assert found is not None
            return found[1]

        receive: Any = self.ice._recv

        async def tapped() -> bytes:
            self.raw = await receive()
            return self.raw

        self.ice._recv = tapped  # the only place where the wire can be seen
        for line in re.findall(r"(?m)^a=candidate:(.*?)\r?$", self._offer):
            await self.ice.addRemoteCandidate(candidate_from_sdp(line))
        await self.ice.addRemoteCandidate(None)
        await self.ice.start(RTCIceParameters(value("ice-ufrag"), value("ice-pwd")))
        if self.ice.state != "completed":
            raise ConnectionError("ICE")
        self.dtls._set_role("client")
        algorithm, fingerprint = value("fingerprint").split()
        await self.dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(algorithm, fingerprint)]))
        if self.dtls.state != "connected":
            raise ConnectionError("DTLS")

    async def close(self) -> None:
        """Say goodbye and go."""
        self.stop_sending()
        await self.dtls.stop()
        await self.ice.stop()

    async def move(self, address: str) -> None:
        """Another network: checks come from a new address, then the old one is dead."""
        old = self._gatherer._connection._nominated[1]
        await self._check(await self._pair_at(address))
        old.protocol.transport.abort()

    async def lose(self, address: str) -> None:
        """A second network comes and the server follows; then it goes dead without a word, and the first is left."""
        first = self._gatherer._connection._nominated[1]
        second = await self._pair_at(address)
        await self._check(second)
        await asyncio.sleep(0.1)  # the server checks back
        await self._check(first)
        second.protocol.datagram_received = lambda *_: None  # type: ignore[method-assign]  # deaf

    async def _pair_at(self, address: str) -> CandidatePair:
        connection = self._gatherer._connection
        await connection.get_component_candidates(1, [address])
        return CandidatePair(connection._protocols[-1], connection._nominated[1].remote_candidate)

    async def _check(self, pair: CandidatePair) -> None:
        connection = self._gatherer._connection
        key = (connection.remote_password or "").encode()
        await pair.protocol.request(connection.build_request(pair, nominate=False), pair.remote_addr, integrity_key=key)
        connection._nominated[1] = pair

    def server(self) -> tuple[str, int]:
        """Where the server listens for this connection."""
        remote = self._gatherer._connection._nominated[1].remote_candidate
        return remote.host, remote.port

    def vanish(self) -> None:
        """Gone without a word, as when the network is."""
        self.stop_sending()
        for protocol in self._gatherer._connection._protocols:
            protocol.transport.abort()

    # ---- sending ----------------------------------------------------------------------------------------------------

    async def send(self, packet: bytes) -> None:
        """Encrypt and send, whatever it is (RTCP is told from RTP by its second byte)."""
        await self.dtls._send_rtp(packet)

    async def send_raw(self, datagram: bytes) -> None:
        await self.ice._send(datagram)

    def say(self, mark: bytes = b"voice") -> bytes:
        """The next packet of the voice; its payload begins with `mark`."""
        assert self.voice is not None
        return self.voice.packet(mark + bytes(40), extensions=audio_level())

    def frame(self, source: Source, *, key: bool, mark: bytes = b"", parts: int = 2) -> list[bytes]:
        """The packets of one frame of a picture."""
        packets = []
        for part in range(parts):
            self.wide += 1
            head = (KEY_FRAME if key else DELTA_FRAME) if part == 0 else b"\x00" + bytes(4)
            packets.append(
                source.packet(
                    head + mark + bytes(200),
                    marker=part == parts - 1,
                    extensions=video_extensions(self.wide),
                    advance=part == 0,
                )
            )
        return packets

    def sender_report(self, source: Source, *, wrong_by: float = 0.0) -> bytes:
        """Now is `source.ts`, by a clock that is wrong by so many seconds."""
        ntp = int((time.time() + wrong_by + 2208988800) * (1 << 32))
        return rtcp.sender_report(source.ssrc, ntp, source.ts, source.packets, source.octets)

    def speak(self, mark: bytes = b"voice", every: float = 0.02) -> None:
        """Send an Opus packet every 20 ms until `stop_sending`."""
        self._keep(lambda: [self.say(mark)], every)

    def show(self, source: Source, mark: bytes = b"", every: float = 0.033, key_every: int = 30) -> None:
        """Send a frame of two packets every 33 ms; one in `key_every` is a key frame, and so is the first."""
        frames = itertools.count()
        self._keep(lambda: self.frame(source, key=next(frames) % key_every == 0, mark=mark), every)

    def _keep(self, packets: Callable[[], list[bytes]], every: float) -> None:
        async def keep() -> None:
            due = time.monotonic()
            with suppress(ConnectionError):  # the server ended it: there is nobody to send to
                while True:
                    for packet in packets():
                        await self.send(packet)
                    due += every
                    await asyncio.sleep(max(0.0, due - time.monotonic()))

        self._senders.add(asyncio.create_task(keep()))

    def stop_sending(self) -> None:
        for task in self._senders:
            task.cancel()
        self._senders.clear()

    # ---- receiving --------------------------------------------------------------------------------------------------

    def got_rtp(self, plain: bytes) -> None:
        self.on_rtp(Received(time.monotonic(), self.raw, plain))

    def got_rtcp(self, plain: bytes) -> None:
        self.rtcp.append(plain)

    def of(self, index: int, kind: str) -> list[Received]:
        """What came through one slot so far."""
        return [p for p in self.rtp if self.slot_of.get(p.ssrc) == (index, kind)]

    def reports(self, of: type[Report]) -> list[Report]:
        """What came by RTCP of one kind so far."""
        return [packet for compound in self.rtcp for packet in rtcp.parse(compound) if isinstance(packet, of)]

    def ssrc(self, index: int, kind: str) -> int:
        return next(ssrc for ssrc, slot in self.slot_of.items() if slot == (index, kind))

    def slots(self) -> Mapping[tuple[int, str], int]:
        """(slot pair, kind) -> how many packets came through it."""
        count: dict[tuple[int, str], int] = {}
        for packet in self.rtp:
            slot = self.slot_of[packet.ssrc]
            count[slot] = count.get(slot, 0) + 1
        return count


__all__ = ["KEY_FRAME", "RTX", "Client", "Received", "Source", "audio_level", "rtp_packet", "video_extensions"]
