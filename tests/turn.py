"""The TURN server as compose.yaml starts it, and a client that is as polite or as curious as a test wants it."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml
from aioice import stun
from aioice.turn import UDP_TRANSPORT, TurnClientUdpProtocol

SECRET = "0123456789abcdef" * 4
COMPOSE = Path(__file__).parents[1] / "compose.yaml"
TURN_NAME = "turn.meet.example.org"
PATIENCE = 15.0
_IPV6 = 0x02000000
stun.ATTRIBUTES_BY_NAME.setdefault(
    "REQUESTED-ADDRESS-FAMILY", (0x0017, "REQUESTED-ADDRESS-FAMILY", stun.pack_unsigned, stun.unpack_unsigned)
)


def compose(address: str) -> dict[str, Any]:
    """compose.yaml as an engine reads it, for a machine with this public address."""
    values = {"ADDRESS": address, "DOMAIN": "meet.example.org", "TURN_SECRET": SECRET}
    text = COMPOSE.read_text().replace("${TURN_DOMAIN:-turn.${DOMAIN}}", TURN_NAME)
    text = re.sub(r"(?<!\$)\$\{(\w+)[^}]*\}", lambda found: values[found[1]], text)
    read: dict[str, Any] = yaml.safe_load(text.replace("$$", "$"))
    return read


def shipped(address: str) -> list[str]:
    """The arguments that compose.yaml gives coturn."""
    command: list[str] = compose(address)["services"]["turn"]["command"]
    return command


@asynccontextmanager
async def coturn(arguments: Iterable[str], address: tuple[str, int], folder: Path) -> AsyncIterator[None]:
    """A server of its own with these arguments; inside the block it answers at `address`."""
    files = (f"--pidfile={folder / 'turnserver.pid'}", f"--userdb={folder / 'turndb'}")
    process = await asyncio.create_subprocess_exec(
        "turnserver",
        *arguments,
        *files,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=(folder / "turnserver.out").open("ab"),
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            while not await _answers(*address):
                assert process.returncode is None, (folder / "turnserver.out").read_text()
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def free_port() -> int:
    """A port that nobody has now, neither for TCP nor for UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class TurnClient:
    """Over UDP.  What the server refuses raises `stun.TransactionFailed`, with its code."""

    def __init__(self, server: tuple[str, int], username: str, password: str) -> None:
        self._server = server
        self._protocol = TurnClientUdpProtocol(server, username, password, 600, 500)

    async def allocate(self) -> tuple[str, int]:
        """Returns the address of the relay."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self._protocol, remote_addr=self._server)
        wishes: dict[str, Any] = {"LIFETIME": 600, "REQUESTED-TRANSPORT": UDP_TRANSPORT}
        if ":" in self._server[0]:
            wishes["REQUESTED-ADDRESS-FAMILY"] = _IPV6
        answer = await self._ask(stun.Method.ALLOCATE, **wishes)
        relay: tuple[str, int] = answer.attributes["XOR-RELAYED-ADDRESS"]
        return relay

    async def refresh(self, lifetime: int = 600) -> None:
        await self._ask(stun.Method.REFRESH, LIFETIME=lifetime)

    async def permit(self, peer: str, port: int = 9) -> None:
        await self._ask(stun.Method.CREATE_PERMISSION, **{"XOR-PEER-ADDRESS": (peer, port)})

    async def bind(self, channel: int, peer: str, port: int = 9) -> None:
        await self._ask(stun.Method.CHANNEL_BIND, **{"CHANNEL-NUMBER": channel, "XOR-PEER-ADDRESS": (peer, port)})

    def send(self, channel: int, data: bytes) -> None:
        self._protocol._send(channel.to_bytes(2) + len(data).to_bytes(2) + data)

    async def close(self) -> None:
        self._protocol.transport.close()

    async def _ask(self, method: stun.Method, **attributes: Any) -> stun.Message:
        request = stun.Message(message_method=method, message_class=stun.Class.REQUEST)
        request.attributes.update(attributes)
        answer, _ = await self._protocol.request_with_retry(request)
        return answer


async def refused(asked: Any) -> int:
    """The code of a refusal; 0 if it was granted."""
    try:
        await asked
    except stun.TransactionFailed as failed:
        return failed.response.error_code or -1
    return 0
