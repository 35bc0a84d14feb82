"""Handshakes that somebody races, never finishes or repeats for ever: nobody else notices, nothing stays of them."""

from __future__ import annotations

import asyncio
import gc
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from aioice import stun
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import SRTP_PROFILES
from OpenSSL import SSL

from signalling import PeerId, TooManyConnecting
from signalling.connection import Connection
from signalling.mmsg import sockaddr
from signalling.offer import Offer
from signalling.plane import HALF_OPEN, MediaPlane
from tests.signalling.client import Client
from tests.signalling.packets import rtp_packet
from tests.signalling.stage import ROOM, SOUND, Stage, stage, until

EVE, ANA = PeerId("eve"), PeerId("ana")
HANDSHAKE, APPLICATION_DATA = 22, 23


class Staged(Client):
    """Calls `between` when ICE has connected it and DTLS has not begun; `passive` makes it the DTLS server."""

    def __init__(self, between: Callable[[], None] = lambda: None, *, passive: bool = False) -> None:
        super().__init__()
        dtls: Any = self.dtls
        start, choose = dtls.start, dtls._set_role

        async def started(parameters: Any) -> None:
            between()
            await asyncio.sleep(0.05)
            await start(parameters)

        dtls.start = started
        if passive:
            dtls._set_role = lambda _: choose("server")


def impostor() -> SSL.Connection:
    """Somebody with a certificate of their own, which is as good as any, but not the one that was announced."""
    made = SSL.Connection(RTCCertificate.generateCertificate()._create_ssl_context(SRTP_PROFILES))
    made.set_connect_state()
    return made


def hello(of: SSL.Connection) -> bytes:
    with suppress(SSL.WantReadError):
        of.do_handshake()
    return bytes(of.bio_read(2000))


def port_of(offer: Offer) -> tuple[str, int]:
    return "127.0.0.1", int(re.findall(r"candidate:.* 127\.0\.0\.1 (\d+) typ", offer.sdp)[0])


def check(offer: Offer, password: bytes) -> bytes:
    """An ICE check for this connection, signed with `password`."""
    found = re.search(r"a=ice-ufrag:(\w+)", offer.sdp)
    assert found is not None
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    request.attributes |= {"USERNAME": f"{found[1]}:them", "PRIORITY": 1, "ICE-CONTROLLED": 1}
    request.add_message_integrity(password)
    return bytes(request)


@contextmanager
def stranger(host: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.setblocking(False)
        yield sock


def came(sock: socket.socket) -> list[bytes]:
    """What has been sent to this socket."""
    got = []
    with suppress(BlockingIOError):
        while True:
            got.append(sock.recv(2000))
    return got


def connection_of(s: Stage[MediaPlane], peer: PeerId) -> Connection:
    connection = s.plane._peers[peer].connection
    assert connection is not None
    return connection


# ---- the ClientHello race --------------------------------------------------------------------------------------------


async def test_a_client_hello_that_comes_first_from_elsewhere_is_never_answered() -> None:
    """Before the answer, before ICE, between ICE and the real one; with a certificate that is valid, but another's."""
    async with stage() as s:
        ben = await s.join("ben")
        with stranger() as first:
            offer = await s.plane.offer(ROOM, ANA)
            where, race = port_of(offer), hello(impostor())
            assert race[0] == HANDSHAKE

            def again() -> None:
                first.sendto(race, where)

            ana = Staged(again)
            s.clients.append(ana)
            again()
            answer = await ana.answer(offer.sdp)
            again()
            await s.plane.answer(ANA, offer.generation, answer)
            first.sendto(check(offer, b"a guess"), where)
            again()
            await ben.send_raw(race)  # from an address that has been checked, but is another person's
            await ana.connect()
            again()
            await until(lambda: s.plane.generation(ANA) == offer.generation)
            await until(lambda: s.plane.counters.strange == 5)
            assert all(datagram[0] < 4 for datagram in came(first)), "refused by STUN, and not a word of DTLS"
        s.plan({"ben": {"ana": SOUND}})
        await ana.send(ana.say())
        await until(lambda: len(ben.rtp) == 1)


async def test_who_takes_part_in_the_handshake_with_another_certificate_gets_no_keys() -> None:
    """Also with ICE passed: whoever read the offer and the answer on their way, and answers before the browser does."""
    async with stage() as s:
        offer = await s.plane.offer(ROOM, ANA)
        ana, eve = Client(), Client()
        s.clients += [ana, eve]
        answer = await ana.answer(offer.sdp)
        await eve.answer(offer.sdp)
        eve._gatherer._connection._local_username = ana._gatherer._connection.local_username
        eve._gatherer._connection._local_password = ana._gatherer._connection.local_password
        await s.plane.answer(ANA, offer.generation, answer)
        with suppress(ConnectionError):
            await eve.connect()
        await until(lambda: bool(s.told.of("down", ANA)))
        assert s.plane.counters.received == 0
        assert not s.told.of("up", ANA)
        await s.join("ana", Client())


async def test_a_hello_with_somebodys_address_written_on_it_can_spoil_an_attempt_and_no_more() -> None:
    """Only who knows the address, and the moment, can do it; the browser's next attempt connects."""
    async with stage() as s:
        (port,) = s.plane._ports

        def forge() -> None:
            pair = ana._gatherer._connection._nominated[1]
            where = pair.local_candidate.host, pair.local_candidate.port
            port._unusual(hello(impostor()), sockaddr(where, socket.AF_INET)[: port._key])

        ana = Staged(forge)
        s.clients.append(ana)
        offer = await s.plane.offer(ROOM, ANA)
        await s.plane.answer(ANA, offer.generation, await ana.answer(offer.sdp))
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(3):
                await ana.connect()
        again = await s.join("ana", Client())
        ben = await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        await again.send(again.say())
        await until(lambda: len(ben.rtp) == 1)


# ---- half open -------------------------------------------------------------------------------------------------------


async def test_checks_and_hellos_from_thousands_of_addresses_leave_nothing_behind() -> None:
    async with stage() as s:
        offer = await s.plane.offer(ROOM, EVE)
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        where, (port,) = port_of(offer), s.plane._ports
        known, held = dict(port._by_address), connection_of(s, EVE)
        wrong, nobodys = check(offer, b"a guess"), bytearray(check(offer, b"a guess"))
        nobodys[24:32] = b"f" * 8  # another name
        answered = 0
        for n in range(2000):
            with stranger(f"127.1.{n >> 8}.{n & 255}") as sock:
                for datagram in (wrong, bytes(nobodys), hello(impostor()) if n % 100 == 0 else b"\x16\xfe\xfd"):
                    sock.sendto(datagram, where)
                await asyncio.sleep(0)
                answered += sum(map(len, came(sock)))
        await until(lambda: s.plane.counters.strange >= 4000)
        assert port._by_address == known
        ice = held.path._ice
        assert [*ice._remote_candidates, *ice._check_list, *ice._early_checks] == []
        assert answered <= 2000 * len(wrong)
        await ana.send(ana.say())
        await until(lambda: len(ben.rtp) == 1)


async def test_those_who_never_finish_are_bounded_and_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offers that nobody answers, answers that nobody connects, fragments of a hello that never comes whole."""
    monkeypatch.setattr("signalling.connection.CONNECT_WITHIN", 2.0)  # nobody is given up before all have come
    async with stage() as s:
        half: list[Client] = []
        for n in range(HALF_OPEN):
            peer = PeerId(f"half{n}")
            offer = await s.plane.offer(ROOM, peer)
            if n % 20 == 0:
                half.append(Client())
                await s.plane.answer(peer, offer.generation, await half[-1].answer(offer.sdp))
        with pytest.raises(TooManyConnecting):
            await s.plane.offer(ROOM, PeerId("one more"))
        monkeypatch.setattr("signalling.plane.ANSWER_WITHIN", 0.5)
        for client in half[1:]:
            vars(client.dtls)["start"] = _fragments_only(client)
        await asyncio.gather(*(client.connect() for client in half[1:]), return_exceptions=True)
        await until(lambda: len(s.told.of("down")) == HALF_OPEN)
        await until(lambda: not s.plane._closing)
        await s.join("one more")
        (port,) = s.plane._ports
        assert len(port._by_name) == 1
        assert len(port._by_address) == len(port._takers) == 1
        for client in half:
            await client.close()
        assert _connections() <= 2


def _fragments_only(client: Client) -> Callable[[Any], Any]:
    """The first bytes of eleven messages of 16 KB, and nothing more."""

    async def start(_: Any) -> None:
        for number in range(11):
            body = b"\x01" + (16_000).to_bytes(3, "big") + number.to_bytes(2, "big") + bytes(5) + b"\x01x"
            record = b"\x16\xfe\xfd\x00\x00" + number.to_bytes(6, "big") + len(body).to_bytes(2, "big") + body
            await client.send_raw(record)

    return start


async def test_one_who_asks_for_ever_new_connections_has_one() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        client = Client()
        for n in range(300):
            offer = await s.plane.offer(ROOM, EVE)
            if n % 3 == 0:
                with suppress(Exception):
                    await s.plane.answer(EVE, offer.generation, await client.answer(offer.sdp))
        await until(lambda: not s.plane._closing)
        (port,) = s.plane._ports
        assert len(port._by_name) == 3
        assert len(s.told.of("down", EVE)) == 299
        assert _connections() <= 4
        await ana.send(ana.say())
        await until(lambda: len(ben.rtp) == 1)
        await client.close()


def _connections() -> int:
    """How many connections stand in memory."""
    gc.collect()
    return sum(isinstance(each, Connection) for each in gc.get_objects())


async def test_a_stream_is_encrypted_as_by_the_session_of_all_whoever_was_the_server() -> None:
    """Its key is taken from the handshake a second time."""
    for setup in ("active", "passive"):
        async with stage() as s:
            client = Staged(passive=setup == "passive")
            eve = await s.join("eve", client, edit=lambda text: text.replace("a=setup:active", f"a=setup:{setup}"))  # noqa: B023
            keys = connection_of(s, EVE).path._keys
            assert keys is not None
            packet = rtp_packet(111, 7, 960, 77, b"plain" * 9)
            encrypted = keys.stream(77).protect(packet)
            assert encrypted == keys.send.protect(packet) != packet
            assert eve.dtls._rx_srtp.unprotect(encrypted) == packet


# ---- DTLS after the handshake ----------------------------------------------------------------------------------------


async def test_a_second_handshake_is_refused_whoever_begins_it() -> None:
    for passive in (False, True):
        async with stage() as s:
            client = Staged(passive=passive)
            setup = "passive" if passive else "active"
            eve = await s.join("eve", client, edit=lambda text: text.replace("a=setup:active", f"a=setup:{setup}"))  # noqa: B023
            theirs: Any = eve.dtls
            theirs._task.cancel()
            assert theirs._ssl.renegotiate()
            with suppress(SSL.WantReadError):
                theirs._ssl.do_handshake()
            eve.raw = b""
            await theirs._write_ssl()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await eve.ice._recv()
            assert eve.raw[:1] != bytes((HANDSHAKE,)), setup
            assert s.plane.generation(EVE) is not None


async def test_what_nobody_reads_does_not_stay_in_memory() -> None:
    """Thirty records in each datagram: of these the library reads one."""
    async with stage() as s:
        eve = await s.join("eve")
        connection = connection_of(s, EVE)
        tls = eve.dtls._ssl
        assert tls is not None
        for _ in range(50):
            datagram = b""
            for _ in range(30):
                tls.send(secrets.token_bytes(1))
                datagram += tls.bio_read(2000)
            assert datagram[0] == APPLICATION_DATA
            await eve.send_raw(datagram)
        await until(lambda: connection.path._ice.allowed[True].left < 20)
        await until(lambda: connection.path._ice._queue.empty())
        await asyncio.sleep(0.01)
        ours: Any = connection.path._dtls._transport._ssl
        with pytest.raises(SSL.WantReadError):  # nothing is left
            ours._ssl.recv(1500)
        assert s.plane.generation(EVE) is not None
