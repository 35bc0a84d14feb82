"""Which plan of a room is the newest.  Pure.

Plans travel between processes.  Whatever became of them on the way (overtaken, sent twice, held up), a room must never
go back to a plan that is older than one it has had: that plan may open what has been shut since.
"""

from __future__ import annotations

from signalling.plan import RoomId


class Fence:
    """Remembers one number for each room for as long as the process lives, forgotten rooms included: about 100 B."""

    def __init__(self) -> None:
        self._newest: dict[RoomId, int] = {}

    def passes(self, room: RoomId, number: int) -> bool:
        """True if nothing as new as this was let through for this room; then nothing older will be any more."""
        if number <= self.newest(room):
            return False
        self._newest[room] = number
        return True

    def newest(self, room: RoomId) -> int:
        """The number of what was let through last; 0 for nothing yet."""
        return self._newest.get(room, 0)
