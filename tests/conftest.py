"""How the suite runs: the quickest kinds first, real browsers last, and nothing skipped.

Paths that are named one by one run in that order.

A skipped or expectedly failing test is a promise that nobody checks, so either one fails the run.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

KINDS = (
    *("room", ".", "signalling", "store", "host", "realtime", "http", "e2e"),
    *(f"e2e/test_{what}.py" for what in ("gate", "voice_only", "firefox", "lines", "circle")),
)
"""The folders of `tests/`, from pure to slow; a folder that is not named here runs before the browsers.

What listens for gaps, and browsers that take the whole machine, come when nothing is run beside them any more.
"""


def _kind(item: pytest.Item) -> int:
    file = item.path.relative_to(Path(__file__).parent)
    known = (str(place) for place in (file, file.parent) if str(place) in KINDS)
    return KINDS.index(next(known, "http"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if len(config.args) == 1:
        items.sort(key=_kind)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped or hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped or is expected to fail: {report.longrepr}"
        if hasattr(report, "wasxfail"):
            del report.wasxfail
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped as a whole: {report.longrepr}"
    return report
