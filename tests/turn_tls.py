"""TURN by TLS as compose.yaml ships it: HAProxy at the door, and coturn with the certificates that the proxy fetches.

What is bound to one machine is replaced and nothing else: port numbers, and the folders of the containers.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.turn import PATIENCE, TURN_NAME, compose, free_port

HERE = "127.0.0.1"


class Ports:
    """Free ones in place of 443, 8443, 3478 and 5349."""

    def __init__(self) -> None:
        self.door, self.pages, self.turn, self.turn_tls = (free_port() for _ in range(4))


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A new certificate for this name, by itself, and its key; written as Caddy does it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    return files


def fetched(folder: Path) -> Path:
    """The proxy has (again) fetched a certificate for the TURN server, into its volume; returns where it is."""
    authority = folder / "certificates/caddy/certificates/acme-v02.api.letsencrypt.org-directory"
    return certificate(authority / TURN_NAME, TURN_NAME)[0]


@asynccontextmanager
async def door(folder: Path, ports: Ports) -> AsyncIterator[None]:
    """HAProxy with the shipped configuration."""
    text: str = compose(HERE)["configs"]["haproxy"]["content"]
    for shipped, free in (  # the port that is looked for with nothing behind it first: 53490 begins like it
        (":5349", f":{ports.turn_tls}"),
        (":8443 ", f":{ports.pages} "),
        ("bind :::443 v4v6", f"bind {HERE}:{ports.door}"),
    ):
        assert shipped in text
        text = text.replace(shipped, free)
    config = folder / "haproxy.cfg"
    await asyncio.to_thread(config.write_text, text)
    async with _process(["haproxy", "-db", "-f", str(config)], folder / "haproxy.out"):
        await _listens(ports.door)
        yield


@asynccontextmanager
async def turn(
    folder: Path, ports: Ports, replace: Mapping[str, str], more: Sequence[str] = ()
) -> AsyncIterator[asyncio.subprocess.Process]:
    """coturn by the shipped script; inside the block it answers.  `replace`: arguments that are others here."""
    shipped = compose(HERE)
    arguments: list[str] = shipped["services"]["turn"]["command"]
    others = {
        "--listening-port=3478": f"--listening-port={ports.turn}",
        "--tls-listening-port=5349": f"--tls-listening-port={ports.turn_tls}",
        **replace,
    }
    assert others.keys() <= set(arguments)
    arguments = [others.get(argument, argument).replace("/run/turn", str(folder)) for argument in arguments]
    script: str = shipped["configs"]["turn"]["content"]
    script = script.replace("/run/turn", str(folder)).replace("/certificates/caddy", f"{folder}/certificates/caddy")
    await asyncio.to_thread((folder / "turn.sh").write_text, script)
    own = [f"--pidfile={folder / 'turnserver.pid'}", f"--userdb={folder / 'turndb'}"]
    command = ["/bin/sh", str(folder / "turn.sh"), *arguments, *own, *more]
    environ = {"TURN_DOMAIN": TURN_NAME, "LOOK_EVERY": "0.2"}
    async with _process(command, folder / "turnserver.out", environ) as process:
        await _listens(ports.turn)
        yield process


@asynccontextmanager
async def _process(
    command: Sequence[str], out: Path, environ: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    assert shutil.which(command[0]) is not None, f"{command[0]} is not installed"
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **(environ or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=out.open("ab"),
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _listens(port: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(HERE, port)
                writer.close()
                return
            await asyncio.sleep(0.05)
