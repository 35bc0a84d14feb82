"""Missing system packages are named with the command to type, never passed over in silence."""

from __future__ import annotations

import pytest

from tests.system import TESTS, ensure


def test_what_is_here_is_not_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert ensure({"chromium": lambda: True}, root=False) == 0
    assert capsys.readouterr() == ("", "")


def test_one_line_says_what_to_type_when_we_may_not_install(capsys: pytest.CaptureFixture[str]) -> None:
    assert ensure({"chromium": lambda: False, "git": lambda: True, "postgresql": lambda: False}, root=False) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.endswith("sudo apt-get install -y chromium postgresql\n")
    assert "git" not in said


def test_the_packages_of_this_run_are_here() -> None:
    assert [name for name, here in TESTS.items() if not here()] == []
