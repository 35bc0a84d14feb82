"""How a rule is taken out of the room for the length of one test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from server.room import settle
from tests.room import step_laws

Deletion = Callable[[pytest.MonkeyPatch], None]
DELETIONS: dict[str, Deletion] = {}


def deletion(name: str) -> Callable[[Deletion], Deletion]:
    def add(apply: Deletion) -> Deletion:
        DELETIONS[name] = apply
        return apply

    return add


def everywhere(patch: pytest.MonkeyPatch, original: object, instead: object) -> None:
    """Replace a name in every module of the room that uses it."""
    found = False
    for name, module in list(sys.modules.items()):
        if name.startswith("server.room") or module is step_laws:
            for attribute, value in list(vars(module).items()):
                if value is original:
                    patch.setattr(module, attribute, instead)
                    found = True
    assert found


def without_consequence(forgotten: settle.Consequence) -> Deletion:
    def apply(patch: pytest.MonkeyPatch) -> None:
        kept = tuple(consequence for consequence in settle.CONSEQUENCES if consequence is not forgotten)
        everywhere(patch, settle.CONSEQUENCES, kept)

    return apply


def never(*_: object, **__: object) -> bool:
    return False


def always(*_: object, **__: object) -> bool:
    return True


def nothing(*_: object, **__: object) -> Iterator[Any]:
    return iter(())
