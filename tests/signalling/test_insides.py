"""The contract with the insides of aioice, aiortc and pylibsrtp (signalling/insides.py and dtls.py).

When a new version moves something, one of these says what, before anything subtler goes wrong.
"""

from __future__ import annotations

import inspect
import re
import secrets
from collections import deque
from importlib.metadata import version

import pytest
from aioice import Candidate, stun
from aioice.ice import CandidatePair, Connection, StunProtocol
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from signalling import PeerId
from signalling.dtls import Keys
from signalling.profile import HISTORY
from tests.signalling.client import rtp_packet
from tests.signalling.stage import SOUND, stage, until


def test_the_versions_are_the_ones_that_were_read() -> None:
    """On a new version: read what changed in the places below, run everything here, then move the pin."""
    assert {name: version(name) for name in ("aioice", "aiortc", "pylibsrtp")} == {
        "aioice": "0.13.0",
        "aiortc": "1.16.0",
        "pylibsrtp": "1.0.0",
    }


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        (Connection.check_incoming, ["self", "message", "addr", "protocol"]),
        (Connection.check_complete, ["self", "pair"]),
        (Connection.build_request, ["self", "pair", "nominate"]),
        (Connection.data_received, ["self", "data", "component"]),
        (Connection.gather_candidates, ["self"]),
        (Connection.query_consent, ["self"]),
        (StunProtocol.__init__, ["self", "receiver"]),
        (StunProtocol.datagram_received, ["self", "data", "addr"]),
        (StunProtocol.send_stun, ["self", "message", "addr"]),
        (RTCDtlsTransport._set_role, ["self", "role"]),
        (RTCDtlsTransport.start, ["self", "remoteParameters"]),
    ],
)
def test_what_is_overridden_or_called_is_still_there(method: object, parameters: list[str]) -> None:
    assert callable(method)
    assert list(inspect.signature(method).parameters) == parameters


async def test_a_connection_keeps_its_state_where_it_did() -> None:
    connection = Connection(ice_controlling=True)
    assert connection._nominated == {}
    for listed in (connection._protocols, connection._local_candidates, connection._remote_candidates):
        assert list(listed) == []
    assert connection._check_list == []
    assert (connection._local_candidates_start, connection._local_candidates_end) == (False, False)
    assert connection._queue.qsize() == 0
    protocol = StunProtocol(connection)
    assert protocol.transactions == {}
    protocol.local_candidate = Candidate("1", 1, "udp", 1, "192.0.2.1", 1, "host")
    remote = Candidate("1", 1, "udp", 1, "192.0.2.2", 2, "prflx")
    assert CandidatePair(protocol, remote).remote_addr == ("192.0.2.2", 2)
    assert remote._network_host == "192.0.2.2"
    await connection.close()


def test_a_connection_calls_what_is_overridden() -> None:
    assert "self.query_consent()" in inspect.getsource(Connection.connect)
    assert "self.check_incoming(" in inspect.getsource(Connection.request_received)
    assert "self.check_incoming(" in inspect.getsource(Connection.connect)
    assert "self.check_complete(pair)" in inspect.getsource(Connection.check_start)
    assert "self.receiver.data_received(" in inspect.getsource(StunProtocol.datagram_received)
    answered = inspect.getsource(StunProtocol.datagram_received)
    assert "transaction.response_received(message, addr)" in answered, "a consent check is found by its transaction id"


def test_an_incoming_check_is_authenticated_before_anybody_is_told() -> None:
    source = inspect.getsource(Connection.request_received)
    assert source.index("check_message_integrity") < source.index("self.check_incoming(")
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.add_message_integrity(b"key")
    parsed = stun.parse_message(bytes(request))
    assert parsed.check_message_integrity(b"key")
    assert not parsed.check_message_integrity(b"other")


def test_dtls_asks_of_its_ice_transport_what_ours_has() -> None:
    asked = set(re.findall(r"self\.(?:_)?transport\.(\w+)", inspect.getsource(RTCDtlsTransport)))
    assert asked == {"role", "_recv", "_send"}


def test_dtls_tells_of_its_states_in_the_same_turn_and_keeps_its_keys() -> None:
    certificate = RTCCertificate.generateCertificate()
    transport = RTCDtlsTransport(None, [certificate])  # type: ignore[arg-type]  # it is not used before `start`
    assert transport.state == "new"
    assert vars(transport).keys() >= {"_rx_srtp", "_tx_srtp"}
    assert 'self.emit("statechange")' in inspect.getsource(RTCDtlsTransport._set_state)
    assert "await" not in inspect.getsource(RTCDtlsTransport._set_state)
    setup = inspect.getsource(RTCDtlsTransport._setup_srtp)
    assert "get_selected_srtp_profile()" in setup
    assert 'b"EXTRACTOR-dtls_srtp"' in setup
    assert "2 * (srtp_profile.key_length + srtp_profile.salt_length)" in setup
    server, client = setup.partition('if self._role == "server":')[2].split("else:")[:2]
    assert "srtp_tx_key = srtp_profile.get_key_and_salt(view, 1)" in server
    assert "srtp_tx_key = srtp_profile.get_key_and_salt(view, 0)" in client


def test_a_stream_goes_on_after_its_numbers_have_wrapped_and_what_is_repeated_is_the_same() -> None:
    key, profile = secrets.token_bytes(28), Policy.SRTP_PROFILE_AEAD_AES_128_GCM

    def session(kind: int) -> Session:
        policy = Policy(key=key, ssrc_type=kind, srtp_profile=profile)
        policy.allow_repeat_tx, policy.window_size = True, 1024
        return Session(policy)

    send, receive = session(Policy.SSRC_ANY_OUTBOUND), session(Policy.SSRC_ANY_INBOUND)
    stream = Keys(receive, send, None, None, profile, key).stream(7)
    kept: deque[tuple[bytes, bytes]] = deque(maxlen=HISTORY)
    for n in range(70_000):
        packet = rtp_packet(111, n & 0xFFFF, 0, 7, b"voice")
        wire = stream.protect(packet)
        assert receive.unprotect(wire) == packet
        kept.append((packet, wire))
        if n % 1000 == 999:
            repeat = rtp_packet(97, n // 1000, 0, 8, b"RTX")
            assert receive.unprotect(send.protect(repeat)) == repeat
            assert stream.protect(kept[0][0]) == kept[0][1]


@pytest.mark.parametrize("profile", [Policy.SRTP_PROFILE_AEAD_AES_128_GCM, Policy.SRTP_PROFILE_AES128_CM_SHA1_80])
def test_libsrtp_works_in_place_and_repeats_identically(profile: int) -> None:
    key = secrets.token_bytes(30)

    def session(kind: int) -> Session:
        policy = Policy(key=key, ssrc_type=kind, srtp_profile=profile)
        policy.allow_repeat_tx = True
        policy.window_size = 1024
        return Session(policy)

    receive = session(Policy.SSRC_ANY_INBOUND)
    send = Keys(receive, receive, None, None, profile, key).stream(7)
    buffer, length = ffi.new("char[]", 2048), ffi.new("int *")

    def protected(packet: bytes) -> bytes:
        ffi.memmove(buffer, packet, len(packet))
        length[0] = len(packet)
        assert lib.srtp_protect(send._srtp[0], buffer, length) == 0
        return bytes(ffi.buffer(buffer, length[0]))

    packets = [rtp_packet(111, seq, 960 * seq, 7, b"plain" * 9) for seq in range(600)]
    wire = [protected(p) for p in packets]
    assert [protected(p) for p in packets[-HISTORY:]] == wire[-HISTORY:], "an identical packet may be protected again"
    assert wire[0] != packets[0]
    ffi.memmove(buffer, wire[5], len(wire[5]))
    length[0] = len(wire[5])
    assert lib.srtp_unprotect(receive._srtp[0], buffer, length) == 0
    assert bytes(ffi.buffer(buffer, length[0])) == packets[5]
    ffi.memmove(buffer, wire[5], len(wire[5]))
    length[0] = len(wire[5])
    assert lib.srtp_unprotect(receive._srtp[0], buffer, length) != 0, "a replay"


async def test_all_of_it_together_carries_a_voice_and_asks_for_consent() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        await ana.send(ana.say())
        await until(lambda: len(ben.rtp) == 1)
        connection = s.plane._peers[PeerId("ben")].connection
        assert connection is not None
        ice = connection.path._ice
        assert ice._query_consent_task is not None
        assert ice._query_consent_task.done(), "aioice does not ask by itself"
        ice.check_consent(0.0)
        assert ice.unanswered == 1
        await until(lambda: ice.unanswered == 0)
