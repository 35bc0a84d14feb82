"""The one door for text that people type, because the two databases differ in what they accept late.

SQLite stores NUL and texts of any length; PostgreSQL refuses both, and either one fails on a lone surrogate only when
the statement is already under way.  Lengths are counted in code points after normalisation (NFC).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from server.store.errors import BadText

TITLE_LIMIT = 120
LABEL_LIMIT = 60
EMAIL_LIMIT = 254
"""RFC 5321 section 4.5.3.1.3, less the angle brackets."""
PASSWORD_LEAST = 12
PASSWORD_LIMIT = 256

_ADDRESS = re.compile(
    r"""[^\s@"(),:;<>\[\]\\]{1,64}       # the local part, without the quoted forms that nobody has
        @(?=.{1,253}\Z)
        (?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_](?:[\w-]{0,61}[^\W_])""",
    re.VERBOSE,
)


def line(field: str, text: str, limit: int) -> str:
    """One line, trimmed and normalised.  Raises `BadText`: `empty`, `too_long`, `control_character`, `lone_surrogate`.

    >>> line("label", "  June ", LABEL_LIMIT)
    'June'
    """
    _sound(field, text)
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise BadText(field, "empty")
    if len(text) > limit:
        raise BadText(field, "too_long", limit)
    return text


def title(text: str) -> str:
    """What a meeting is called."""
    return line("title", text, TITLE_LIMIT)


def label(text: str) -> str:
    """What a person is called in a meeting (R17), or an account in this installation."""
    return line("label", text, LABEL_LIMIT)


def email(text: str) -> str:
    """An address in the one spelling in which it is stored and looked up: lower case, NFC.  Also `not_an_address`.

    RFC 5321 lets the local part differ by case; no provider that people have does, and two accounts that differ only
    by case would be a trap.
    """
    address = line("email", text, EMAIL_LIMIT).lower()
    if not _ADDRESS.fullmatch(address):
        raise BadText("email", "not_an_address")
    return address


def new_password(text: str, address: str) -> str:
    """A password as it is hashed.  Twelve characters of any kind: length is the only rule that helps.

    Raises `BadText`: `too_short`, `too_long`, `control_character`, `lone_surrogate`, `is_the_address`.
    """
    text = password(text)
    if len(text) < PASSWORD_LEAST:
        raise BadText("password", "too_short", PASSWORD_LEAST)
    if text.lower() == address:
        raise BadText("password", "is_the_address")
    return text


def password(text: str) -> str:
    """The same bytes whatever keyboard typed it (NFKC, NIST SP 800-63B section 5.1.1.2); never trimmed."""
    _sound("password", text)
    text = unicodedata.normalize("NFKC", text)
    if len(text) > PASSWORD_LIMIT:
        raise BadText("password", "too_long", PASSWORD_LIMIT)
    return text


_UNSOUND: dict[str, Literal["control_character", "lone_surrogate"]] = {
    "Cc": "control_character",
    "Cs": "lone_surrogate",
}


def _sound(field: str, text: str) -> None:
    for character in text:
        if code := _UNSOUND.get(unicodedata.category(character)):
            raise BadText(field, code)
