"""What the store can answer instead of a result.  No message holds a name, an address, a token or a text.

`BadText` and `SetupRefused` are for the person and carry a stable `code`; the rest are for the program.
"""

from __future__ import annotations

from server.room.ids import MeetingId


class StoreError(Exception):
    """Anything that the store raises on purpose."""


class StoreDown(StoreError):
    """The database is gone, broken, full or too slow, and the call is not acknowledged.

    It may have been carried out all the same: a commit whose answer was lost.  Who tries again has to look first,
    unless doing it twice does no harm.  `reason` is the driver's class and error code, without its message, which may
    quote what was being stored.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"the database does not answer: {reason}")
        self.reason = reason


class StoreFault(StoreError):
    """The database refused a statement that should have been right: our mistake, told without the values."""


class Conflict(StoreError):
    """A row stands in the way: a uniqueness or reference rule of the schema said no, and nothing was changed."""


class StoreNewer(StoreError):
    """The data was written by a newer version of the program, which this one must not touch."""


class SeqTaken(StoreError):
    """Somebody else has appended to this stream: this host no longer knows the room and must read it again."""

    def __init__(self, stream: MeetingId, after: int, found: int) -> None:
        super().__init__(f"{stream} stands at {found}, not at {after}")
        self.stream = stream
        self.after = after
        self.found = found


class ChainBroken(StoreError):
    """The journal is not what was written: the first fact that does not verify is number `seq` (1 is the first).

    One more than the last fact present means that the end is missing, or that the head was changed.
    """

    def __init__(self, seq: int) -> None:
        super().__init__(f"the chain breaks at {seq}")
        self.seq = seq


class BadText(StoreError):
    """A text that cannot be stored.  `code` is stable; `field` names the input, `limit` the length that was meant.

    Codes: `empty`, `too_short`, `too_long`, `control_character`, `lone_surrogate`, `not_an_address`, `is_the_address`.
    """

    def __init__(self, field: str, code: str, limit: int | None = None) -> None:
        super().__init__(f"{field}: {code}" + (f" ({limit})" if limit is not None else ""))
        self.field = field
        self.code = code
        self.limit = limit


class SetupRefused(StoreError):
    """The set-up token is wrong, used or too old, or there is an account already.  Which of them is not told."""

    code = "setup_refused"
