"""The tables of PROTOCOL.md, written from the code: `python -m server.realtime.protocol` brings them up to date.

A table stands between two comments of its name.  A test fails while what stands there is not what this file writes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from server.host import refusals  # noqa: F401  # so that every refusal is known
from server.host.ports import Bye
from server.realtime import limits, wire
from server.realtime.sentences import SENTENCES, say
from server.room import Refused
from server.room.rules import as_markdown
from signalling.errors import SignallingError

DOCUMENT = Path(__file__).with_name("PROTOCOL.md")


def codes_of(base: type[Any]) -> dict[str, type[Any]]:
    """Every refusal of this kind by its code, in the order of definition."""
    found = {}
    for kind in base.__subclasses__():
        found[kind.code] = kind
        found |= codes_of(kind)
    return found


def commands() -> str:
    rows = ["| command | fields beside `id` and `type` |", "|---|---|"]
    for name, form in wire.FORMS.items():
        told = [
            f"`{field}`: {_kind(about.annotation, about.metadata)}"
            + ("" if about.is_required() else ", may be left out")
            for field, about in form.model_fields.items()
            if field not in ("id", "type")
        ]
        rows.append(f"| `{name}` | {'; '.join(told) or 'none'} |")
    return "\n".join(rows)


def refused() -> str:
    rows = ["| code | what it means | what the person is told |", "|---|---|---|"]
    for base in (Refused, SignallingError):
        for code, kind in codes_of(base).items():
            meaning = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
            rows.append(f"| `{code}` | {meaning} | {say(code)} |")
    rows.append(f"| `slow_down` | Too many in a short time; nothing was looked at. | {say('slow_down')} |")
    return "\n".join(rows)


def malformed() -> str:
    rows = ["| code | what the person is told |", "|---|---|"]
    rows += [f"| `{code}` | {say(code)} |" for code in SENTENCES if code in wire.CODES]
    return "\n".join(rows)


def byes() -> str:
    rows = ["| reason | meaning |", "|---|---|"]
    told = inspect.getsource(Bye)
    for reason in Bye:
        text = re.search(rf'{reason.name} = "\w+"\n\s+"""(.*?)"""', told, re.DOTALL)
        assert text, f"Bye.{reason.name} has no docstring"
        rows.append(f"| `{reason}` | {' '.join(text[1].split())} |")
    return "\n".join(rows)


def rates() -> str:
    rows = ["| what | at once | for ever, a second | what happens beyond |", "|---|---|---|---|"]
    for what, rate, then in (
        ("packets of any kind", limits.FRAMES, "the socket is closed"),
        ("`command`", limits.COMMANDS, "`slow_down`"),
        ("`command` of type `send_message`", limits.MESSAGES, "`slow_down`"),
        ("`media`", limits.MEDIA, "`slow_down`"),
        ("`received` and `there`", limits.RECEIVED, "`slow_down`"),
        ("`slow_down`", limits.PATIENCE, "`bye` with `slow_down`"),
    ):
        rows.append(f"| {what} | {rate.burst} | {rate.per_second:g} | {then} |")
    return "\n".join(rows)


TABLES = {
    "commands": commands,
    "rules": lambda: as_markdown().strip(),
    "refused": refused,
    "malformed": malformed,
    "byes": byes,
    "rates": rates,
}


def written(document: str) -> str:
    """The document with every table as the code has it."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, found, rest = document.partition(begin)
        _, ended, after = rest.partition(end)
        if not (found and ended):
            raise ValueError(f"PROTOCOL.md has no place for the table {name}")
        document = f"{before}{begin}\n{table()}\n\n{end}{after}"
    return document


def _kind(annotation: Any, metadata: list[Any]) -> str:
    """A field's type in words."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0], [*get_args(annotation)[1:], *metadata])
    if origin in (Union, UnionType):
        return " or ".join(_kind(part, []) for part in get_args(annotation))
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if origin is tuple:
        return f"list, each {_kind(get_args(annotation)[0], [])}"
    if annotation is type(None):
        return "null"
    if annotation is bool:
        return "true or false"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{value}`" for value in annotation if value != "unasked")
    return "text of 1 to 2000 characters" if wire.is_text(metadata) else "id of a person"


def _changed() -> Iterator[str]:
    before = DOCUMENT.read_text("utf-8")
    after = written(before)
    if after != before:
        DOCUMENT.write_text(after, "utf-8")
        yield DOCUMENT.name


if __name__ == "__main__":
    for changed in _changed():
        print(f"{changed} was brought up to date")  # noqa: T201  # it is a command
