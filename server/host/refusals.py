"""Refusals of the host: the room would have said yes or no, but it was not asked or could not be written down."""

from __future__ import annotations

from server.room import Refused


class Busy(Refused):
    """Too much is waiting for this room already.  Nothing was changed."""


class Stalled(Refused):
    """What was asked cannot be recorded now, so nobody is told of it.  Whatever it silences is silent at once."""


class Kept(Stalled):
    """As `Stalled`, but the command only stops something: it is kept, and carried out as soon as it can be recorded."""


class NotDelivered(Refused):
    """Nobody's browser has acknowledged the message: it was taken back."""


class NoMediaNow(Refused):
    """Who has no place in the meeting has no sound and picture connection either."""


class NoRelay(Refused):
    """This person's address is to be hidden (R18), and there is no TURN server to hide it."""


class Closed(Refused):
    """This room is being closed here.  Connecting again finds it."""
