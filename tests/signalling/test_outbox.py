"""What goes out on one socket: gathered, cut up by the kernel, and lost alone when it cannot be sent."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence

import pytest

from signalling.counters import Counters
from signalling.mmsg import sockaddr
from signalling.outbox import Destination, Outbox, can_join

SOL_UDP, UDP_GRO = 17, 104
SO_NO_CHECK = 11


class Browser:
    """Where packets go."""

    def __init__(self, family: int = socket.AF_INET) -> None:
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        self.sock.setblocking(False)
        host, port = self.sock.getsockname()[:2]
        self.at = Destination(sockaddr((host, port), family))

    def messages(self) -> list[tuple[bytes, int]]:
        """What came, with the size of the pieces that the kernel kept together."""
        came: list[tuple[bytes, int]] = []
        while True:
            try:
                data, control, *_ = self.sock.recvmsg(70_000, 64)
            except BlockingIOError:
                return came
            kept = [struct.unpack("=i", d)[0] for level, kind, d in control if (level, kind) == (SOL_UDP, UDP_GRO)]
            came.append((data, *(kept or [len(data)])))


@pytest.fixture
def browsers() -> Iterator[list[Browser]]:
    made = [Browser(), Browser()]
    yield made
    for browser in made:
        browser.sock.close()


class Server:
    def __init__(self, family: int = socket.AF_INET, size: int = 64) -> None:
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.counters = Counters()
        self.outbox = Outbox(self.sock.fileno(), size, family, self.counters)

    def put(self, to: Destination, packet: bytes, *, voice: bool = False) -> None:
        """As the hot path does."""
        out, place = self.outbox, self.outbox.taken
        out.views[place][: len(packet)] = packet
        out.sizes[place] = len(packet)
        if not (to.places or to.voices):
            out.due.append(to)
        (to.voices if voice else to.places).append(place)
        out.taken = place + 1


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.sock.close()


def packets(sizes: Sequence[int]) -> list[bytes]:
    return [bytes((n + 1,)) * size for n, size in enumerate(sizes)]


MIXED = (160, 1000, 1000, 1000, 700, 160, 160, 1450, 1450, 1000, 160, 1001)
"""Bytes.  As messages, in order: 160; 1000 three times and 700; 160 twice; 1450; 1450; 1000 and 160; 1001."""


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_each_packet_comes_alone_in_order_and_as_it_was(family: socket.AddressFamily) -> None:
    server, ana, ben = Server(family), Browser(family), Browser(family)
    with server.sock, ana.sock, ben.sock:
        for _ in range(2):  # nothing stays of what was sent before
            for packet in packets(MIXED):
                server.put(ana.at, packet)
                server.put(ben.at, packet[:90])
            server.outbox.send()
            assert [data for data, _ in ana.messages()] == packets(MIXED)
            assert [data for data, _ in ben.messages()] == packets([90] * len(MIXED))
            assert (server.outbox.taken, server.outbox.due) == (0, [])
    assert server.counters.unsent == 0


def test_what_is_of_one_size_goes_as_one_message(server: Server, browsers: list[Browser]) -> None:
    ana, ben = browsers
    ana.sock.setsockopt(SOL_UDP, UDP_GRO, 1)  # the kernel then does not cut up what stays on this machine
    sent = packets(MIXED)
    for packet in sent:
        server.put(ana.at, packet)
        server.put(ben.at, packet)
    server.outbox.send()
    one, four, two = sent[0], b"".join(sent[1:5]), b"".join(sent[5:7])
    long, last = [(packet, 1450) for packet in sent[7:9]], (b"".join(sent[9:11]), 1000)
    assert ana.messages() == [(one, 160), (four, 1000), (two, 160), *long, last, (sent[11], 1001)]
    assert [data for data, _ in ben.messages()] == sent


def test_voices_go_behind_pictures_and_so_in_the_same_message(server: Server, browsers: list[Browser]) -> None:
    ana = browsers[0]
    ana.sock.setsockopt(SOL_UDP, UDP_GRO, 1)
    ruth, june, picture, smaller = b"R" * 170, b"J" * 160, b"P" * 1000, b"p" * 900
    for packet, voice in ((ruth, True), (picture, False), (june, True), (smaller, False)):
        server.put(ana.at, packet, voice=voice)
    server.outbox.send()
    assert ana.messages() == [(picture + smaller, 1000), (ruth + june, 170)]
    server.put(ana.at, june, voice=True)
    server.put(ana.at, picture)
    server.outbox.send()
    assert ana.messages() == [(picture + june, 1000)]
    assert (ana.at.places, ana.at.voices) == ([], [])


def test_a_message_stays_within_what_the_kernel_takes(browsers: list[Browser]) -> None:
    server, ana = Server(size=128), browsers[0]
    with server.sock:
        ana.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sent = [bytes((n,)) * 1400 for n in range(100)]
        for packet in sent:
            server.put(ana.at, packet)
        server.outbox.send()
        assert [data for data, _ in ana.messages()] == sent
    assert ana.at.joins


def test_where_the_kernel_joins_nothing_each_packet_goes_alone(server: Server, browsers: list[Browser]) -> None:
    """A way over a device that cannot have packets cut: the kernel says EINVAL or EIO."""
    ana, ben = browsers
    server.sock.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)  # without checksums there is no cutting up
    for again in (False, True):
        assert ana.at.joins is not again
        for packet in packets(MIXED):
            server.put(ana.at, packet)
        server.put(ben.at, b"alone")
        server.outbox.send()
        assert [data for data, _ in ana.messages()] == packets(MIXED)
        assert ben.messages() == [(b"alone", 5)]
    assert ben.at.joins
    assert server.counters.unsent == 0


def test_on_an_older_kernel_nothing_is_joined(server: Server, browsers: list[Browser]) -> None:
    """It would not refuse, but send several packets as one."""
    assert can_join(server.sock)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as knows_nothing_of_it:
        assert not can_join(knows_nothing_of_it)
    ana = browsers[0]
    ana.sock.setsockopt(SOL_UDP, UDP_GRO, 1)
    to = Destination(sockaddr(ana.sock.getsockname(), socket.AF_INET), joins=False)
    for packet in packets(MIXED):
        server.put(to, packet)
    server.outbox.send()
    assert [data for data, _ in ana.messages()] == packets(MIXED)


def test_a_way_that_is_shut_for_a_moment_is_joined_again(server: Server, browsers: list[Browser]) -> None:
    _, port = browsers[0].sock.getsockname()
    broadcast = Destination(sockaddr(("255.255.255.255", port), socket.AF_INET))  # EACCES, until that is allowed
    for packet in packets([100] * 3):
        server.put(broadcast, packet)
    server.outbox.send()
    assert server.counters.unsent == 3
    assert broadcast.joins


def test_what_cannot_be_sent_is_lost_alone(server: Server, browsers: list[Browser]) -> None:
    """An address to which nothing can be sent stands between two good ones."""
    ana, ben = browsers
    nowhere = Destination(bytes(16))
    for to, packet in ((ana.at, b"ana"), (nowhere, b"one"), (ben.at, b"ben"), (nowhere, b"two")):
        server.put(to, packet)
    server.outbox.send()
    assert [ana.messages(), ben.messages()] == [[(b"ana", 3)], [(b"ben", 3)]]
    assert server.counters.unsent == 2
    assert server.outbox.taken == 0


def test_a_full_socket_loses_what_is_left(browsers: list[Browser]) -> None:
    counters, (ana, _) = Counters(), browsers
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        outbox = Outbox(ours.fileno(), 200, socket.AF_INET, counters)
        ana.at.joins = False
        for i in range(200):
            outbox.sizes[i] = 2000
            outbox._messages[i].msg_hdr.msg_namelen = 0
        ana.at.places = list(range(200))
        outbox.due, outbox.taken = [ana.at], 200
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 20_000)
        outbox.send()
        theirs.setblocking(False)
        arrived = 0
        while True:
            try:
                arrived += len(theirs.recv(3000)) == 2000
            except BlockingIOError:
                break
    assert 0 < arrived < 200
    assert counters.unsent == 200 - arrived
