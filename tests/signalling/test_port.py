"""One UDP port for everybody: whose is a datagram?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from signalling import MediaPlane, NoAddress
from signalling.allowance import Allowance, Rate
from signalling.counters import Counters
from signalling.mmsg import address, name_size, sockaddr
from signalling.port import Port, _name_in, open_ports
from tests.signalling.client import Client
from tests.signalling.stage import ROOM, SOUND, Told, stage, until

HERE = ("127.0.0.1", 40_001)
THERE = ("127.0.0.1", 40_002)


class Somebody:
    """A connection at a port, as far as the port knows."""

    def __init__(self) -> None:
        self.allowed = Allowance(Rate(9, 0)), Allowance(Rate(9, 0))
        self.got: list[bytes] = []
        self.media: list[bytes] = []

    def unusual(self, data: bytes, _: tuple[str, int]) -> None:
        self.got.append(data)

    def take(self, _: object, datagram: memoryview, n: int) -> None:
        self.media.append(bytes(datagram[:n]))


@pytest.fixture
async def port() -> Iterator[Port]:  # type: ignore[misc]  # an async fixture
    (made,) = open_ports(["127.0.0.1"], 0, {}, Counters())
    yield made
    made.close()


def request(name: str, *before: bytes) -> bytes:
    """A STUN binding request for the connection `name`, its USERNAME behind other attributes."""
    user = f"{name}:them".encode()
    body = b"".join(before) + b"\x00\x06" + len(user).to_bytes(2, "big") + user + bytes(-len(user) % 4)
    return b"\x00\x01" + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(12) + body


@pytest.mark.parametrize("where", [("192.0.2.7", 5000), ("2001:db8::7", 65535), ("0.0.0.0", 0)])
def test_a_socket_address_is_read_as_it_was_written(where: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
    written = sockaddr(where, family)
    assert len(written) == name_size(family)
    assert address(written) == where
    assert address(written[: 8 if family == socket.AF_INET else 24]) == where


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (request("0a0b0c0d"), b"0a0b0c0d"),
        (request("0a0b0c0d", b"\x00\x24\x00\x04abcd", b"\x80\x22\x00\x03abc\x00"), b"0a0b0c0d"),
        (request("0a0b0c0d", *[b"\x00\x24\x00\x00"] * 400), b""),
        (b"\x01\x01\x00\x00\x21\x12\xa4\x42\x0a\x0b\x0c\x0d" + bytes(8), b"0a0b0c0d"),
        (b"\x01\x11\x00\x00\x21\x12\xa4\x42\x0a\x0b\x0c\x0d" + bytes(8), b"0a0b0c0d"),
        (b"\x00\x11" + bytes(18), b""),
        (b"\x00\x01" + bytes(18), b""),
        (b"\x00\x01" + bytes(18) + b"\x00\x06\xff\xff", b""),
        (b"\x00\x01" + bytes(18) + b"\x00\x24\xff\xff", b""),
        (b"\x00", b""),
        (b"", b""),
    ],
    ids=range(11),
)
def test_which_connection_a_stun_message_names(message: bytes, name: bytes) -> None:
    assert _name_in(message) == name


async def test_an_address_is_the_first_ones_until_another_has_proven_it(port: Port) -> None:
    ana, eve = Somebody(), Somebody()
    port.seat("0000000a", ana)
    port.seat("0000000e", eve)
    port.take(ana, ana.take)
    port.take(eve, eve.take)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as browser:
        browser.bind(("127.0.0.1", 0))
        where = browser.getsockname()

        async def media(text: bytes) -> None:
            count = len(ana.media) + len(eve.media) + port._counters.strange
            browser.sendto(b"\x80" + text, ("127.0.0.1", port.number))
            await until(lambda: len(ana.media) + len(eve.media) + port._counters.strange > count)

        await media(b"nobody's")
        port.claim(ana, where, proven=False)
        port.claim(eve, where, proven=False)
        await media(b"ana's")
        port.claim(eve, where, proven=True)
        await media(b"eve's")
        port.claim(ana, where, proven=False)
        await media(b"eve's still")
        port.take(eve, None)
        await media(b"nobody's again")
        port.take(eve, eve.take)
        port.leave("0000000e", eve)
        port.claim(eve, where, proven=True)  # a check that was under way when it left
        await media(b"nobody's at last")
    assert ana.media == [b"\x80ana's"]
    assert eve.media == [b"\x80eve's", b"\x80eve's still"]
    assert port._counters.strange == 3


async def test_stun_goes_by_its_name_and_dtls_by_its_address(port: Port) -> None:
    ana, ben = Somebody(), Somebody()
    port.seat("0000000a", ana)
    port.seat("0000000b", ben)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as browser:
        browser.bind(("127.0.0.1", 0))
        port.claim(ana, browser.getsockname(), proven=True)
        for datagram in (request("0000000b"), request("0000000a"), request("0000000c"), b"\x16dtls", b"\x05what", b""):
            browser.sendto(datagram, ("127.0.0.1", port.number))
        await until(lambda: port._counters.strange == 3)
    assert ben.got == [request("0000000b")]
    assert ana.got == [request("0000000a"), b"\x16dtls"]
    assert [allowance.left for allowance in (*ben.allowed, *ana.allowed)] == [8, 9, 9, 7]


async def test_what_waits_goes_out_also_after_a_fault(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that it passed may be shut before there is another chance."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as browser:
        browser.bind(("127.0.0.1", 0))
        to, outbox = port.destination(browser.getsockname()), port.outbox

        def faulty(*_: object) -> int:
            outbox.sizes[0], outbox.taken = 7, 1
            outbox.due.append(to)
            to.places.append(0)
            raise RuntimeError

        monkeypatch.setattr("signalling.port.drain", faulty)
        with pytest.raises(RuntimeError):
            port._readable()
        browser.settimeout(2)
        assert len(browser.recv(99)) == 7
    assert outbox.taken == 0


async def test_everybody_comes_to_one_port_at_every_address() -> None:
    plane = MediaPlane(addresses=["127.0.0.1", "127.0.0.2", "::1"], listener=Told(), public={"127.0.0.2": "192.0.2.1"})
    await plane.start()
    offers = [(await plane.offer(ROOM, name)).sdp for name in ("ana", "ben")]  # type: ignore[arg-type]
    where = [{tuple(line.split()[4:6]) for line in o.splitlines() if line.startswith("a=candidate")} for o in offers]
    assert where[0] == where[1]
    assert {host for host, _ in where[0]} == {"127.0.0.1", "192.0.2.1", "::1"}
    assert len({number for _, number in where[0]}) == 1
    await plane.stop()


async def test_a_port_that_is_taken_is_said_at_the_start() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        plane = MediaPlane(addresses=["127.0.0.1"], listener=Told(), port=other.getsockname()[1])
        with pytest.raises(NoAddress):
            await plane.start()


async def test_people_meet_over_ipv6() -> None:
    told = Told()
    plane = MediaPlane(addresses=["::1"], listener=told)
    await plane.start()
    clients = []
    for name in ("ana", "ben"):
        client = Client(address="::1")
        offer = await plane.offer(ROOM, name)  # type: ignore[arg-type]
        await plane.answer(name, offer.generation, await client.answer(offer.sdp))  # type: ignore[arg-type]
        await client.connect()
        clients.append(client)
    ana, ben = clients
    await until(lambda: len(told.of("up")) == 2)
    plane.set_plan(ROOM, {"ben": {"ana": SOUND}})  # type: ignore[dict-item]
    for _ in range(5):
        await ana.send(ana.say())
    await until(lambda: len(ben.rtp) == 5)
    for client in clients:
        await client.close()
    await plane.stop()


async def test_a_hostile_person_cannot_take_anothers_address_by_writing_it_on_an_envelope() -> None:
    """Eve's own, authentic check seems to come from Ana's address; she cannot answer the check that is sent there."""
    async with stage() as s:
        ana, ben, eve = await s.join("ana"), await s.join("ben"), await s.join("eve")
        s.plan({"ben": {"ana": SOUND}})
        connection = eve._gatherer._connection
        pair = connection._nominated[1]
        check = connection.build_request(pair, nominate=True)
        check.add_message_integrity((connection.remote_password or "").encode())
        where = ana._gatherer._connection._nominated[1].local_candidate
        (port,) = s.plane._ports
        key = sockaddr((where.host, where.port), socket.AF_INET)[:8]
        port._unusual(bytes(check), key)
        await asyncio.sleep(0.2)
        for _ in range(10):
            await ana.send(ana.say())
        await until(lambda: len(ben.rtp) == 10)
