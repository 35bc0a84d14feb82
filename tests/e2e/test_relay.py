"""Sound and pictures by the relay: coturn as compose.yaml starts it, the real program, real browsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from playwright.async_api import Browser, async_playwright, expect

from server.room.state import Role
from tests.e2e.browser import Witness, launch, witness
from tests.e2e.people import Facilitator, Person
from tests.e2e.planning import Guest, Host
from tests.e2e.program import program
from tests.e2e.tones import voices
from tests.turn import SECRET, coturn, free_port, shipped

pytestmark = pytest.mark.asyncio(loop_scope="session")
PEOPLE = voices(["Ruth", "June"])
HERE = "127.0.0.1"
RELAYED = "127.0.0.2"
"""Where the relay's packets come from: no browser's own address."""
SOON = 15.0
"""Seconds until a browser has found its way."""
_WAYS = """
async () => {
  const ways = [];
  for (const connection of instruments.connections) {
    const reports = await connection.getStats();
    for (const report of reports.values())
      if (report.type === "transport" && report.selectedCandidatePairId !== undefined) {
        const local = reports.get(reports.get(report.selectedCandidatePairId).localCandidateId);
        ways.push([local.candidateType, local.relayProtocol ?? null]);
      }
  }
  return ways;
}
"""


@dataclass(frozen=True)
class Relay:
    port: int
    tls_port: int

    @property
    def urls(self) -> dict[str, str]:
        return {
            "udp": f"turn:{HERE}:{self.port}?transport=udp",
            "tcp": f"turn:{HERE}:{self.port}?transport=tcp",
            "tls": f"turns:localhost:{self.tls_port}?transport=tcp",
        }


@asynccontextmanager
async def relay(folder: Path) -> AsyncIterator[Relay]:
    """The shipped one, on loopback: other ports, peers on loopback, and TLS with a certificate of our own.

    It relays from another address than the browsers have, so that a direct way would be noticed.
    """
    made = Relay(free_port(), free_port())
    certificate, key = _certificate(folder)
    arguments = [argument for argument in shipped(HERE) if argument not in ("--no-tls", "--listening-port=3478")]
    arguments[arguments.index(f"--relay-ip={HERE}")] = f"--relay-ip={RELAYED}"
    arguments += [f"--listening-port={made.port}", f"--tls-listening-port={made.tls_port}", "--allow-loopback-peers"]
    arguments += [f"--cert={certificate}", f"--pkey={key}"]
    async with coturn(arguments, (HERE, made.port), folder):
        yield made


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "turn.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "turn.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "turn.pem", folder / "turn.key"


async def ways(witness: Witness) -> Any:
    """Of each connection of this page: how the browser reaches the server."""
    return await witness.ask(_WAYS)


async def comes_by(person: Person, *kinds: str) -> None:
    until = monotonic() + SOON
    while (found := [kind for kind, _ in await ways(person.at)]) != [*kinds]:
        assert monotonic() < until, found
        await asyncio.sleep(0.1)


async def meet(chromium: Browser, links: Any, stack: AsyncExitStack) -> tuple[Facilitator, Person]:
    """Ruth and June, in the circle, and June hears Ruth."""
    pages = [await stack.enter_async_context(witness(chromium, voice, PEOPLE.values())) for voice in PEOPLE.values()]
    ruth, june = Facilitator(pages[0]), Person(pages[1])
    await ruth.open(links["facilitator"])
    await ruth.open_doors()
    await june.come_to_the_door(links["victim"])
    await june.answer("Yes")
    await ruth.bring_in(june)
    await ruth.turn_microphone_on()
    await june.at.hears_only({"Ruth"})
    return ruth, june


@pytest.mark.parametrize("by", ["udp", "tcp", "tls"])
async def test_everybody_comes_by_the_relay_and_hears_each_other(by: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        # a real TURN server has a certificate that browsers know; this one's is our own
        chromium = await launch(playwright, *(["--ignore-certificate-errors"] if by == "tls" else []))
        stack.push_async_callback(chromium.close)
        turn = await stack.enter_async_context(relay(tmp_path))
        running = await stack.enter_async_context(
            program(
                tmp_path / "data",
                TURN_URLS=turn.urls[by],
                TURN_SECRET=SECRET,
                TURN_RELAYS=RELAYED,
                RELAY_ONLY="true",
            )
        )
        ruth, june = await meet(chromium, await running.practice(), stack)
        for person in (ruth, june):
            assert await ways(person.at) == [["relay", by]]
            assert person.at.errors == []
        assert not [line for line in running.said if "turn:" in line]


async def test_without_being_asked_to_nobody_takes_the_longer_way(chromium: Browser, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        turn = await stack.enter_async_context(relay(tmp_path))
        running = await stack.enter_async_context(
            program(tmp_path / "data", TURN_URLS=",".join(turn.urls.values()), TURN_SECRET=SECRET)
        )
        for person in await meet(chromium, await running.practice(), stack):
            await comes_by(person, "host")


async def test_whom_a_facilitator_hides_comes_by_the_relay_from_then_on(chromium: Browser, tmp_path: Path) -> None:
    guests = (Guest("June", Role.VICTIM), Guest("Dan", Role.OFFENDER))
    people = voices(["Ruth", "June", "Dan"])
    async with AsyncExitStack() as stack:
        turn = await stack.enter_async_context(relay(tmp_path))
        settings = {"TURN_URLS": turn.urls["udp"], "TURN_SECRET": SECRET, "TURN_RELAYS": RELAYED}
        running = await stack.enter_async_context(program(tmp_path / "data", **settings))
        pages = [await stack.enter_async_context(witness(chromium, each, people.values())) for each in people.values()]
        ruth, june, dan = Host(pages[0]), Person(pages[1]), Person(pages[2])
        await ruth.set_up(running.setup_link)
        await ruth.plan("A conversation", guests, hidden=["June"])
        desk = ruth.page.url
        links = await ruth.make_links(guests)
        await ruth.enter()
        await ruth.open_doors()
        for guest in (june, dan):
            await guest.come_to_the_door(links[guest.name])
            await guest.answer("Yes")
            await ruth.bring_in(guest)
        await ruth.begin()
        await comes_by(june, "relay")
        await comes_by(dan, "host")

        # while he is here, from the meeting's page in another tab
        tab = await ruth.at.context.new_page()
        await tab.goto(desk)
        card = tab.locator(".person", has_text="Dan")
        await card.get_by_text("Hide where they are").click()
        await card.get_by_role("button", name="Hide where Dan is").click()
        await expect(card.get_by_text("Where they are is hidden")).to_be_visible()
        await comes_by(dan, "relay")
        await ruth.turn_microphone_on()
        for guest in (june, dan):
            await guest.at.hears_only({"Ruth"})
        await comes_by(ruth, "host")
