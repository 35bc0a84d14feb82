"""How much one browser may ask for, and how much everybody together.

A token bucket each for what one connection sends.  A person in a hurry presses a button five times; nobody presses
one five times a second for a minute.  What stops something (pause, leave, withdraw) is never turned away for its
number.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from server.clock import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    burst: int
    """How many at once, after a time of rest."""
    per_second: float
    """How many for ever."""


FRAMES = Rate(200, 60)
"""Whatever arrives on a socket, the answers to our pings included.  Beyond it the socket is closed."""
COMMANDS = Rate(25, 5)
MESSAGES = Rate(6, 0.5)
"""`send_message`, which makes other people's screens move."""
MEDIA = Rate(8, 0.5)
"""A new media connection costs us a handshake."""
RECEIVED = Rate(150, 50)
PATIENCE = Rate(40, 0.5)
"""How often somebody may be told to slow down before they are disconnected."""


class Bucket:
    """Tokens that fill up again with time."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = float(rate.burst)
        self._at: datetime = clock.now()

    def take(self) -> bool:
        """False when there is none left."""
        now = self._clock.now()
        refilled = self._tokens + (now - self._at).total_seconds() * self._rate.per_second
        self._tokens, self._at = min(self._rate.burst, refilled), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass(frozen=True, slots=True)
class Ceilings:
    """How many sockets may be open."""

    total: int = 2000
    per_address: int = 64
    """A whole meeting may sit behind the one address of a village hall."""


@dataclass(slots=True)
class Sockets:
    """How many sockets are open now, counted by address.  Addresses are kept for counting only and never logged."""

    ceilings: Ceilings
    by_address: Counter[str] = field(default_factory=Counter, repr=False)

    @property
    def total(self) -> int:
        return self.by_address.total()

    def enter(self, address: str) -> bool:
        """One more from this address; False if that is one too many, and then it does not count."""
        if self.total >= self.ceilings.total or self.by_address[address] >= self.ceilings.per_address:
            return False
        self.by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        self.by_address[address] -= 1
        if not self.by_address[address]:
            del self.by_address[address]


class ConnectionLimits:
    """The buckets of one connection."""

    def __init__(self, clock: Clock) -> None:
        self.commands = Bucket(COMMANDS, clock)
        self.messages = Bucket(MESSAGES, clock)
        self.media = Bucket(MEDIA, clock)
        self.received = Bucket(RECEIVED, clock)
        self.patience = Bucket(PATIENCE, clock)
