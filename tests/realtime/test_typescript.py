"""The browser's types are the room's own classes."""

from dataclasses import fields
from typing import get_args

import pytest

from server.realtime import typescript
from server.room import commands, view
from server.room.names import wire_name


def test_the_browsers_types_are_those_of_the_room() -> None:
    written = typescript.TARGET.read_text(encoding="utf-8")
    assert written == typescript.render(), "run: python -m server.realtime.typescript"


def test_every_command_and_every_field_of_a_view_has_its_line() -> None:
    text = typescript.render()
    for command in get_args(commands.Command):
        assert f"\n  {wire_name(command)}: " in text
    for part in (view.View, view.Me, view.Seated, view.Console, view.Row):
        for field in fields(part):
            assert f"readonly {field.name}: " in text


def test_no_browser_may_name_the_actor() -> None:
    assert "actor" not in typescript.render()


def test_a_type_without_a_form_on_the_wire_is_refused() -> None:
    with pytest.raises(TypeError, match="no form on the wire"):
        typescript._type(complex)
