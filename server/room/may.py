"""Which commands a person could give now: what enables the buttons.

Nothing is decided here.  Every command that the rules table allows is tried on the room, with every operand that it can
have, and whatever is not refused is permitted; so this cannot disagree with what `step` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any, cast

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


def permitted(room: Room, actor: PersonId) -> frozenset[Permitted]:
    """What this person could do now.  A command with further operands counts when one choice of them is accepted."""
    return frozenset((name, operand) for operand, names in by_operand(room, actor).items() for name in names)


def by_operand(room: Room, actor: PersonId) -> Mapping[PersonId | None, tuple[str, ...]]:
    """operand (None: no person) -> the wire names of the commands that could be given now, in the order of the
    table.
    """
    person = known(room, actor)
    found: dict[PersonId | None, list[str]] = {}
    for name, shape in _SHAPES.items():
        if objection(room, person, shape.kind) is not None:
            continue
        for operand in shape.operands(room):
            if any(_accepted(room, command) for command in shape.commands(room, actor, operand)):
                found.setdefault(operand, []).append(name)
    return {operand: tuple(names) for operand, names in found.items()}


@dataclass(frozen=True, slots=True)
class _Shape:
    """A command, its field for a person if it has one, and its other fields."""

    kind: type[Command]
    personal: str | None
    others: tuple[str, ...]

    def operands(self, room: Room) -> Iterable[Any]:
        return (None,) if self.personal is None else _VALUES[self.personal](room)

    def commands(self, room: Room, actor: PersonId, operand: PersonId | None) -> Iterator[Command]:
        """With this operand, one for each choice of the other fields."""
        make = cast(Callable[..., Command], self.kind)
        given = {} if self.personal is None else {self.personal: operand}
        if not self.others:
            yield make(actor, **given)
            return
        for values in product(*(_VALUES[field](room) for field in self.others)):
            yield make(actor, **given, **dict(zip(self.others, values, strict=True)))


def _shape(kind: type[Command]) -> _Shape:
    names = [field.name for field in fields(kind) if field.name != "actor"]
    personal = next((name for name in names if name in _PERSONAL), None)
    return _Shape(kind, personal, tuple(name for name in names if name != personal))


_SHAPES: Mapping[str, _Shape] = {name: _shape(kind) for name, kind in COMMANDS.items()}


def _accepted(room: Room, command: Command) -> bool:
    """The table allows it; does its topic?"""
    try:
        first_event(room, command)
    except Refused:
        return False
    return True
