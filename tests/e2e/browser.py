"""Debian's Chromium, one context for each person, with one tone and one colour instead of devices.

Every page's errors are collected; `Page.errors` must be empty at the end of a test, and the fixture sees to it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.async_api import Browser, BrowserContext, BrowserType, ConsoleMessage, Page, Playwright, ViewportSize

from tests.e2e.tones import Voice, heard

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--mute-audio",
)
INSTRUMENTS = Path(__file__).with_name("instruments.js").read_text()
PATIENCE = 8.0
"""Seconds in which a page comes to hear what it is to hear."""
DESK: ViewportSize = {"width": 1280, "height": 800}


async def launch(playwright: Playwright, *more: str) -> Browser:
    return await launched(playwright.chromium, CHROMIUM, *more)


async def launched(kind: BrowserType, command: str | Path, *more: str) -> Browser:
    """A Chromium more; `command` starts it, for instance in a namespace."""
    return await kind.launch(executable_path=command, headless=True, args=[*FLAGS, *more])


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a page receives from others, by name."""

    hears: frozenset[str]
    """Whose tones arrived within the last 170 ms, whether or not the page plays them."""
    plays: frozenset[str]
    """Whose tones the page gives to the loudspeaker."""
    sees: Mapping[str, int]
    """Whose pictures move, each with its width."""


NOTHING = Arrival(frozenset(), frozenset(), {})


class Witness:
    """A person's page, what it sends, and what it really receives."""

    def __init__(self, context: BrowserContext, page: Page, voice: Voice, everybody: tuple[Voice, ...]) -> None:
        self.context = context
        self.page = page
        self.voice = voice
        self.everybody = everybody
        self.errors: list[str] = []
        self.forgiven: tuple[str, ...] = ()
        """Words in an error of the console that this test has caused itself (a line that it cut)."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(word in message.text for word in self.forgiven):
            self.errors.append(message.text)

    async def keep_evidence(self, folder: Path) -> None:
        """What the page shows and what its connections counted, for whoever has to find out why a test failed."""
        await self.page.screenshot(path=folder / f"{self.voice.name}.png")
        if self.page.url != "about:blank":
            counted = await self.ask("instruments.traffic().then(traffic => [instruments.pictures(), traffic])")
            await asyncio.to_thread((folder / f"{self.voice.name}.json").write_text, json.dumps(counted, indent=1))

    async def ask(self, expression: str, argument: object = None) -> Any:
        return await self.page.evaluate(expression, argument)

    async def arrives(self) -> Arrival:
        """What arrives now, all of it looked at in the same moment."""
        sound, seen = await self.ask("[instruments.hears(), instruments.sees()]")
        return Arrival(heard(sound["received"], self.everybody), heard(sound["played"], self.everybody), seen)

    async def hears_only(self, names: Iterable[str], *, plays: Iterable[str] | None = None) -> None:
        """Waits until exactly these people's tones arrive, twice in a row; all of them are to be played, or `plays`."""
        wanted = frozenset(names), frozenset(names if plays is None else plays)
        until, in_a_row = monotonic() + PATIENCE, 0
        while in_a_row < 2:
            now = await self.arrives()
            in_a_row = in_a_row + 1 if (now.hears, now.plays) == wanted else 0
            assert monotonic() < until, f"{self.voice.name} {now}, not {wanted}"
            await asyncio.sleep(0.2)

    async def history(self) -> list[tuple[int, frozenset[str]]]:
        """(ms since the epoch, whose tones arrived), about ten a second for as long as the page was in the room."""
        return [(at, heard(peaks, self.everybody)) for at, peaks in await self.ask("instruments.history()")]


def instruments(
    voice: Voice, people: Iterable[Voice], *, camera: bool = True, microphone: bool = True, detail: bool = False
) -> str:
    """The script that makes a page send this voice and tells everybody's apart.

    A picture with `detail` is as large as a camera's; a plain one takes next to nothing of the machine and of the line.
    """
    setting = {
        "person": {
            "hz": voice.hz,
            "colour": voice.colour,
            "camera": camera,
            "microphone": microphone,
            "detail": detail,
        },
        "palette": {each.name: each.rgb for each in people},
    }
    return f"window.instruments = {json.dumps(setting)};\n{INSTRUMENTS}"


@asynccontextmanager
async def witness(
    browser: Browser,
    voice: Voice,
    everybody: Iterable[Voice],
    *,
    viewport: ViewportSize = DESK,
    camera: bool = True,
    microphone: bool = True,
    detail: bool = False,
) -> AsyncIterator[Witness]:
    """One person's own context (cookies of their own) with one page."""
    people = tuple(everybody)
    script = instruments(voice, people, camera=camera, microphone=microphone, detail=detail)
    context = await browser.new_context(viewport=viewport, locale="en-GB", reduced_motion="reduce")
    await context.grant_permissions(["camera", "microphone"])
    await context.add_init_script(script=script)
    page = await context.new_page()
    try:
        yield Witness(context, page, voice, people)
    finally:
        await context.close()
