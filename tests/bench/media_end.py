"""One load client before it is connected: ICE, DTLS and its half of the SDP, for peers that speak usual SDP."""

from __future__ import annotations

from collections.abc import Sequence

from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.sdp import SessionDescription

from signalling.profile import ABS_SEND_TIME, AUDIO_LEVEL, EXTENSION_URIS, OPUS, TRANSPORT_CC, VP8
from tests.bench.media_line import Line


class End:
    """ICE and DTLS of one load client, and its half of the SDP."""

    def __init__(self, certificate: RTCCertificate, address: str) -> None:
        self._address = address
        self._gatherer = RTCIceGatherer(iceServers=[])
        self._ice = RTCIceTransport(self._gatherer)
        self._dtls = RTCDtlsTransport(self._ice, [certificate])

    async def gather(self) -> None:
        connection = self._gatherer._connection
        connection._local_candidates = await connection.get_component_candidates(1, [self._address])
        connection._local_candidates_start = connection._local_candidates_end = True

    def sdp(self, medias: Sequence[tuple[str, str, int]], setup: str) -> str:
        """`medias`: (kind, mid, SSRC); with SSRC 0 nothing is sent and something is to be received."""
        ice = self._gatherer.getLocalParameters()
        fingerprint = next(f for f in self._dtls.getLocalParameters().fingerprints if f.algorithm == "sha-256")
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        lines.append("a=group:BUNDLE " + " ".join(mid for _, mid, _ in medias))
        for kind, mid, ssrc in medias:
            number, codec = (OPUS, "opus/48000/2") if kind == "audio" else (VP8, "VP8/90000")
            extensions = (AUDIO_LEVEL,) if kind == "audio" else (ABS_SEND_TIME, TRANSPORT_CC)
            lines += [
                f"m={kind} 9 UDP/TLS/RTP/SAVPF {number}",
                "c=IN IP4 0.0.0.0",
                f"a={'sendonly' if ssrc else 'recvonly'}",
            ]
            lines += [f"a=mid:{mid}", "a=rtcp-mux", f"a=rtpmap:{number} {codec}", f"a=rtcp-fb:{number} nack"]
            if kind == "video":
                feedback = ("nack pli", "ccm fir", "goog-remb", "transport-cc")
                lines += [f"a=rtcp-fb:{number} {each}" for each in feedback]
            lines += [f"a=extmap:{number} {EXTENSION_URIS[number]}" for number in extensions]
            lines += [f"a=ssrc:{ssrc} cname:c", f"a=msid:s{ssrc} t{ssrc}"] if ssrc else []
            lines += [f"a=candidate:{c.to_sdp()}" for c in self._gatherer._connection._local_candidates]
            lines += ["a=end-of-candidates", f"a=ice-ufrag:{ice.usernameFragment}", f"a=ice-pwd:{ice.password}"]
            lines += [f"a=fingerprint:sha-256 {fingerprint.value}", f"a=setup:{setup}"]
        return "\r\n".join(lines) + "\r\n"

    async def connect(self, remote: SessionDescription, *, offerer: bool) -> None:
        media = remote.media[0]
        self._ice._connection.ice_controlling = offerer
        for candidate in media.ice_candidates:
            if candidate.protocol.lower() == "udp" and candidate.ip == self._address:
                await self._ice.addRemoteCandidate(candidate)
        await self._ice.addRemoteCandidate(None)
        assert media.ice is not None
        assert media.dtls is not None
        await self._ice.start(media.ice)
        self._dtls._set_role("server" if offerer and media.dtls.role == "client" else "client")
        await self._dtls.start(media.dtls)
        if self._dtls.state != "connected":
            raise ConnectionError("DTLS")

    def line(self) -> Line:
        return Line(self._gatherer._connection, self._dtls)
