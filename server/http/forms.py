"""What people send in forms: read with a limit and a deadline, decoded strictly, cleaned once, here.

A form never raises for its content.  What is wrong with a field is said beside the field, in the product's voice, and
everything that was typed is shown again.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from server.http.calm import Calm
from server.store.errors import BadText

LIMIT = 16 * 1024
"""Bytes of a form: a meeting of twelve people with long names has about three thousand."""
FIELDS = 200
PATIENCE = 20.0
"""Seconds until the whole form must be here."""

_FORM = "application/x-www-form-urlencoded"
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u200b\ufeff\u202a-\u202e\u2066-\u2069]")
"""Control characters, invisible ones, and those that turn the direction of the text around them."""


class Form(dict[str, str]):
    """The fields by name, the first one of each name; a field that was not sent is ""."""

    def __missing__(self, key: str) -> str:
        return ""

    def secret(self, name: str) -> str:
        """A password or token exactly as it was sent."""
        return self._raw.get(name, "")

    def __init__(self, raw: Mapping[str, str]) -> None:
        super().__init__({name: tidy(value) for name, value in raw.items()})
        self._raw = dict(raw)


class Told(dict[str, str]):
    """What is wrong, by field; under "" what concerns the whole form.  A field that is right is ""."""

    def __missing__(self, key: str) -> str:
        return ""


def tidy(text: str) -> str:
    """One line of visible characters, in the composed form (NFC), without space at its ends."""
    return " ".join(unicodedata.normalize("NFC", _UNSEEN.sub("", text)).split())


async def read_form(request: web.Request) -> Form:
    """Raises `Calm`: `not_a_form`, `too_large`, `too_slow`, `unreadable`."""
    if request.content_type != _FORM:
        raise Calm("not_a_form")
    if request.content_length is not None and request.content_length > LIMIT:
        raise Calm("too_large")
    try:
        async with asyncio.timeout(PATIENCE):
            body = await request.read()
    except TimeoutError:
        raise Calm("too_slow") from None
    except web.HTTPRequestEntityTooLarge:
        raise Calm("too_large") from None
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=FIELDS
        )
    except ValueError:
        raise Calm("unreadable") from None
    raw: dict[str, str] = {}
    for name, value in pairs:
        raw.setdefault(name, value)
    return Form(raw)


def sentence(bad: BadText) -> str:
    """What a person is told of a text that cannot be taken."""
    match bad.code:
        case "empty":
            return "Please write something here."
        case "too_long":
            return f"This is too long. Up to {bad.limit} characters fit."
        case "too_short":
            return f"This is too short. Please use at least {bad.limit} characters."
        case "not_an_address":
            return "This does not look like an e-mail address. It should be like name@example.org."
        case "is_the_address":
            return "Please use something other than your e-mail address."
        case _:
            return "There is a character in this that we cannot keep. Please type it again."
