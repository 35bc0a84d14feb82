"""The settings as the environment gives them; it is read here and nowhere else.

A variable that begins like ours and is none of ours is refused: pydantic-settings would ignore it, and a misspelt
`TALKINGPIECE_TLS_KEY` must not mean "no TLS".
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from server.settings import PREFIX, SECRETS_DIR, Settings

_LOOKS_LIKE_OURS = "TALKING"


class SettingsRefused(Exception):
    """The settings cannot be used.  `str()` is one line for each fault, for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Row:
    """One setting for a reader: the variable's name, its default as one would type it, what it does."""

    name: str
    default: str
    help: str


def table() -> tuple[Row, ...]:
    """Every setting, in the order in which they are declared; README's table is tested against it."""
    rows = []
    for field, about in Settings.model_fields.items():
        default = about.default
        match default:
            case SecretStr():
                shown = default.get_secret_value()
            case bool():
                shown = "true" if default else "false"
            case None:
                shown = ""
            case tuple():
                shown = ",".join(default)
            case _:
                shown = str(default)
        rows.append(Row(_variable(field), shown, about.description or ""))
    rows.append(Row(SECRETS_DIR, "", "A folder with one file for each secret setting, named like the variable."))
    return tuple(rows)


def _variable(field: str) -> str:
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"{PREFIX}{field}".upper()


def _misspelt(names: Iterable[str]) -> list[str]:
    """A line for each name that begins like ours and is none of ours, with the nearest right one."""
    known = {row.name for row in table()}
    endings = {name.removeprefix(PREFIX): name for name in known}
    lines = []
    for name in sorted(names):
        upper = name.upper()
        if upper in known or not upper.startswith(_LOOKS_LIKE_OURS):
            continue
        ending = re.sub(r"^TALKING_?P[A-Z]*_", "", upper)
        near = endings[difflib.get_close_matches(ending, endings, n=1, cutoff=0.0)[0]]
        lines.append(f"{name} is not a setting. Did you mean {near}? `talkingpiece settings` lists them all.")
    return lines


def load() -> Settings:
    """Read the settings.  Raises `SettingsRefused` with every fault at once; no value is ever repeated in it."""
    names = list(os.environ)
    if folder := os.environ.get(SECRETS_DIR):
        if not Path(folder).is_dir():
            raise SettingsRefused(f"{SECRETS_DIR} should name a folder.")
        names += [entry.name for entry in Path(folder).iterdir()]
    if lines := _misspelt(names):
        raise SettingsRefused("\n".join(lines))
    try:
        return Settings()
    except ValidationError as refused:
        raise SettingsRefused("\n".join(_sentence(error) for error in refused.errors(include_input=False))) from None


def _sentence(error: ErrorDetails) -> str:
    what = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return f"{what}."
    where = str(error["loc"][0])
    name = where if where == "PORT" else _variable(where)
    return f"{name}: {what[0].lower()}{what[1:]}."
