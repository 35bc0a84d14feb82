"""What became of the packets of all connections of one plane, since its start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    received: int = 0
    """Authentic media packets that were new."""
    forwarded: int = 0
    strange: int = 0
    """From an address that has passed no check, or with the name of no connection."""
    undeclared: int = 0
    """SSRC not in the answer."""
    excess: int = 0
    """More than is taken of one person: dropped before it is decrypted or read."""
    unauthentic: int = 0
    """Not decrypted: a wrong key, a replay, too old."""
    malformed: int = 0
    """Wrong size, header or payload type; or nothing but padding."""
    repeated: int = 0
    """A sequence number that was not due: a copy, or late beyond use."""
    probes: int = 0
    """RTX that nobody asked for."""
    unsent: int = 0
    """The socket was full."""
    stalls: int = 0
    """Times that the event loop was late by more than a quarter of a second: nothing was read meanwhile."""
