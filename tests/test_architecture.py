"""The direction of imports, the size of files and the purity of the pure packages, held as tests.

import-linter's contracts stand in pyproject.toml.  Here is what they cannot say.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PURE = ("server/room", "signalling/plan.py")
"""Packages and files without a clock, randomness or I/O."""
PURE_MAY_IMPORT = frozenset(
    {
        "__future__",
        "collections",
        "dataclasses",
        "datetime",
        "enum",
        "functools",
        "itertools",
        "re",
        "types",  # MappingProxyType: a mapping that cannot be changed
        "typing",
        "server",  # which parts of it: the import-linter contracts
        "signalling",
    }
)
LONGEST = {".py": 300, ".ts": 300, ".tsx": 300, ".js": 300, ".mjs": 300, ".html": 300, ".css": 600}
LONGEST_TEST = 400
"""Lines.  A test file may be a longer list of cases."""
LONGER: dict[str, str] = {
    "server/room/commands.py": "a list of commands: cutting it in two would only hide half of what can happen",
    "web/client/wire.ts": "generated from the classes of the views",
}
"""File -> why it may be longer.  Keep this short."""


def tracked(*patterns: str) -> list[Path]:
    """The files of the project as git knows them, new ones included and ignored ones left out."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(path for path in {ROOT / name for name in listed if name} if path.is_file())


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def _pure_files() -> list[Path]:
    files = tracked(*PURE)
    assert len(files) > 5
    return files


def test_imports_go_in_one_direction() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("path", _pure_files(), ids=_name)
def test_the_pure_packages_import_nothing_that_could_look_outside(path: Path) -> None:
    foreign = [
        (line, name)
        for line, name in _imports(ast.parse(path.read_text()))
        if name.split(".")[0] not in PURE_MAY_IMPORT
    ]
    assert foreign == []


@pytest.mark.parametrize("path", _pure_files(), ids=_name)
def test_the_pure_packages_read_no_clock_and_print_nothing(path: Path) -> None:
    asked = {"now", "utcnow", "today", "print", "open", "input"}
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in asked:
                found.append((node.lineno, name))
    assert found == []


def _longest(path: Path) -> int:
    return LONGEST_TEST if path.is_relative_to(ROOT / "tests") else LONGEST[path.suffix]


def test_no_file_is_longer_than_one_thing() -> None:
    files = [path for path in tracked("server", "signalling", "web", "tests") if path.suffix in LONGEST]
    assert len(files) > 100
    long = {_name(path): lines for path in files if (lines := len(path.read_text().splitlines())) > _longest(path)}
    assert {name: lines for name, lines in long.items() if name not in LONGER} == {}
    assert set(LONGER) - set(long) == set(), "no longer an exception"


def test_every_python_file_says_what_it_knows() -> None:
    silent = [path for path in tracked("*.py") if ast.get_docstring(ast.parse(path.read_text())) is None]
    markers = [path for path in silent if path.name == "__init__.py" and path.is_relative_to(ROOT / "tests")]
    assert [_name(path) for path in silent if path not in markers] == []


def test_files_are_named_for_what_they_know() -> None:
    vague = ("manager", "service", "helper", "util", "utils", "common", "misc")
    assert [_name(path) for path in tracked("server", "signalling", "web", "tests") if path.stem.lower() in vague] == []
