"""A deployment to be looked at, without starting anything; and the command itself, as somebody types it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from server.doctor.case import Case
from server.doctor.findings import Finding, State
from server.doctor.side_door import Door
from server.settings import Settings
from tests.app import RunningApp


def case(folder: Path, *, runs: bool = False, **given: Any) -> Case:
    """No setting comes from the environment of the tests.  `runs`: as if the program did."""
    defaults = {"data_dir": folder / "data", "media_addresses": ("127.0.0.1",)}
    return Case(
        Settings.model_validate({**Settings.model_construct().model_dump(), **defaults, **given}),
        Door(folder) if runs else None,
    )


async def only(look: Callable[[Case], Awaitable[list[Finding]]], case: Case) -> Finding:
    """The one thing that is found."""
    (finding,) = await look(case)
    return finding


def broken(finding: Finding, *words: str) -> bool:
    """It is broken, both says so in these words and what to do."""
    assert finding.state is State.BROKEN, finding
    text = f"{finding.says} {finding.cure}"
    assert finding.cure, finding
    assert [word for word in words if word not in text] == [], text
    return True


def wants_attention(finding: Finding, *words: str) -> bool:
    assert finding.state is State.ATTENTION, finding
    assert [word for word in words if word not in f"{finding.says} {finding.cure}"] == [], finding
    return True


def doctor(app: RunningApp, **environ: str) -> dict[str, list[dict[str, str]]]:
    """`talkingpiece doctor --json` with the settings of `app`: about -> what was found, in order."""
    done = app.command("doctor", "--json", PORT=str(app.port), **environ)
    assert "Traceback" not in done.stderr, done.stderr
    told = json.loads(done.stdout)
    states = [finding["state"] for finding in told["findings"]]
    assert done.returncode == (1 if "broken" in states else 0)
    assert told["ok"] is (done.returncode == 0)
    by: dict[str, list[dict[str, str]]] = {}
    for finding in told["findings"]:
        by.setdefault(finding["about"], []).append(finding)
    return by
