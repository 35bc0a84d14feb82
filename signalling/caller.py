"""Somebody who calls the plane as a browser does, for finding out whether it can be reached: one voice, no decoder.

Real ICE, DTLS and SRTP by aiortc, and no part of the plane's own.  Beside its public names it leans on these insides,
which tests/signalling/test_caller.py tries: `RTCIceGatherer._connection`, `RTCDtlsTransport._set_role`, `_send_rtp` and
`_handle_rtp_data`, and how `aioice.Connection` keeps its local candidates.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aioice import Connection, TransportPolicy
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters
from aiortc.sdp import candidate_from_sdp

from signalling.profile import OPUS

_SILENCE: Final = b"\xf8\xff\xfe"
"""20 ms in Opus."""
_STEP: Final = 960
_RTP = struct.Struct("!BBHLL")


@dataclass(frozen=True, slots=True)
class Relay:
    """A TURN server, and nothing but the way through it."""

    host: str
    port: int
    username: str
    password: str
    tcp: bool
    tls: bool


class _Dtls(RTCDtlsTransport):
    """Counts what arrives instead of decoding it."""

    caller: Caller

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self.caller.heard += 1

    async def _handle_rtcp_data(self, data: bytes) -> None:
        pass


class Caller:
    """`answer`, hand it to the plane, `connect`, `say`; `heard` counts the packets that came."""

    def __init__(self, addresses: Sequence[str], relay: Relay | None = None) -> None:
        """`addresses` of this machine from which it calls; with a `relay` from there only."""
        self.heard = 0
        self._addresses = list(addresses)
        self._relay = relay
        gatherer = RTCIceGatherer(iceServers=[])
        if relay is not None:
            gatherer._connection = Connection(
                ice_controlling=False,
                turn_server=(relay.host, relay.port),
                turn_username=relay.username,
                turn_password=relay.password,
                turn_ssl=relay.tls,
                turn_transport="tcp" if relay.tcp else "udp",
                transport_policy=TransportPolicy.RELAY,
            )
        self._gatherer = gatherer
        self._ice = RTCIceTransport(gatherer)
        self._dtls = _Dtls(self._ice, [RTCCertificate.generateCertificate()])
        self._dtls.caller = self
        self._ssrc = secrets.randbits(31) + 2
        self._number = secrets.randbits(15)
        self._offer = ""

    async def answer(self, offer: str) -> str:
        """The answer to an offer of the plane, with this voice and no picture."""
        self._offer = offer
        connection = self._gatherer._connection
        if self._relay is None:
            connection._local_candidates = await connection.get_component_candidates(1, self._addresses)
            connection._local_candidates_start = connection._local_candidates_end = True
        else:
            await connection.gather_candidates()
        return self._sdp()

    def _sdp(self) -> str:
        ice = self._gatherer.getLocalParameters()
        fingerprint = next(f for f in self._dtls.getLocalParameters().fingerprints if f.algorithm == "sha-256")
        head, *sections = re.split(r"(?m)^(?=m=)", self._offer)
        group = next(line for line in head.splitlines() if line.startswith("a=group"))
        lines = ["v=0", "o=- 2 2 IN IP4 127.0.0.1", "s=-", "t=0 0", group]
        for index, section in enumerate(sections):
            own = section.splitlines()
            lines += [own[0], "c=IN IP4 0.0.0.0", f"a=ice-ufrag:{ice.usernameFragment}", f"a=ice-pwd:{ice.password}"]
            lines += [f"a=fingerprint:sha-256 {fingerprint.value}", "a=setup:active"]
            lines += [x for x in own if re.match(r"a=(mid|rtpmap|fmtp|rtcp-fb|rtcp-mux|rtcp-rsize|extmap)", x)]
            lines.append("a=sendonly" if index < 3 else "a=recvonly")
            if index == 0:
                lines.append(f"a=ssrc:{self._ssrc} cname:c")
        return "\r\n".join(lines) + "\r\n"

    async def connect(self, within: float) -> None:
        """Raises ConnectionError or TimeoutError."""
        async with asyncio.timeout(within):
            for line in re.findall(r"(?m)^a=candidate:(.*?)\r?$", self._offer):
                await self._ice.addRemoteCandidate(candidate_from_sdp(line))
            await self._ice.addRemoteCandidate(None)
            await self._ice.start(RTCIceParameters(self._value("ice-ufrag"), self._value("ice-pwd")))
            if self._ice.state != "completed":
                raise ConnectionError("ICE")
            self._dtls._set_role("client")
            algorithm, fingerprint = self._value("fingerprint").split()
            await self._dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(algorithm, fingerprint)]))
            if self._dtls.state != "connected":
                raise ConnectionError("DTLS")

    def _value(self, name: str) -> str:
        found = re.search(rf"(?m)^a={name}:(.*?)\r?$", self._offer)
        assert found is not None, "the plane's own offer"
        return found[1]

    async def say(self) -> None:
        """The next 20 ms of the voice.  Raises ConnectionError after the end."""
        self._number += 1
        head = _RTP.pack(0x80, OPUS, self._number & 0xFFFF, self._number * _STEP & 0xFFFFFFFF, self._ssrc)
        await self._dtls._send_rtp(head + _SILENCE)

    async def close(self) -> None:
        await self._dtls.stop()
        await self._ice.stop()
        await self._gatherer._connection.close()
