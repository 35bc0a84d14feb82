"""TURN by TLS on the port of the pages, as compose.yaml ships it: who comes to whom, and with which certificate."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aioice import stun
from aioice.turn import make_integrity_key
from cryptography import x509

from server.host.turn import Turn
from server.room.ids import DeviceId
from tests.turn import PATIENCE, SECRET, TURN_NAME, compose
from tests.turn_tls import HERE, Ports, certificate, door, fetched, turn

PAGES_NAME = "meet.example.org"
AUTHORITY = "acme-tls/1"
"""What a certificate authority asks for when it looks whose name it is (RFC 8737)."""
PROXIED = b"\r\n\r\n\0\r\nQUIT\n\x21\x11"
"""PROXY, version 2, over TCP and IPv4."""


def test_haproxy_takes_the_shipped_configuration(tmp_path: Path) -> None:
    config = tmp_path / "haproxy.cfg"
    config.write_text(compose("203.0.113.5")["configs"]["haproxy"]["content"])
    checked = subprocess.run(["haproxy", "-c", "-f", str(config)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "WARNING" not in checked.stderr


async def tls(
    port: int, name: str, protocols: Sequence[str] = ()
) -> tuple[x509.Certificate, asyncio.StreamReader, asyncio.StreamWriter]:
    """A TLS connection for this name, and the certificate that came."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols([*protocols])
    reader, writer = await asyncio.open_connection(HERE, port, ssl=context, server_hostname=name)
    raw = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(raw), reader, writer


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: stun.Message) -> stun.Message:
    """A request to the TURN server by this stream (RFC 5766 section 7.2.2), and its answer."""
    writer.write(bytes(request))
    head = await asyncio.wait_for(reader.readexactly(20), PATIENCE)
    return stun.parse_message(head + await reader.readexactly(struct.unpack_from("!H", head, 2)[0]))


async def allocate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> stun.Message:
    """A relay, by name and password; returns the answer, whose attributes make further requests good."""
    server = Turn((), SECRET, frozenset()).server(DeviceId("a session"), datetime.now(UTC))
    request = stun.Message(message_method=stun.Method.ALLOCATE, message_class=stun.Class.REQUEST)
    request.attributes.update({"LIFETIME": 600, "REQUESTED-TRANSPORT": 0x11000000})
    asked = await ask(reader, writer, request)
    assert asked.attributes["ERROR-CODE"][0] == 401
    return await ask(reader, writer, signed(request, asked, str(server["username"]), str(server["credential"])))


def signed(plain: stun.Message, asked: stun.Message, username: str, password: str) -> stun.Message:
    request = stun.Message(plain.message_method, plain.message_class, attributes=dict(plain.attributes))
    realm, nonce = asked.attributes["REALM"], asked.attributes["NONCE"]
    request.attributes.update({"USERNAME": username, "REALM": realm, "NONCE": nonce})
    request.add_message_integrity(make_integrity_key(username, realm, password))
    return request


@asynccontextmanager
async def pages(folder: Path, ports: Ports) -> AsyncIterator[tuple[x509.Certificate, list[bytes]]]:
    """In the proxy's place: takes the PROXY header, then TLS.  Yields its certificate, and the headers that came."""
    file, key = certificate(folder / "pages", PAGES_NAME)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, key)
    context.set_alpn_protocols([AUTHORITY, "http/1.1"])
    headers: list[bytes] = []
    loop = asyncio.get_running_loop()
    listening = socket.create_server((HERE, ports.pages))
    listening.setblocking(False)

    async def serve() -> None:
        while True:
            caller, _ = await loop.sock_accept(listening)
            headers.append(await loop.sock_recv(caller, len(PROXIED) + 14))
            with suppress(OSError):
                await loop.connect_accepted_socket(asyncio.Protocol, caller, ssl=context)

    serving = asyncio.create_task(serve())
    yield x509.load_pem_x509_certificate(file.read_bytes()), headers
    serving.cancel()
    listening.close()


async def test_each_comes_to_whom_they_ask_for(tmp_path: Path) -> None:
    ports = Ports()
    ours = x509.load_pem_x509_certificate(fetched(tmp_path).read_bytes())
    async with door(tmp_path, ports), pages(tmp_path, ports) as (theirs, headers), turn(tmp_path, ports, {}):
        shown, reader, writer = await tls(ports.door, TURN_NAME)
        assert shown == ours
        assert "XOR-RELAYED-ADDRESS" in (await allocate(reader, writer)).attributes
        writer.close()
        assert headers == []

        for name, protocols in ((PAGES_NAME, ["http/1.1"]), ("elsewhere.example", []), (TURN_NAME, [AUTHORITY])):
            shown, _, writer = await tls(ports.door, name, protocols)
            assert shown == theirs, name
            own = writer.get_extra_info("sockname")
            assert headers.pop() == PROXIED + b"\0\x0c" + socket.inet_aton(HERE) * 2 + struct.pack(
                "!HH", own[1], ports.door
            )
            writer.close()

        reader, writer = await asyncio.open_connection(HERE, ports.door)
        writer.write(b"GET / HTTP/1.1\r\nHost: meet.example.org\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()
        assert headers == []


async def test_without_a_certificate_it_relays_without_tls_until_there_is_one(tmp_path: Path) -> None:
    ports = Ports()
    async with turn(tmp_path, ports, {}) as process:
        reader, writer = await asyncio.open_connection(HERE, ports.turn)
        assert "XOR-RELAYED-ADDRESS" in (await allocate(reader, writer)).attributes
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await tls(ports.turn_tls, TURN_NAME)
        fetched(tmp_path)
        # it ends, and an engine starts it again
        await asyncio.wait_for(process.wait(), PATIENCE)
    async with turn(tmp_path, ports, {}):
        await tls(ports.turn_tls, TURN_NAME)


async def test_a_new_certificate_is_taken_up_and_no_connection_notices(tmp_path: Path) -> None:
    ports = Ports()
    first = x509.load_pem_x509_certificate(fetched(tmp_path).read_bytes())
    async with turn(tmp_path, ports, {}) as process:
        shown, reader, writer = await tls(ports.turn_tls, TURN_NAME)
        assert shown == first
        granted = await allocate(reader, writer)
        assert "XOR-RELAYED-ADDRESS" in granted.attributes

        second = x509.load_pem_x509_certificate(fetched(tmp_path).read_bytes())
        async with asyncio.timeout(PATIENCE):
            while shown != second:
                shown, _, other = await tls(ports.turn_tls, TURN_NAME)
                other.close()
                await asyncio.sleep(0.1)
        asked = await ask(
            reader, writer, stun.Message(message_method=stun.Method.REFRESH, message_class=stun.Class.REQUEST)
        )
        assert asked.attributes["ERROR-CODE"][0] == 401, "the old connection is answered"
        assert process.returncode is None
        writer.close()
