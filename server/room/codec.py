"""Facts as JSON-able dicts and back: what the journal keeps (R34).

    {"v": 1, "type": "floor_granted", "at": "2026-11-21T09:30:00.000000+00:00", "actor": "p1", "command": null,
     "event": {"person": "p2"}}

Derived from the dataclasses, so that no field can be forgotten.  Decoding is strict, since a journal that does not
read exactly is a broken one: an unknown type, a missing or extra field, a wrong kind of value is a `CodecError`.  Its
message names fields, never values.

A fact of an older version is brought up to date by `UPCASTERS` before it is read: a function for each version, from
the dict as it was written to the dict as the next version would have written it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, IntEnum, StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NewType, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

from server.room.events import Event, Fact
from server.room.names import wire_name

VERSION = 1
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Upcaster = Callable[[dict[str, Json]], dict[str, Json]]

UPCASTERS: Mapping[int, Upcaster] = {}
"""version -> how to write the same fact in the next version."""

EVENTS: Mapping[str, type[Event]] = {wire_name(kind): kind for kind in get_args(Event)}

_NAMES: Mapping[type[Event], str] = {kind: name for name, kind in EVENTS.items()}
_MICROSECOND = timedelta(microseconds=1)


class CodecError(ValueError):
    """Not a fact as this program, or an older one, writes it."""


def encode(fact: Fact) -> dict[str, Json]:
    """A fact as plain JSON values."""
    return {
        "v": VERSION,
        "type": _NAMES[type(fact.event)],
        "at": plain(fact.at),
        "actor": fact.actor,
        "command": fact.command,
        "event": plain(fact.event),
    }


def decode(data: Mapping[str, Json]) -> Fact:
    """The fact that `encode` wrote, now or in an older version."""
    written = _up_to_date(dict(data))
    if written.keys() != {"v", "type", "at", "actor", "command", "event"}:
        raise CodecError("fact: not the fields of a fact")
    name = written["type"]
    kind = EVENTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise CodecError("type: unknown event")
    hints = _hints(Fact)
    return Fact(
        event=_reader(cast(Any, kind))(written["event"], "event"),
        at=_reader(hints["at"])(written["at"], "at"),
        actor=_reader(hints["actor"])(written["actor"], "actor"),
        command=_reader(hints["command"])(written["command"], "command"),
    )


def plain(value: object) -> Json:
    """Any value of the room (or of a view) as plain JSON values: enums by value, times in ISO 8601, spans in
    microseconds.
    """
    if isinstance(value, Enum):
        return cast("str | int", value.value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, timedelta):
        return value // _MICROSECOND
    if is_dataclass(value):
        kind: Any = type(value)
        return {name: plain(getattr(value, name)) for name in _names(kind)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


# ---- reading --------------------------------------------------------------------------------------------------------

_Reader = Callable[[Json, str], Any]
"""(value, the path to it) -> the typed value, or `CodecError`."""


def _up_to_date(written: dict[str, Json]) -> dict[str, Json]:
    while (version := written.get("v")) != VERSION or isinstance(version, bool):
        upcast = UPCASTERS.get(version) if isinstance(version, int) and not isinstance(version, bool) else None
        if upcast is None:
            raise CodecError("v: unknown version")
        written = upcast(written)
    return written


@cache
def _hints(of: Any) -> dict[str, Any]:
    return get_type_hints(of)


@cache
def _names(of: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(of))


@cache
def _reader(of: Any) -> _Reader:
    """How to read a value of this annotation."""
    if isinstance(of, NewType):
        return _reader(of.__supertype__)
    if get_origin(of) in (Union, UnionType):
        return _optional(of)
    if get_origin(of) is tuple:
        return _tuple_of(get_args(of)[0])
    if of in (bool, int, str):
        return _exactly(of)
    if of is datetime:
        return _datetime
    if of is timedelta:
        return _timedelta
    if isinstance(of, type) and issubclass(of, (StrEnum, IntEnum)):
        return _member_of(of)
    if isinstance(of, type) and is_dataclass(of):
        return _dataclass(of)
    raise TypeError(f"no reader for {of}")


def _exactly(kind: type[Any]) -> _Reader:
    def read(value: Json, path: str) -> Any:
        if type(value) is not kind:
            raise CodecError(f"{path}: not {kind.__name__}")
        return value

    return read


def _optional(of: Any) -> _Reader:
    (inner,) = (arg for arg in get_args(of) if arg is not NoneType)
    some = _reader(inner)
    return lambda value, path: None if value is None else some(value, path)


def _tuple_of(of: Any) -> _Reader:
    item = _reader(of)

    def read(value: Json, path: str) -> Any:
        if not isinstance(value, list):
            raise CodecError(f"{path}: not a list")
        return tuple(item(inner, f"{path}[]") for inner in value)

    return read


def _member_of(of: type[Enum]) -> _Reader:
    members = {member.value: member for member in of}

    def read(value: Json, path: str) -> Any:
        if not isinstance(value, str) or value not in members:
            raise CodecError(f"{path}: not a {of.__name__}")
        return members[value]

    return read


def _dataclass(of: Any) -> _Reader:
    readers = {name: _reader(_hints(of)[name]) for name in _names(of)}

    def read(value: Json, path: str) -> Any:
        if not isinstance(value, dict) or value.keys() != readers.keys():
            raise CodecError(f"{path}: not the fields of {of.__name__}")
        return of(**{name: reader(value[name], f"{path}.{name}") for name, reader in readers.items()})

    return read


def _datetime(value: Json, path: str) -> datetime:
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        read = None
    if read is None or read.tzinfo is None or read.utcoffset() != timedelta(0):
        raise CodecError(f"{path}: not a moment in UTC")
    return read.astimezone(UTC)


def _timedelta(value: Json, path: str) -> timedelta:
    if type(value) is not int:
        raise CodecError(f"{path}: not a span in microseconds")
    return value * _MICROSECOND
