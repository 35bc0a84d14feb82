"""The TURN server exactly as compose.yaml starts it: whom it lets in, and to whom it relays.

It runs in a network of its own, in which the machine has the public address of the documentation (RFC 5737, RFC 3849);
this file is the child process in there, too.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.host.turn import VALID_FOR, Turn
from server.room.ids import DeviceId
from tests.turn import PATIENCE, SECRET, TurnClient, coturn, refused, shipped

ROOT = Path(__file__).parents[1]
ADDRESSES = {"IPv4": "203.0.113.5", "IPv6": "2001:db8::5"}
PORT = 3478
OTHERS = {
    "IPv4": (
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "0.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "203.0.113.4",
        "203.0.113.6",
        "198.51.100.7",
    ),
    "IPv6": (
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "2001:db8::4",
        "2001:db8::6",
    ),
}
"""Peers that must be refused: this machine, its network, a cloud's own addresses, everybody, and any stranger."""


@pytest.fixture(scope="module", params=list(ADDRESSES))
def tried(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What became of everything that `inside` tries, with a public address of this family."""
    address = ADDRESSES[request.param]
    size = 32 if "." in address else 128
    network = f"ip link set lo up && ip addr add {address}/{size} dev lo nodad && exec $0 $@"
    if size == 32:
        network = network.replace(" nodad", "")
    child = subprocess.run(
        ["unshare", "--map-root-user", "--net", "sh", "-c", network, sys.executable, "-m", __name__, request.param],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode == 0, child.stdout[-3000:] + child.stderr[-3000:]
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found


def test_it_relays_to_the_program_only(tried: dict[str, Any]) -> None:
    assert tried["ours"] == {"permission": 0, "channel": 0}
    assert set(tried["others"].values()) == {403}, tried["others"]


def test_what_it_relays_arrives_from_its_own_address(tried: dict[str, Any]) -> None:
    assert tried["heard"] == ["sound and pictures", tried["relay"]]


def test_nobody_comes_in_without_a_name_that_we_made_in_the_last_ten_minutes(tried: dict[str, Any]) -> None:
    assert tried["expired"] == 401
    assert tried["wrong secret"] == 401
    assert tried["another's password"] == 401
    assert tried["no name"] == 401


def test_one_session_cannot_take_every_relay(tried: dict[str, Any]) -> None:
    """With however many names: the quota is that of the session behind them."""
    assert tried["quota"] == {"granted": 120, "refused": 486, "another session": 0}


def test_who_is_in_may_stay_when_the_name_has_run_out(tried: dict[str, Any]) -> None:
    """Nothing has to be renewed while a connection stands."""
    assert tried["later"] == {"refresh": 0, "permission": 0, "channel": 0, "anew": 401}


# ---- in the network of its own --------------------------------------------------------------------------------------


def credentials(secret: str = SECRET, *, left: timedelta = VALID_FOR, session: str = "a session") -> tuple[str, str]:
    """A name and its password that are good for so long."""
    made: Any = Turn((), secret, frozenset()).server(DeviceId(session), datetime.now(UTC) - VALID_FOR + left)
    return made["username"], made["credential"]


async def inside(family: str, folder: Path) -> dict[str, Any]:
    address = ADDRESSES[family]
    server = (address, PORT)
    async with coturn(shipped(address), server, folder):
        found: dict[str, Any] = {}
        client = TurnClient(server, *credentials())
        found["relay"] = (await client.allocate())[0]
        found["others"] = {}
        for number, peer in enumerate(OTHERS[family]):
            found["others"][f"{peer} permission"] = await refused(client.permit(peer))
            found["others"][f"{peer} channel"] = await refused(client.bind(0x4100 + number, peer))

        loop = asyncio.get_running_loop()
        heard: asyncio.Future[list[str]] = loop.create_future()

        class Program(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
                heard.set_result([data.decode(), addr[0]])

        listening, _ = await loop.create_datagram_endpoint(Program, local_addr=(address, 0))
        port = listening.get_extra_info("sockname")[1]
        found["ours"] = {
            "permission": await refused(client.permit(address, port)),
            "channel": await refused(client.bind(0x4000, address, port)),
        }
        client.send(0x4000, b"sound and pictures")
        found["heard"] = await asyncio.wait_for(heard, PATIENCE)
        listening.close()
        await client.close()

        name, password = credentials()
        found["expired"] = await refused(TurnClient(server, *credentials(left=timedelta(seconds=-1))).allocate())
        found["wrong secret"] = await refused(TurnClient(server, *credentials("f" * 64)).allocate())
        other = credentials(session="another session")[1]
        found["another's password"] = await refused(TurnClient(server, name, other).allocate())
        found["no name"] = await refused(TurnClient(server, "", password).allocate())

        short = credentials(left=timedelta(seconds=3))
        stays = TurnClient(server, *short)
        await stays.allocate()
        await asyncio.sleep(int(short[0].partition(":")[0]) + 1.1 - datetime.now(UTC).timestamp())
        found["later"] = {
            "refresh": await refused(stays.refresh()),
            "permission": await refused(stays.permit(address)),
            "channel": await refused(stays.bind(0x4001, address, 10)),
            "anew": await refused(TurnClient(server, *short).allocate()),
        }
        await stays.close()

        many = [TurnClient(server, *credentials(left=timedelta(seconds=99 + n), session="greedy")) for n in range(125)]
        codes = [await refused(each.allocate()) for each in many]
        modest = TurnClient(server, *credentials(session="modest"))
        found["quota"] = {
            "granted": codes.count(0),
            "refused": codes[-1],
            "another session": await refused(modest.allocate()),
        }
        return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(json.dumps(asyncio.run(inside(sys.argv[1], Path(made)))))
