"""The doctor at a terminal: a line for each finding as it comes, and meanwhile what is looked at."""

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap

from server import environment
from server.doctor.examination import examine
from server.doctor.findings import INDENT, Finding, as_json, broken, conclusion, is_well, line
from server.environment import SettingsRefused

_CLEAR = "\r\x1b[K"


def doctor(*, json: bool) -> int:
    """Look at everything and print it.  Returns the exit status: 1 if anything is broken."""
    try:
        found = asyncio.run(_examine(quiet=json))
    except SettingsRefused as refused:
        found = [broken("settings", said, "`talkingpiece settings` lists them.") for said in str(refused).split("\n")]
        if not json:
            print("\n".join(map(_fitted, found)))
    if json:
        print(as_json(found))
    else:
        print(f"\n{conclusion(found)}")
    return 0 if is_well(found) else 1


async def _examine(*, quiet: bool) -> list[Finding]:
    found = []
    async for finding in examine(environment.load(), _begins):
        _progress(_CLEAR)
        found.append(finding)
        if not quiet:
            print(_fitted(finding), flush=True)
    _progress(_CLEAR)
    return found


def _fitted(finding: Finding) -> str:
    """One line; folded under its sentence where it would not fit a person's window."""
    text = line(finding)
    if not sys.stdout.isatty():
        return text
    return textwrap.fill(text, max(60, shutil.get_terminal_size().columns - 1), subsequent_indent=" " * INDENT)


def _begins(what: str) -> None:
    _progress(f"{_CLEAR}Looking at {what} ...")


def _progress(text: str) -> None:
    """For a person at a terminal only; what is kept in a file has the findings and nothing else."""
    if sys.stderr.isatty():
        print(text, end="", file=sys.stderr, flush=True)
