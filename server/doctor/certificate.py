"""The certificate that the program itself serves."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from server.doctor.case import Case
from server.doctor.findings import Finding, attention, broken, ok
from server.settings import PREFIX

ABOUT = "certificate"
SOON = 14
"""Days."""


async def certificate(case: Case) -> list[Finding]:
    given = case.settings
    if given.tls_certificate is None or given.tls_key is None:
        return []
    try:
        chain = x509.load_pem_x509_certificates(given.tls_certificate.read_bytes())
    except OSError as fault:
        return [_unreadable(given.tls_certificate, fault, "TLS_CERTIFICATE")]
    except ValueError:
        return [
            broken(
                ABOUT,
                f"{given.tls_certificate} holds no certificate.",
                f"{PREFIX}TLS_CERTIFICATE should name a PEM file: -----BEGIN CERTIFICATE-----.",
            )
        ]
    found = [*_key(given.tls_key, chain[0]), *_validity(chain[0]), *_names(chain[0], given.origin), *_trust(chain)]
    days = (chain[0].not_valid_after_utc - datetime.now(UTC)).days
    return found or [ok(ABOUT, f"It fits its key and {urlsplit(given.origin).hostname}, and is good for {days} days.")]


def _unreadable(file: Path, fault: OSError, setting: str) -> Finding:
    return broken(
        ABOUT, f"{file} cannot be read ({fault.strerror}).", f"{PREFIX}{setting} should name a file that I may read."
    )


def _key(file: Path, certificate: x509.Certificate) -> list[Finding]:
    try:
        key = load_pem_private_key(file.read_bytes(), None)
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError as fault:
        return [_unreadable(file, fault, "TLS_KEY")]
    except TypeError:
        return [broken(ABOUT, f"The key in {file} has a password.", "Take it off: openssl pkey -in … -out ….")]
    except ValueError:
        return [
            broken(ABOUT, f"{file} holds no private key.", f"{PREFIX}TLS_KEY should name the certificate's own key.")
        ]
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        return [
            broken(
                ABOUT,
                f"The key in {file} belongs to another certificate.",
                "Take the pair that was made together (for Let's Encrypt: fullchain.pem and privkey.pem).",
            )
        ]
    if mode & 0o007:
        return [attention(ABOUT, f"Everybody on this machine can read the key in {file}.", f"chmod 600 {file}")]
    return []


def _validity(certificate: x509.Certificate) -> list[Finding]:
    now, until = datetime.now(UTC), certificate.not_valid_after_utc
    if until <= now:
        return [
            broken(
                ABOUT,
                f"It ran out on {until:%d %B %Y}: browsers show a warning instead of the page.",
                "Get a new one and restart the program; look why it was not renewed.",
            )
        ]
    if certificate.not_valid_before_utc > now:
        return [
            broken(
                ABOUT,
                f"It is good from {certificate.not_valid_before_utc:%d %B %Y} only.",
                "Look at this machine's clock first.",
            )
        ]
    if (until - now).days < SOON:
        return [
            attention(
                ABOUT,
                f"It runs out in {(until - now).days} days.",
                "Renew it and restart the program, which reads it only when it starts.",
            )
        ]
    return []


def _names(certificate: x509.Certificate, origin: str) -> list[Finding]:
    host = urlsplit(origin).hostname or ""
    names = _names_in(certificate)
    if any(_is_for(name, host) for name in names):
        return []
    told = ", ".join(names) or "nobody"
    return [
        broken(
            ABOUT,
            f"It is for {told}, and people open {host}.",
            f"Get one for {host}, or set {PREFIX}PUBLIC_URL to what people open.",
        )
    ]


def _names_in(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []  # browsers do not look at the common name any more
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _is_for(name: str, host: str) -> bool:
    """RFC 9525 section 6.3: a wildcard is the whole leftmost label."""
    try:
        return ip_address(name) == ip_address(host)
    except ValueError:
        name, host = name.lower(), host.lower()
        return name == host or (name.startswith("*.") and name[2:] == host.partition(".")[2])


def _trust(chain: list[x509.Certificate]) -> list[Finding]:
    first = chain[0]
    if first.issuer == first.subject:
        return [
            attention(
                ABOUT,
                "It was signed by itself: browsers warn everybody who comes.",
                "Get one that browsers trust (Let's Encrypt), or put a proxy in front that does.",
            )
        ]
    if len(chain) == 1:
        return [
            attention(
                ABOUT,
                "The file holds no intermediate certificate, without which some phones do not trust it.",
                f"{PREFIX}TLS_CERTIFICATE should name the whole chain (for Let's Encrypt: fullchain.pem).",
            )
        ]
    return []
