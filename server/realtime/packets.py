"""The only Socket.IO packets that our own browser code sends, and the refusal of every other one.

python-socketio 5.18.1 lets one event announce a million binary attachments and keeps them all in memory (measured:
91 MB from one socket, whatever the size limit); takes events named `connect` and `disconnect` from a client and
calls the handlers of that name; and raises from inside, with a traceback in the log, for a packet without data.  We
need three packet types, all text, so whatever else arrives is `Unreadable` before the library looks at it.
"""

from __future__ import annotations

from typing import Any

from socketio import packet

EVENTS = frozenset({"command", "media", "received", "there"})
"""What a browser may say."""
LONGEST_ID = 9
"""Digits of an ack's number."""


class Unreadable(Exception):
    """Not a packet that our browser code sends.  The message says nothing of what was in it."""


class TextPacket(packet.Packet):  # type: ignore[misc]  # python-socketio has no types
    """CONNECT and DISCONNECT of the default namespace, and one of `EVENTS` with an object."""

    uses_binary_events = False

    def decode(self, encoded_packet: object) -> int:
        """Raises `Unreadable`.  There are never attachments to wait for."""
        if not isinstance(encoded_packet, str) or encoded_packet[:1] not in {"0", "1", "2"}:
            raise Unreadable
        try:
            attachments = super().decode(encoded_packet)
        except (ValueError, RecursionError):
            raise Unreadable from None
        if attachments or self.namespace not in (None, "/"):
            raise Unreadable
        if not self._expected():
            raise Unreadable
        return 0

    def _expected(self) -> bool:
        data: Any = self.data
        if self.packet_type == packet.CONNECT:
            return self.id is None and (data is None or isinstance(data, dict))
        if self.packet_type == packet.DISCONNECT:
            return self.id is None and data is None
        return (
            isinstance(data, list)
            and len(data) == 2
            and isinstance(data[0], str)
            and data[0] in EVENTS
            and isinstance(data[1], dict)
            and (self.id is None or len(str(self.id)) <= LONGEST_ID)
        )
