"""The settings that can be read and are yet not meant that way."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from server import environment
from server.doctor.case import Case
from server.doctor.findings import Finding, attention, broken, ok
from server.settings import PREFIX

ABOUT = "settings"


async def settings(case: Case) -> list[Finding]:
    given = case.settings
    found = []
    if not given.secure and not given.local:
        found.append(
            broken(
                ABOUT,
                f"People open {given.origin}; browsers give no camera and no microphone to an address without https.",
                f"Put a TLS proxy in front, or set {PREFIX}TLS_CERTIFICATE and {PREFIX}TLS_KEY.",
            )
        )
    if given.secure and not given.tls and not given.trust_proxy:
        found.append(
            attention(
                ABOUT,
                "A proxy speaks TLS, and its word is not trusted: everybody seems to come from one address, "
                "and wrong passwords of one person count against all.",
                f"Set {PREFIX}TRUST_PROXY=true if the proxy sets X-Forwarded-For.",
            )
        )
    if not given.local and given.media_hosts and not given.turn_urls and _all_private(given.media_hosts.values()):
        found.append(
            attention(
                ABOUT,
                "Browsers are told to send sound and pictures to private addresses only, which nobody outside reaches.",
                f"Say what browsers call this machine: {PREFIX}MEDIA_ADDRESSES=10.0.0.5=203.0.113.5.",
            )
        )
    return found or [ok(ABOUT, f"All {len(environment.table())} can be read and fit together.")]


def _all_private(addresses: Iterable[str]) -> bool:
    return all(ip_address(address).is_private for address in addresses)
