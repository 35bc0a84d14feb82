"""The TURN server as the rooms know it: what browsers need to use it, and from where it reaches us.

A name and a password are made of a secret that we share with coturn (its `use-auth-secret`; the "REST API for access to
TURN services", draft-uberti-behave-turn-rest-00).  coturn asks for them when somebody begins to use it, and lets them
finish when they have run out meanwhile: so each offer has new ones, and a connection that stands needs none.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.room.ids import DeviceId

VALID_FOR = timedelta(minutes=10)
_NAME = 12
"""Bytes of a name: enough for nobody to share it."""


@dataclass(frozen=True, slots=True)
class Turn:
    urls: tuple[str, ...]
    secret: str
    relays: frozenset[str]
    """The IP addresses from which it relays; empty when nobody has said, and then nobody's address can be hidden."""

    def server(self, device: DeviceId, now: datetime) -> Mapping[str, object]:
        """As RTCIceServer (webrtc-pc section 4.2.4).

        The name is the same for all that one session uses, so that coturn can count it, and tells its log nothing: who
        does not have the secret cannot find the session by it, nor the person or the meeting.
        """
        name = base64.urlsafe_b64encode(self._mac("sha256", f"session {device}")[:_NAME]).decode()
        username = f"{int((now + VALID_FOR).timestamp())}:{name}"
        credential = base64.b64encode(self._mac("sha1", username)).decode()
        return {"urls": list(self.urls), "username": username, "credential": credential}

    def _mac(self, algorithm: str, text: str) -> bytes:
        return hmac.digest(self.secret.encode(), text.encode(), algorithm)
