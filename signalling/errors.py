"""What can be wrong with a negotiation, each with a stable code.  No message carries SDP or an address."""

from __future__ import annotations

from typing import ClassVar


class SignallingError(Exception):
    """A step of the negotiation was not accepted; the connection is as it was before."""

    code: ClassVar[str] = "signalling_error"


class StaleGeneration(SignallingError):
    """The answer belongs to a connection that has been replaced or closed, or that was never offered."""

    code = "stale_generation"


class AlreadyAnswered(SignallingError):
    """This offer has had its answer: there is no renegotiation, a new connection replaces the old one."""

    code = "already_answered"


class MalformedAnswer(SignallingError):
    """The answer does not fit the offer.  `what` names the part in a fixed word, never in the sender's."""

    code = "malformed_answer"

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class TooManyConnecting(SignallingError):
    """So many connections are half open that another one must wait for them to finish or to expire."""

    code = "too_many_connecting"


class Restarting(SignallingError):
    """The process that carries this room's media is being started again; asking again in a moment finds it."""

    code = "restarting"


class NoAddress(Exception):
    """None of the addresses could be bound, at the start.  `reason` is the system's word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
