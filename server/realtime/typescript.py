"""Writes the browser's types from the room's own classes, so that the two cannot drift apart.

`python -m server.realtime.typescript` writes `web/client/wire.ts`; a test holds the file equal to `render()`.  What is
generated: the enums and dataclasses that a `View` and a `Spell` are made of, and for each command the fields that a
browser may send (never the actor: that comes from the session).
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from server.room import commands, view
from server.room.names import wire_name
from web import ASSETS

TARGET = ASSETS / "client" / "wire.ts"

HEAD = """\
// Generated from server/room/view.py and server/room/commands.py by `python -m server.realtime.typescript`.
// Change those, not this.  Times are milliseconds since the epoch.
"""

BESIDE: dict[type, dict[str, str]] = {commands.SendMessage: {"text": "string"}}
"""What travels beside a command and never enters the room."""

PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null"}


def render() -> str:
    """The whole of `wire.ts`."""
    kinds: dict[str, Any] = {}
    _collect(view.View, kinds)
    _collect(view.Spell, kinds)
    givable = get_args(commands.Command)
    for command in givable:
        for hint in _wire_fields(command).values():
            _collect(hint, kinds)
    parts = [HEAD, *(_declaration(kind) for kind in kinds.values()), _commands(givable)]
    return "\n".join(parts)


def main() -> None:
    TARGET.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{Path(TARGET).name} written\n")


def _wire_fields(command: type) -> dict[str, Any]:
    hints = get_type_hints(command, vars(commands))
    return {name: hint for name, hint in hints.items() if name != "actor"}


def _collect(hint: Any, kinds: dict[str, Any]) -> None:
    """Adds to `kinds` every named type that `hint` is made of, dependencies first."""
    if isinstance(hint, NewType) or (inspect.isclass(hint) and issubclass(hint, StrEnum)):
        kinds.setdefault(hint.__name__, hint)
    elif is_dataclass(hint) and inspect.isclass(hint):
        for part in get_type_hints(hint).values():
            _collect(part, kinds)
        kinds.setdefault(hint.__name__, hint)
    else:
        for part in get_args(hint):
            _collect(part, kinds)


def _declaration(kind: Any) -> str:
    if isinstance(kind, NewType):
        return f"export type {kind.__name__} = {_type(kind.__supertype__)};\n"
    notes = _attribute_notes(kind)
    if issubclass(kind, StrEnum):
        values = "".join(f"{_note(notes.get(m.name), '  ')}\n  | {_text(m.value)}" for m in kind)
        return f"{_note(_doc(kind), '')}\nexport type {kind.__name__} ={values};\n".lstrip()
    hints = get_type_hints(kind)
    lines = [f"{_note(notes.get(f.name), '  ')}\n  readonly {f.name}: {_type(hints[f.name])};" for f in fields(kind)]
    return f"{_note(_doc(kind), '')}\nexport interface {kind.__name__} {{{''.join(lines)}\n}}\n".lstrip()


def _commands(givable: tuple[Any, ...]) -> str:
    lines = []
    for command in givable:
        hints = _wire_fields(command)
        given = {f.name: f for f in fields(command)}
        parts = [f"readonly {name}{_optional(given[name])}: {_type(hint)}" for name, hint in hints.items()]
        parts += [f"readonly {name}: {kind}" for name, kind in BESIDE.get(command, {}).items()]
        body = f"{{ {'; '.join(parts)} }}" if parts else "Record<never, never>"
        lines.append(f"{_note(_doc(command), '  ')}\n  {wire_name(command)}: {body};")
    return (
        f"/** What each command carries, by its name. */\nexport interface Commands {{{''.join(lines)}\n}}\n\n"
        "export type CommandName = keyof Commands;\n"
    )


def _optional(given: Field[Any]) -> str:
    return "" if given.default is MISSING and given.default_factory is MISSING else "?"


def _type(hint: Any) -> str:
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, NewType):
        return hint.__name__
    if get_origin(hint) in (Union, UnionType):
        return " | ".join(_type(part) for part in get_args(hint))
    if get_origin(hint) is tuple:
        item, rest = get_args(hint)
        assert rest is Ellipsis, f"only tuples of any length have a form on the wire: {hint}"
        inner = _type(item)
        return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"
    if inspect.isclass(hint) and (issubclass(hint, StrEnum) or is_dataclass(hint)):
        return hint.__name__
    raise TypeError(f"no form on the wire for {hint!r}")


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _doc(kind: Any) -> str | None:
    doc = kind.__doc__
    # a dataclass without a docstring gets its signature as one
    return None if doc is None or doc.startswith(f"{kind.__name__}(") else inspect.cleandoc(doc)


def _attribute_notes(kind: Any) -> dict[str, str]:
    """The string that stands below an attribute, by the attribute's name."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    notes = {}
    for before, after in zip(tree.body, tree.body[1:], strict=False):
        target = before.target if isinstance(before, ast.AnnAssign) else None
        if isinstance(before, ast.Assign):
            target = before.targets[0] if isinstance(before.targets[0], ast.Name) else None
        match after:
            case ast.Expr(value=ast.Constant(value=str(text))) if isinstance(target, ast.Name):
                notes[target.id] = inspect.cleandoc(text)
    return notes


def _note(text: str | None, indent: str) -> str:
    if not text:
        return ""
    lines = [
        line.strip() for line in re.sub(r"\bNone\b", "null", text).replace("*/", "* /").splitlines() if line.strip()
    ]
    return f"\n{indent}/** " + f"\n{indent} *  ".join(lines) + " */"


if __name__ == "__main__":
    main()
