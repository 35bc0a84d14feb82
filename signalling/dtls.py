"""Every use of the insides of aiortc: the DTLS handshake over an `Ice`, and the SRTP keys that it brings.

What is leaned on, and why:
* `RTCDtlsTransport` gets the `Ice` itself as its ICE transport, of which it asks `role`, `_recv` and `_send`.  Its
  `_rx_srtp` and `_tx_srtp` are kept: a session that is freed takes the C handle `_srtp[0]` with it.
* The key of what is sent is taken from its `_ssl` again (RFC 5764 section 4.2; as it does itself, by `_srtp_profiles`
  and `_role`): each stream has a session of its own, because libsrtp walks a list of all streams of a session for each
  packet, which with those of eleven people took a quarter of its time.
* Its `_ssl` is exchanged when the handshake is done: of each datagram that comes it takes one record, and what else a
  hostile one holds (30 of a byte each) would stay in memory for as long as the connection.
* `RTCCertificate._create_ssl_context` makes what a second handshake is forbidden in: each would cost milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Never, cast

from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from OpenSSL import SSL
from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from signalling.insides import Ice
from signalling.profile import HISTORY


@dataclass(frozen=True, slots=True)
class Keys:
    """SRTP both ways.  `rx` and `tx` are libsrtp's own handles and live as long as the sessions here."""

    receive: Session
    send: Session
    rx: Any
    tx: Any
    _profile: int
    _key: bytes = field(repr=False)

    def stream(self, ssrc: int) -> Session:
        """Encrypts one stream, for all of its life: it counts the packets (RFC 3711 section 3.3.1)."""
        policy = Policy(self._key, Policy.SSRC_SPECIFIC, ssrc, self._profile)
        policy.allow_repeat_tx, policy.window_size = True, HISTORY
        return Session(policy)

    def protect_rtcp(self, data: bytes) -> bytes:
        return bytes(self.send.protect_rtcp(data))

    def unprotect_rtcp(self, data: bytes) -> bytes | None:
        """None when it is not authentic, or too long."""
        try:
            return bytes(self.receive.unprotect_rtcp(data))
        except (SrtpError, ValueError):
            return None


class Dtls:
    """The handshake over an `Ice`, with a certificate of its own: nothing links two connections of one person."""

    def __init__(self, ice: Ice) -> None:
        # aiortc declares RTCIceTransport here, and uses of it what Ice has
        self._transport = RTCDtlsTransport(cast("Any", ice), [_Certificate.generateCertificate()])

    @property
    def fingerprint(self) -> str:
        return next(f.value for f in self._transport.getLocalParameters().fingerprints if f.algorithm == "sha-256")

    async def handshake(self, fingerprint: str, *, as_server: bool, on_closed: Callable[[], None]) -> Keys | None:
        """None when it fails.  `on_closed` is called when the other side says goodbye later."""
        transport = self._transport
        transport._set_role("server" if as_server else "client")
        await transport.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", fingerprint)]))
        if transport.state != "connected":
            return None
        key = _sending_key(transport)
        transport._ssl = cast("Any", _Deaf(transport._ssl))
        transport.on("statechange", on_closed)  # from "connected" there is only the end
        receive, send = transport._rx_srtp, transport._tx_srtp
        return Keys(receive, send, receive._srtp[0], send._srtp[0], *key)

    def forget(self) -> None:
        """Tell nobody of the end."""
        self._transport.remove_all_listeners()

    async def close(self) -> None:
        self.forget()
        await self._transport.stop()


def _sending_key(transport: RTCDtlsTransport) -> tuple[int, bytes]:
    """libsrtp's number of the profile; master key and salt."""
    ssl = cast("SSL.Connection", transport._ssl)
    name = ssl.get_selected_srtp_profile()
    profile = next(each for each in transport._srtp_profiles if each.openssl_profile == name)
    length = 2 * (profile.key_length + profile.salt_length)
    exported = ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", length)
    return profile.libsrtp_profile, profile.get_key_and_salt(exported, 1 if transport._role == "server" else 0)


class _Certificate(RTCCertificate):
    def _create_ssl_context(self, srtp_profiles: Any) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_options(SSL.OP_NO_RENEGOTIATION)
        return context


class _Deaf:
    """The SSL connection of somebody who is sent nothing but goodbye by DTLS: whatever else comes is read and gone."""

    def __init__(self, ssl: Any) -> None:
        self._ssl = ssl

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ssl, name)

    def recv(self, size: int) -> Never:
        """Raises what the last `recv` does: an `SSL.Error`, since nothing more waits, or the other side has gone."""
        while True:
            self._ssl.recv(size)
