"""How often one caller may try to sign in, to open a link or to set up: enough for people, too little for guessing.

Counted in memory by address (an IPv6 network of 64 bits counts as one) and, for signing in, by account as well, so that
many addresses do not help against one password.  A restart forgets the counts; tokens have 256 bits and need no more.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

from aiohttp import hdrs, web
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from server.http.calm import Calm

SIGN_IN = "20 per minute; 100 per hour"
SIGN_IN_TO_ONE_ACCOUNT = "10 per 10 minutes"
JOIN = "40 per minute"
"""A whole meeting may sit behind the one address of a village hall or a court."""
SET_UP = "10 per minute"
KNOWN_AT_MOST = 1000
"""Networks from which somebody has signed in."""


class Attempts:
    """The counts of this process."""

    def __init__(self, *, trust_proxy: bool) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._trust_proxy = trust_proxy
        self._parsed: dict[str, list[RateLimitItem]] = {}
        self._known: OrderedDict[str, None] = OrderedDict()

    def count(self, limit: str, key: str) -> None:
        """Count one try.  Raises `Calm("too_many")` with the seconds to wait when it is one too many."""
        hashed = _hashed(key)
        for item in self._items(limit):
            if not self._window.hit(item, limit, hashed):
                wait = self._window.get_window_stats(item, limit, hashed).reset_time - time.time()
                raise Calm("too_many", retry_after=max(1, round(wait)))

    def count_for_account(self, account: str, caller: str) -> None:
        """Count a try to sign in to one account, from wherever it comes.

        A network from which its owner has signed in has a count of its own: strangers who try passwords must not shut
        a facilitator out on the day of a meeting.
        """
        self.count(SIGN_IN_TO_ONE_ACCOUNT, self._account_key(account, caller))

    def was_right(self, account: str, caller: str) -> None:
        """That try was the owner's: it starts again from nothing, and its network is known from now on."""
        key = _hashed(self._account_key(account, caller))
        for item in self._items(SIGN_IN_TO_ONE_ACCOUNT):
            self._window.clear(item, SIGN_IN_TO_ONE_ACCOUNT, key)
        known = _hashed(f"{account} {caller}")
        self._known[known] = None
        self._known.move_to_end(known)
        if len(self._known) > KNOWN_AT_MOST:
            self._known.popitem(last=False)

    def _account_key(self, account: str, caller: str) -> str:
        return f"{account} {caller}" if _hashed(f"{account} {caller}") in self._known else account

    def caller(self, request: web.Request) -> str:
        """The network from which a request comes.  Kept in memory for counting, and never logged."""
        address = request.remote or ""
        if self._trust_proxy and (chain := request.headers.getall(hdrs.X_FORWARDED_FOR, [])):
            # Only what our own proxy appended is to be believed: the last entry of the last header.
            address = chain[-1].split(",")[-1].strip()
        try:
            parsed = ip_address(address)
        except ValueError:
            return "unknown"
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
            return parsed.exploded[:19]
        return str(getattr(parsed, "ipv4_mapped", None) or parsed)

    def _items(self, limit: str) -> list[RateLimitItem]:
        if limit not in self._parsed:
            self._parsed[limit] = parse_many(limit)
        return self._parsed[limit]


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
