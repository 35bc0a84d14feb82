"""Certificates with real faults."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from server.doctor.case import Case
from server.doctor.certificate import certificate
from server.doctor.findings import State
from tests.doctor.case import broken, case, only, wants_attention

HOST = "meet.example.org"
DAY = timedelta(days=1)


class Authority:
    """Somebody who signs certificates, and has one of their own that stands between."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.own = self._sign("An authority", self.key, [], -DAY, 365 * DAY)

    def _sign(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        names: list[str],
        begins: timedelta,
        ends: timedelta,
        *,
        by_itself: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name if by_itself else "A root")])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
        )
        if names:
            alternatives = [
                x509.DNSName(n) if n[-1].isalpha() else x509.IPAddress(ipaddress.ip_address(n)) for n in names
            ]
            made = made.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return made.sign(key if by_itself else self.key, hashes.SHA256())

    def case(
        self,
        *,
        names: tuple[str, ...] = (HOST,),
        begins: timedelta = -DAY,
        ends: timedelta = 90 * DAY,
        by_itself: bool = False,
        whole: bool = True,
        other_key: bool = False,
        password: bool = False,
        mode: int = 0o600,
    ) -> Case:
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(HOST, key, list(names), begins, ends, by_itself=by_itself)
        chain = [made] if by_itself or not whole else [made, self.own]
        certificate_file, key_file = self.folder / "fullchain.pem", self.folder / "privkey.pem"
        certificate_file.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
        written = ec.generate_private_key(ec.SECP256R1()) if other_key else key
        hidden = BestAvailableEncryption(b"secret") if password else NoEncryption()
        key_file.write_bytes(written.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
        key_file.chmod(mode)
        return case(self.folder, public_url=f"https://{HOST}", tls_certificate=certificate_file, tls_key=key_file)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_a_good_one_is_told_with_its_days(authority: Authority) -> None:
    found = await only(certificate, authority.case())
    assert (found.state, found.cure) == (State.OK, "")
    assert HOST in found.says
    assert "89 days" in found.says


async def test_none_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert await certificate(case(tmp_path)) == []


async def test_one_that_has_run_out(authority: Authority) -> None:
    yesterday = datetime.now(UTC) - DAY
    assert broken(
        await only(certificate, authority.case(begins=-90 * DAY, ends=-DAY)), f"ran out on {yesterday:%d %B %Y}"
    )


async def test_one_that_is_not_good_yet(authority: Authority) -> None:
    assert broken(await only(certificate, authority.case(begins=DAY)), "clock")


async def test_one_that_runs_out_soon(authority: Authority) -> None:
    assert wants_attention(await only(certificate, authority.case(ends=6 * DAY)), "in 5 days", "restart")


async def test_the_key_of_another_one(authority: Authority) -> None:
    assert broken(await only(certificate, authority.case(other_key=True)), "belongs to another certificate")


async def test_a_key_with_a_password(authority: Authority) -> None:
    assert broken(await only(certificate, authority.case(password=True)), "has a password")


async def test_a_key_that_everybody_can_read(authority: Authority) -> None:
    assert wants_attention(await only(certificate, authority.case(mode=0o644)), "chmod 600")


@pytest.mark.parametrize("names", [("www.example.org",), ("*.meet.example.org", "*.org"), ("203.0.113.5",), ()])
async def test_one_for_another_name(authority: Authority, names: tuple[str, ...]) -> None:
    assert broken(await only(certificate, authority.case(names=names)), f"people open {HOST}", *names)


@pytest.mark.parametrize("name", ["*.example.org", "MEET.example.org"])
async def test_one_for_a_name_that_is_written_otherwise(authority: Authority, name: str) -> None:
    assert (await only(certificate, authority.case(names=(name,)))).state is State.OK


async def test_one_without_its_chain(authority: Authority) -> None:
    assert wants_attention(await only(certificate, authority.case(whole=False)), "intermediate", "fullchain.pem")


async def test_one_that_signed_itself(authority: Authority) -> None:
    assert wants_attention(await only(certificate, authority.case(by_itself=True)), "signed by itself")


@pytest.mark.parametrize("lost", ["fullchain.pem", "privkey.pem"])
async def test_a_file_that_is_not_there_or_holds_something_else(authority: Authority, lost: str) -> None:
    looked_at = authority.case()
    (authority.folder / lost).write_text("no certificate\n")
    assert broken(await only(certificate, looked_at), lost, "holds no")
    (authority.folder / lost).unlink()
    assert broken(await only(certificate, looked_at), lost, "cannot be read (No such file or directory)")
