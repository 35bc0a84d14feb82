"""The relay, with a real coturn that is right, and with others that are wrong in every way that matters.

It all runs in a network of its own, in which the machine has the public address of the documentation (RFC 5737); this
file is the child process in there, too.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from server.doctor.findings import Finding, State
from server.doctor.media import media
from server.doctor.relay import Server, _reached_by_ipv6, relay, server_of
from tests.app import ROOT
from tests.doctor.case import broken, case, only, wants_attention
from tests.turn import SECRET, coturn, shipped

ADDRESS = "203.0.113.5"
IPV6 = "2001:db8::5"
OTHER = "198.51.100.9"
RIGHT, OPEN_INSIDE, FOR_ANYBODY, NOT_TO_US, TLS, NOTHING, OPEN_BY_IPV6, BOTH = range(3478, 3638, 20)
Found = dict[str, list[Finding]]


@pytest.fixture(scope="module")
def found() -> Found:
    """What is found of each of them."""
    addresses = f"ip addr add {ADDRESS}/32 dev lo && ip addr add {IPV6}/128 dev lo nodad"
    network = f"ip link set lo up && {addresses} && exec $0 $@"
    child = subprocess.run(
        ["unshare", "--map-root-user", "--net", "sh", "-c", network, sys.executable, "-m", __name__],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert child.returncode == 0, child.stdout[-3000:] + child.stderr[-3000:]
    told = json.loads(child.stdout.splitlines()[-1])
    return {
        name: [Finding(**{**each, "state": State(each["state"])}) for each in findings]
        for name, findings in told.items()
    }


def test_the_shipped_one_is_right_by_both_ways(found: Found) -> None:
    assert [each.state for each in found["right"]] == [State.OK, State.OK]
    assert all("takes our passwords" in each.says and "refuses private peers" in each.says for each in found["right"])


def test_a_voice_goes_through_it_into_the_plane_and_back(found: Found) -> None:
    direct, *by_relay = found["media by the right one"]
    assert [each.state for each in (direct, *by_relay)] == [State.OK] * 3, found["media by the right one"]
    assert ["?transport=udp" in by_relay[0].says, "?transport=tcp" in by_relay[1].says] == [True, True]


def test_a_wrong_secret(found: Found) -> None:
    (each,) = found["wrong secret"]
    assert broken(each, "does not take our passwords", "TALKINGPIECE_TURN_SECRET", "clocks")
    assert "f" * 32 not in f"{each.says} {each.cure}"


def test_one_that_relays_from_where_nobody_is_let_in(found: Found) -> None:
    (each,) = found["wrong relays"]
    assert broken(each, f"relays from {ADDRESS}", f"Add {ADDRESS} to TALKINGPIECE_TURN_RELAYS")


def test_one_that_lets_strangers_into_the_network(found: Found) -> None:
    (each,) = found["open inside"]
    assert broken(each, "connects strangers to", "10.0.0.1", "169.254.169.254", "denied-peer-ip")


def test_one_that_is_shut_in_one_family_of_addresses_only(found: Found) -> None:
    (each,) = found["open by ipv6"]
    assert broken(each, "connects strangers to", "::1", "fd00::1", "::ffff:10.0.0.1")
    assert ", 10.0.0.1" not in each.says
    (both,) = found["both"]
    assert both.state is State.OK


def test_one_that_anybody_may_use(found: Found) -> None:
    (each,) = found["for anybody"]
    assert broken(each, "takes any password", "use-auth-secret")


def test_one_that_may_not_reach_the_program(found: Found) -> None:
    (each,) = found["not to us"]
    assert broken(each, "No connection came about through", "allowed-peer-ip")


def test_a_certificate_that_browsers_do_not_trust(found: Found) -> None:
    (each,) = found["untrusted"]
    assert broken(each, "do not trust the certificate")


def test_nothing_there(found: Found) -> None:
    for each in found["nothing by udp"] + found["nothing by tcp"]:
        assert broken(each, "Nothing answers at", "firewall")


def test_a_name_that_is_not_known(found: Found) -> None:
    (each,) = found["no such name"]
    assert broken(each, "is not known to this machine", "DNS")


async def test_without_one_whoever_is_on_this_machine_misses_nothing(tmp_path: Path) -> None:
    assert await relay(case(tmp_path)) == []
    assert wants_attention(await only(relay, case(tmp_path, public_url="https://meet.example.org")), "There is none")


@pytest.mark.parametrize("fault", [TimeoutError, ConnectionError, OSError])
async def test_where_ipv6_does_not_answer_the_rest_is_said_all_the_same(
    fault: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("server.doctor.relay.allocated", silent)
    settings = case(tmp_path).settings
    assert await _reached_by_ipv6(server_of("turn:turn.example.org"), "name", "password", settings) == []


def test_urls_are_read_as_browsers_read_them() -> None:
    read = {
        "turn:turn.example.org": ("turn.example.org", 3478, False, False),
        "turn:turn.example.org:99?transport=tcp": ("turn.example.org", 99, False, True),
        "turns:turn.example.org:443?transport=tcp": ("turn.example.org", 443, True, True),
        "turns:turn.example.org": ("turn.example.org", 5349, True, True),
        "turn:[2001:db8::5]:3478?transport=udp": ("2001:db8::5", 3478, False, False),
        "turn:[2001:db8::5]": ("2001:db8::5", 3478, False, False),
    }
    for url, (host, port, tls, tcp) in read.items():
        assert server_of(url) == Server(url, host, port, tls=tls, tcp=tcp)


# ---- in the network of its own --------------------------------------------------------------------------------------


def _without(*options: str) -> list[str]:
    return [argument for argument in shipped(ADDRESS) if not argument.startswith(options)]


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A key, and a certificate that it has signed itself."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=turn", "-days", "1"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return key, certificate


@asynccontextmanager
async def _relays(folder: Path) -> AsyncIterator[None]:
    pem = _certificate(folder)
    peers = ("--denied-peer-ip", "--allowed-peer-ip")
    servers = {
        RIGHT: shipped(ADDRESS),
        OPEN_INSIDE: _without(*peers),
        OPEN_BY_IPV6: [*_without("--denied-peer-ip=::"), f"--relay-ip={IPV6}"],
        BOTH: [*shipped(ADDRESS), f"--relay-ip={IPV6}"],
        FOR_ANYBODY: [*_without("--use-auth-secret", "--static-auth-secret"), "--no-auth"],
        NOT_TO_US: [*_without("--allowed-peer-ip"), f"--allowed-peer-ip={OTHER}"],
        TLS: [*_without("--no-tls"), f"--tls-listening-port={TLS + 1}", f"--pkey={pem[0]}", f"--cert={pem[1]}"],
    }
    async with AsyncExitStack() as stack:
        for port, arguments in servers.items():
            own = folder / str(port)
            own.mkdir()
            plain = [argument for argument in arguments if not argument.startswith("--listening-port")]
            await stack.enter_async_context(coturn([*plain, f"--listening-port={port}"], (ADDRESS, port), own))
        yield


async def inside(folder: Path) -> dict[str, list[dict[str, Any]]]:
    def using(*urls: str, secret: str = SECRET, relays: tuple[str, ...] = (ADDRESS,)) -> Any:
        media_at: dict[str, Any] = {"media_addresses": (ADDRESS,), "media_port": 10000}
        return case(folder, turn_urls=urls, turn_secret=secret, turn_relays=relays, **media_at)

    udp, tcp = (f"turn:{ADDRESS}:{RIGHT}?transport={by}" for by in ("udp", "tcp"))
    async with _relays(folder):
        found = {
            "right": await relay(using(udp, tcp)),
            "media by the right one": await media(using(udp, tcp)),
            "wrong secret": await relay(using(udp, secret="f" * 64)),
            "wrong relays": await relay(using(udp, relays=(OTHER,))),
            "open inside": await relay(using(f"turn:{ADDRESS}:{OPEN_INSIDE}")),
            "open by ipv6": await relay(using(f"turn:{ADDRESS}:{OPEN_BY_IPV6}")),
            "both": await relay(using(f"turn:{ADDRESS}:{BOTH}")),
            "for anybody": await relay(using(f"turn:{ADDRESS}:{FOR_ANYBODY}")),
            "not to us": (await media(using(f"turn:{ADDRESS}:{NOT_TO_US}")))[1:],
            "untrusted": await relay(using(f"turns:{ADDRESS}:{TLS + 1}?transport=tcp")),
            "nothing by udp": await relay(using(f"turn:{ADDRESS}:{NOTHING}")),
            "nothing by tcp": await relay(using(f"turn:{ADDRESS}:{NOTHING}?transport=tcp")),
            "no such name": await relay(using("turn:turn.invalid")),
        }
    return {name: [asdict(each) for each in findings] for name, findings in found.items()}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(json.dumps(asyncio.run(inside(Path(made)))))
