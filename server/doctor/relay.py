"""The TURN server, as a browser would use it: is it there, does it take our passwords, whom does it connect to?"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs

from aioice import stun
from aioice.turn import UDP_TRANSPORT, TurnClientTcpProtocol, TurnClientUdpProtocol

from server.doctor.case import Case
from server.doctor.findings import Finding, attention, broken, ok
from server.host.turn import Turn
from server.room.ids import DeviceId
from server.settings import PREFIX, Settings

ABOUT = "relay"
PATIENCE = 4.0
"""Seconds for one step."""
_LIFETIME = 60
_PRIVATE = ("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "0.0.0.0")  # noqa: S104
"""Peers to which a stranger must not get through our relay: this machine, its network, a cloud's own addresses."""
_PRIVATE_IPV6 = ("::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "fe80::1", "fd00::1")
"""The same, also where an IPv4 address is written in an IPv6 one."""
_FAMILY, _IPV6 = "REQUESTED-ADDRESS-FAMILY", 0x02000000
stun.ATTRIBUTES_BY_NAME.setdefault(_FAMILY, (0x0017, _FAMILY, stun.pack_unsigned, stun.unpack_unsigned))
"""RFC 8656 section 18.8, which aioice does not know."""
_Client = TurnClientUdpProtocol | TurnClientTcpProtocol


@dataclass(frozen=True, slots=True)
class Server:
    """One of TALKINGPIECE_TURN_URLS, taken apart (RFC 7065)."""

    url: str
    host: str
    port: int
    tls: bool
    tcp: bool


def server_of(url: str) -> Server:
    scheme, _, rest = url.partition(":")
    place, _, query = rest.partition("?")
    tls = scheme == "turns"
    host, port = place, ""
    if not place.endswith("]") and ":" in place:
        host, _, port = place.rpartition(":")
    transport = parse_qs(query).get("transport", ["tcp" if tls else "udp"])[0]
    return Server(url, host.strip("[]"), int(port or (5349 if tls else 3478)), tls, tls or transport == "tcp")


def credentials(settings: Settings) -> tuple[str, str]:
    """A name and a password as a browser gets them."""
    turn = Turn(settings.turn_urls, settings.turn_secret.get_secret_value(), frozenset())
    server = turn.server(DeviceId(f"doctor-{secrets.token_hex(8)}"), datetime.now(UTC))
    return str(server["username"]), str(server["credential"])


async def relay(case: Case) -> list[Finding]:
    given = case.settings
    if not given.turn_urls:
        if given.local:
            return []
        return [
            attention(
                ABOUT,
                "There is none: whose network lets only pages through has no sound and no pictures.",
                "compose.yaml starts one (coturn) and sets it up; without containers see README.md, TURN.",
            )
        ]
    found = []
    for url in given.turn_urls:
        found += await _try(server_of(url), given)
    return found


async def _try(server: Server, settings: Settings) -> list[Finding]:
    username, password = credentials(settings)
    try:
        async with asyncio.timeout(4 * PATIENCE), allocated(server, username, password) as (client, address):
            reached = await _reached(client, _PRIVATE, settings)
        reached += await _reached_by_ipv6(server, username, password, settings)
    except ssl.SSLCertVerificationError as fault:
        why = f"Browsers do not trust the certificate at {server.url}: {fault.verify_message}."
        return [broken(ABOUT, why, "Give coturn a certificate for this name, with its chain.")]
    except socket.gaierror:
        return [broken(ABOUT, f"The name in {server.url} is not known to this machine.", "Look at its DNS entry.")]
    except stun.TransactionFailed as refused:
        return [_refused(server, refused.response.error_code)]
    except (stun.TransactionError, OSError, TimeoutError, ConnectionError):
        return [
            broken(
                ABOUT,
                f"Nothing answers at {server.url}.",
                "Does coturn run, and is its port open in the firewall, for UDP and for TCP?",
            )
        ]
    found = []
    if reached:
        found.append(
            broken(
                ABOUT,
                f"{server.url} connects strangers to {', '.join(reached)}: they can get at what is inside.",
                "Give coturn denied-peer-ip for all and allowed-peer-ip for this machine, as compose.yaml does.",
            )
        )
    if settings.turn_relays and address not in settings.turn_relays:
        found.append(
            broken(
                ABOUT,
                f"{server.url} relays from {address}, which {PREFIX}TURN_RELAYS does not name: "
                "whose address is hidden is not heard.",
                f"Add {address} to {PREFIX}TURN_RELAYS.",
            )
        )
    if await _takes_anybody(server):
        found.append(
            broken(
                ABOUT,
                f"{server.url} takes any password: the whole world can send through it.",
                "Start coturn with use-auth-secret and our static-auth-secret.",
            )
        )
    return found or [ok(ABOUT, f"{server.url} takes our passwords, relays from {address} and refuses private peers.")]


@contextlib.asynccontextmanager
async def allocated(
    server: Server, username: str, password: str, *, ipv6: bool = False
) -> AsyncIterator[tuple[_Client, str]]:
    """A client with an allocation, and the relay's address.  Raises what the socket and the server have to say."""
    loop = asyncio.get_running_loop()
    where = (server.host, server.port)
    client: _Client
    async with asyncio.timeout(PATIENCE):
        if server.tcp:
            _, client = await loop.create_connection(
                lambda: TurnClientTcpProtocol(where, username, password, _LIFETIME, 500), *where, ssl=server.tls or None
            )
        else:
            _, client = await loop.create_datagram_endpoint(
                lambda: TurnClientUdpProtocol(where, username, password, _LIFETIME, 500), remote_addr=where
            )
    try:
        request = stun.Message(message_method=stun.Method.ALLOCATE, message_class=stun.Class.REQUEST)
        request.attributes |= {"LIFETIME": _LIFETIME, "REQUESTED-TRANSPORT": UDP_TRANSPORT}
        if ipv6:
            request.attributes[_FAMILY] = _IPV6
        async with asyncio.timeout(PATIENCE):
            response, _ = await client.request_with_retry(request)
        if "XOR-RELAYED-ADDRESS" not in response.attributes:
            raise ConnectionError("it does not say from where it relays")
        yield client, response.attributes["XOR-RELAYED-ADDRESS"][0]
    finally:
        with contextlib.suppress(TimeoutError, OSError, stun.TransactionError):
            async with asyncio.timeout(PATIENCE):
                await client.delete()
        client.transport.close()


async def _reached_by_ipv6(server: Server, username: str, password: str, settings: Settings) -> list[str]:
    """One that relays by both can be shut in one family and open in the other."""
    try:
        async with allocated(server, username, password, ipv6=True) as (client, _):
            return await _reached(client, _PRIVATE_IPV6, settings)
    except (stun.TransactionError, OSError, TimeoutError, ConnectionError):  # mostly 440: it does not relay by IPv6
        return []


async def _reached(client: _Client, peers: Sequence[str], settings: Settings) -> list[str]:
    """To which of these it would connect; our own address is meant."""
    meant = set(settings.media_hosts.values()) | set(settings.turn_relays)
    reached = []
    for peer in peers:
        if peer in meant:
            continue
        request = stun.Message(message_method=stun.Method.CREATE_PERMISSION, message_class=stun.Class.REQUEST)
        request.attributes["XOR-PEER-ADDRESS"] = (peer, 9)
        try:
            async with asyncio.timeout(PATIENCE):
                await client.request_with_retry(request)
        except stun.TransactionFailed:
            continue
        reached.append(peer)
    return reached


async def _takes_anybody(server: Server) -> bool:
    """A password that nobody has made."""
    name = f"{int(datetime.now(UTC).timestamp()) + 600}:doctor"
    try:
        async with allocated(server, name, secrets.token_hex(16)):
            return True
    except (stun.TransactionError, OSError, TimeoutError, ConnectionError):
        return False


def _refused(server: Server, code: int | None) -> Finding:
    match code:
        case 401 | 441:
            return broken(
                ABOUT,
                f"{server.url} does not take our passwords.",
                f"{PREFIX}TURN_SECRET and coturn's static-auth-secret must be the same, and the clocks must agree.",
            )
        case 403:
            return broken(ABOUT, f"{server.url} does not let us in.", "Look at coturn's allowed and denied addresses.")
        case 486 | 508:
            return attention(
                ABOUT,
                f"{server.url} is full ({code}).",
                "Look at coturn's user-quota, total-quota and its range of ports.",
            )
        case _:
            return broken(ABOUT, f"{server.url} refuses us ({code}).", "Look at coturn's log.")
