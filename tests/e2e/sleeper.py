"""Browsers that sleep, as when a lid is shut, and browsers with several tabs, of which one is in front."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from playwright.async_api import Browser, BrowserType

from tests.e2e.browser import CHROMIUM, FLAGS, launched

STARTS_WITHIN = 30.0


class Sleeper:
    """A browser with all its processes, which a test started itself."""

    def __init__(self, browser: Browser, group: int) -> None:
        self.browser = browser
        self._group = group

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Nothing of it runs any more; its timers and sockets stand still.  It wakes at the end of the block."""
        os.killpg(self._group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._group, signal.SIGCONT)


@asynccontextmanager
async def sleeper(
    kind: BrowserType, folder: Path, *more: str, command: str | Path = CHROMIUM
) -> AsyncIterator[Sleeper]:
    """One that is driven like all others, but can be put to sleep."""
    told = folder / "group"
    wrapper = folder / "sleeper"
    wrapper.write_text(f'#!/bin/sh\necho $$ > {told}\nexec {command} "$@"\n')
    wrapper.chmod(0o755)
    browser = await launched(kind, wrapper, *more)
    # Playwright makes what it starts the leader of a group of its own
    try:
        yield Sleeper(browser, int(told.read_text()))
    finally:
        await browser.close()


IMPATIENT = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5"
"""A page in the background has its timers run once a minute after 5 s already, and not after 5 minutes."""


@asynccontextmanager
async def tabbed(kind: BrowserType, folder: Path, *more: str) -> AsyncIterator[Browser]:
    """One whose tabs really go to the background, with all that Chromium then does to a page.

    Playwright takes every page of its own for the one in front; a browser that it only joins, it leaves alone.
    """
    flags = [flag for flag in FLAGS if not re.search("background-timer|backgrounding|renderer-background", flag)]
    profile = f"--user-data-dir={folder / 'profile'}"
    child = await asyncio.create_subprocess_exec(
        *(CHROMIUM, "--headless=new", "--remote-debugging-port=0", profile, *flags, *more, "about:blank"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        address = await asyncio.wait_for(_address(child), STARTS_WITHIN)
        draining = asyncio.create_task(_drain(child))
        browser = await kind.connect_over_cdp(address, no_defaults=True)
        yield browser
        await browser.close()
        draining.cancel()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # the group is its own
        await child.wait()


async def _address(child: asyncio.subprocess.Process) -> str:
    said = b""
    assert child.stderr is not None
    async for line in child.stderr:
        said += line
        if found := re.search(rb"DevTools listening on (ws://\S+)", line):
            return found[1].decode()
    raise AssertionError(f"Chromium did not start: {said.decode(errors='replace')}")


async def _drain(child: asyncio.subprocess.Process) -> None:
    assert child.stderr is not None
    async for _ in child.stderr:
        pass
