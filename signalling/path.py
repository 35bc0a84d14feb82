"""One person's path to the server: ICE, then DTLS, then SRTP keys; and whether anybody is still there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import Any, Final

from pylibsrtp import Session

from signalling.answer import Answer
from signalling.dtls import Dtls, Keys
from signalling.forward import Take
from signalling.insides import Ice
from signalling.offer import Credentials
from signalling.outbox import Destination, Outbox
from signalling.port import Port

CONSENT_EVERY: Final = 2.5
CONSENT_IN_DOUBT: Final = 0.15
CONSENT_WHILE_LOSSY: Final = 1.0
QUIET: Final = 0.9
MOST_REPORTERS: Final = 64


def silence_libraries() -> None:
    """aioice logs addresses at INFO, and nobody's address belongs in a log."""
    for name in ("aioice", "aiortc"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Path:
    """The attributes are what the hot path reads."""

    outbox: Outbox
    """Of the port through which the other side is reached; there is one once ICE has connected."""
    destination: Destination
    """The other side's socket address."""

    def __init__(self, ports: Sequence[Port], only_from: frozenset[str] | None = None) -> None:
        self.rx: Any = None
        self.tx: Any = None
        """libsrtp's handles; None before the handshake is done and after `close`."""
        self.sendto: Callable[[Any, Any], int] = _unconnected
        self.address: tuple[str, int] = ("", 0)
        self.heard_at = monotonic()
        """When something authentic last came from the other side."""
        self.round_trip = 0.1
        """In s, of the last consent check."""
        self.shortest = inf
        """The shortest round trip to the address that there is now."""
        self._keys: Keys | None = None
        self._asked_at = 0.0
        self._reporters: set[bytes] = set()
        self._ice = Ice(ports, self, only_from)
        self._dtls = Dtls(self._ice)

    async def gather(self) -> Credentials:
        ice = self._ice
        await ice.gather_candidates()
        return Credentials(
            ice.local_username,
            ice.local_password,
            f"sha-256 {self._dtls.fingerprint}",
            tuple(candidate.to_sdp() for candidate in ice.local_candidates),
        )

    async def connect(self, answer: Answer, on_media: Take, on_closed: Callable[[], None]) -> bool:
        """Connect; True once media may flow.  `on_closed` is called when the other side says goodbye."""
        self._ice.remote_username, self._ice.remote_password = answer.ufrag, answer.password
        try:
            await self._ice.connect()
        except ConnectionError:
            return False
        keys = await self._dtls.handshake(answer.fingerprint, as_server=answer.dtls_client, on_closed=on_closed)
        if keys is None:
            return False
        self._keys, self.rx, self.tx = keys, keys.rx, keys.tx
        self.heard_at = now = monotonic()
        self.check_consent(now)  # how long a round trip takes while nothing waits in the queues yet
        self._ice.route_media(on_media)
        return True

    def stream(self, ssrc: int) -> Session:
        """What encrypts this stream to the other side; to be asked for once, while connected."""
        assert self._keys is not None
        return self._keys.stream(ssrc)

    # ---- told by ICE ------------------------------------------------------------------------------------------------

    def follow(self, port: Port, address: tuple[str, int]) -> None:
        self.sendto, self.address, self.shortest = port.sendto, address, inf
        self.outbox, self.destination = port.outbox, port.destination(address)

    def heard(self, round_trip: float | None) -> None:
        self.heard_at = monotonic()
        if round_trip is not None:
            self.round_trip, self.shortest = round_trip, min(self.shortest, round_trip)

    @property
    def queued(self) -> float:
        """By how many seconds a round trip is longer than the shortest was."""
        return self.round_trip - self.shortest

    # ---- as time passes ---------------------------------------------------------------------------------------------

    def check_consent(self, now: float, *, lossy: bool = False) -> None:
        """Ask whether anybody is still there: every 2.5 s, and at once and again while that is in doubt.

        Every second where so much is lost (`lossy`) that one has to know how long packets wait.  To be called five
        times a second.
        """
        in_doubt = self._ice.unanswered or now - self.heard_at > QUIET
        usual = CONSENT_WHILE_LOSSY if lossy else CONSENT_EVERY
        if now - self._asked_at >= (CONSENT_IN_DOUBT if in_doubt else usual):
            self._asked_at = now
            self._ice.check_consent(now)

    # ---- RTCP -------------------------------------------------------------------------------------------------------

    def send_rtcp(self, data: bytes) -> None:
        if self._keys is not None:
            try:
                self.sendto(self._keys.protect_rtcp(data), self.address)
            except OSError:
                return  # the socket is full or gone: RTCP repeats itself

    def open_rtcp(self, data: bytes) -> bytes | None:
        """Decrypt a compound packet; None when it is not authentic."""
        if self._keys is None or len(data) < 8:
            return None
        reporter = data[4:8]
        if reporter not in self._reporters and len(self._reporters) >= MOST_REPORTERS:
            return None  # libsrtp keeps a context for each sender that it has ever seen
        plain = self._keys.unprotect_rtcp(data)
        if plain is not None:
            self._reporters.add(reporter)
        return plain

    # ---- the end ----------------------------------------------------------------------------------------------------

    def mute(self) -> None:
        """Nothing comes in from now on, and nobody is told of the end."""
        self._ice.route_media(None)
        self._dtls.forget()

    async def close(self) -> None:
        self.mute()
        await self._dtls.close()
        await self._ice.close()
        self.rx = self.tx = None
        self._keys = None


def _unconnected(_: Any, __: Any) -> int:
    raise OSError("not connected")
