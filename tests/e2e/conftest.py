"""One Chromium for all end-to-end tests; every person gets a context of their own in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.e2e.browser import launch
from tests.e2e.circle import Circle, circle
from tests.e2e.program import Program, program

OUT = Path(__file__).parents[1] / "out"
"""Where the evidence of a failed test is kept."""
_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def running(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Program]:
    """The real program with an empty data directory."""
    async with program(tmp_path / "data") as running:
        yield running
        if request.node.stash.get(_FAILED, False):
            print(*running.said[-40:], sep="\n")


@pytest_asyncio.fixture(loop_scope="session")
async def six(chromium: Browser, running: Program, request: pytest.FixtureRequest) -> AsyncIterator[Circle]:
    """Six people; at the end nobody's history may hold a tone that `audience` had shut."""
    async with circle(chromium, running) as six:
        yield six
        if request.node.stash.get(_FAILED, False):
            for person in six.everybody:
                await person.at.keep_evidence(OUT / request.node.name)
        else:
            await six.nobody_was_heard_against_the_rules()
            await six.pages_are_well()
