"""Sound and pictures by the relay: coturn as compose.yaml starts it, the real program, real browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from playwright.async_api import Browser, async_playwright

from tests.e2e.browser import Witness, launch, witness
from tests.e2e.people import Facilitator, Person
from tests.e2e.program import program
from tests.e2e.tones import voices
from tests.turn import SECRET, coturn, free_port, shipped

pytestmark = pytest.mark.asyncio(loop_scope="session")
PEOPLE = voices(["Ruth", "June"])
HERE = "127.0.0.1"
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
    """The shipped one, on loopback: other ports, peers on loopback, and TLS with a certificate of our own."""
    made = Relay(free_port(), free_port())
    certificate, key = _certificate(folder)
    arguments = [argument for argument in shipped(HERE) if argument not in ("--no-tls", "--listening-port=3478")]
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
                TURN_RELAYS=HERE,
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
            assert [kind for kind, _ in await ways(person.at)] == ["host"]
