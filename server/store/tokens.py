"""Ids and tokens: drawn from the operating system's randomness, and only ever stored as a hash when they open a door.

An id may be seen (it names a row); a token opens something and is shown once.  A token has 256 bits of its own, so a
plain SHA-256 without salt is enough: there is nothing to guess.  The text itself is hashed, not what it decodes to, so
that no other spelling of it is accepted (four of the 64 last characters of a base64 text decode to the same bytes).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import NewType

AccountId = NewType("AccountId", str)
SessionId = NewType("SessionId", str)
"""Names a session in public (it is the room's `DeviceId`); drawn apart from its token, so it tells nothing of it."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_id() -> str:
    """128 unguessable bits as 22 characters that are safe in a URL."""
    return secrets.token_urlsafe(16)


def new_token() -> str:
    """256 unguessable bits as 43 characters that are safe in a URL fragment and a cookie."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes | None:
    """What is stored of a token; None if the text cannot be one.

    Looking a row up by this hash is as good as a comparison in constant time: how far two hashes agree says nothing
    of how far the tokens do.
    """
    return hashlib.sha256(token.encode("ascii")).digest() if _TOKEN.fullmatch(token) else None
