"""Which commands a person could give now: what enables the buttons.

Nothing is decided here.  Every command that the rules table allows is tried on the room, with every operand that it can
have, and whatever is not refused is permitted; so this cannot disagree with what `step` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from itertools import product
from typing import Any

from server.room.commands import Command
from server.room.errors import Refused
from server.room.ids import PersonId
from server.room.machine import first_event
from server.room.places import known
from server.room.rules import COMMANDS, objection
from server.room.state import Mode, Room, Signal, Willing

Permitted = tuple[str, PersonId | None]
"""The wire name of a command, and its personal operand if it has one."""

_BOTH = (True, False)
_VALUES: Mapping[str, Callable[[Room], Iterable[object]]] = {
    "person": lambda room: room.people,
    "to": lambda room: (None, *room.people),
    "order": lambda room: (room.arrival_order,),
    "willing": lambda _: tuple(Willing),
    "mode": lambda _: tuple(Mode),
    "signal": lambda _: tuple(Signal),
    "on": lambda _: _BOTH,
    "ready": lambda _: _BOTH,
    "quick": lambda _: _BOTH,
}
"""field of a command -> what it can hold."""

_PERSONAL = ("person", "to")
_FIELDS: Mapping[str, tuple[str, ...]] = {
    name: tuple(field.name for field in fields(kind) if field.name != "actor") for name, kind in COMMANDS.items()
}


def permitted(room: Room, actor: PersonId) -> frozenset[Permitted]:
    """What this person could do now.  A command with further operands counts when one choice of them is accepted."""
    return frozenset((name, operand) for operand, names in by_operand(room, actor).items() for name in names)


def by_operand(room: Room, actor: PersonId) -> Mapping[PersonId | None, tuple[str, ...]]:
    """operand (None: no person) -> the wire names of the commands that could be given now, in the order of the
    table.
    """
    person = known(room, actor)
    found: dict[PersonId | None, list[str]] = {}
    for name, kind in COMMANDS.items():
        if objection(room, person, kind) is not None:
            continue
        for operand, choices in _choices(room, actor, name, kind):
            if any(_accepted(room, choice) for choice in choices):
                found.setdefault(operand, []).append(name)
    return {operand: tuple(names) for operand, names in found.items()}


def _choices(
    room: Room, actor: PersonId, name: str, kind: Callable[..., Command]
) -> Iterator[tuple[PersonId | None, Iterator[Command]]]:
    """Each personal operand, with the commands that differ in the other fields."""
    personal = next((field for field in _FIELDS[name] if field in _PERSONAL), None)
    others = [field for field in _FIELDS[name] if field != personal]
    operands: Iterable[Any] = _VALUES[personal](room) if personal is not None else (None,)
    for operand in operands:
        given = {} if personal is None else {personal: operand}
        yield (
            operand,
            (
                kind(actor, **given, **dict(zip(others, values, strict=True)))
                for values in product(*(_VALUES[field](room) for field in others))
            ),
        )


def _accepted(room: Room, command: Command) -> bool:
    try:
        first_event(room, command)
    except Refused:
        return False
    return True
