"""A plane, a web server for the harness and Debian's Chromium: one tone and one colour for each person."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from signalling import Flow, MediaPlane, PeerId
from tests.signalling.stage import ROOM, Stage, Told

HARNESS = Path(__file__).parent / "harness"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--mute-audio",
]
PEOPLE = {
    "ana": (400, "#cc0000", (204, 0, 0)),
    "ben": (700, "#00aa00", (0, 170, 0)),
    "eve": (1100, "#0000cc", (0, 0, 204)),
}


class Room:
    """A plane, a web server for the harness, and a browser with a page for each person."""

    def __init__(self, stage: Stage[MediaPlane], url: str, browser: Browser) -> None:
        self.stage, self.told, self.plane = stage, stage.told, stage.plane
        self._url, self._browser = url, browser
        self.pages: dict[str, Page] = {}
        self._flows: Mapping[str, Mapping[str, Flow]] = {}

    async def open(self, name: str, **sources: int) -> Page:
        context = await self._browser.new_context(permissions=["camera", "microphone"])
        page = self.pages[name] = await context.new_page()
        await page.goto(self._url)
        hz, colour, _ = PEOPLE[name]
        await page.evaluate("([hz, c, w, h]) => T.sources(hz, c, w, h)",
                            [hz, colour, sources.get("width", 320), sources.get("height", 240)])  # fmt: skip
        return page

    async def join(self, name: str, **tracks: bool) -> str:
        page = self.pages.get(name) or await self.open(name)
        generation: str = await page.evaluate("([name, tracks]) => T.join(name, tracks)", [name, tracks])
        await eventually(lambda: true(self.plane.generation(PeerId(name)) == generation))
        return generation

    def slot(self, viewer: str, publisher: str) -> int:
        return next((i for i, p in self.told.slots.get(viewer, {}).items() if p == publisher), -1)

    async def hears(self, viewer: str, publisher: str) -> bool:
        slot = self.slot(viewer, publisher)
        hz: int = await self.pages[viewer].evaluate("k => T.tone(k)", slot) if slot >= 0 else 0
        return abs(hz - PEOPLE[publisher][0]) <= 15

    async def sees(self, viewer: str, publisher: str, width: int | None = None) -> bool:
        slot = self.slot(viewer, publisher)
        if slot < 0:
            return False
        if width is not None and await self.pages[viewer].evaluate("k => T.width(k)", slot) != width:
            return False
        colour: list[int] = await self.pages[viewer].evaluate("k => T.colour(k)", slot)
        return all(abs(a - b) < 60 for a, b in zip(colour, PEOPLE[publisher][2], strict=True))

    async def tones(self, viewer: str) -> set[int]:
        """Whose tones are heard, through any slot."""
        heard: list[int] = await self.pages[viewer].evaluate("[...Array(11).keys()].map(T.tone)")
        return {hz for hz, _, _ in PEOPLE.values() if any(abs(hz - loudest) <= 15 for loudest in heard)}

    async def inbound(self, viewer: str, publisher: str) -> dict[str, Any]:
        slot = self.slot(viewer, publisher)
        out: dict[str, Any] = await self.pages[viewer].evaluate("k => T.inbound(k)", slot)
        return out

    async def plan(self, flows: Mapping[str, Mapping[str, Flow]]) -> None:
        """subscriber -> publisher -> flow; returns when the listener has been told."""
        self._flows = flows
        self.stage.plan(flows)
        await asyncio.sleep(0)

    async def all_arrive(self) -> None:
        """Everything that the plan lets pass is heard and seen."""
        for viewer, flows in self._flows.items():
            for publisher in flows:
                await eventually(partial(self.hears, viewer, publisher))
                await eventually(partial(self.sees, viewer, publisher))

    async def together(self, viewer: str, publisher: str) -> bool:
        """Are sound and picture of one person played within 0.12 s of each other?  Needs reports of both."""
        got = await self.inbound(viewer, publisher)
        sound, picture = got["audio"]["playout"], got["video"]["playout"]
        return bool(sound and picture and abs(sound - picture) < 120)

    async def errors(self) -> list[str]:
        return [e for page in self.pages.values() for e in await page.evaluate("T.errors")]


async def true(value: bool) -> bool:
    return value


async def eventually(condition: Callable[[], Awaitable[bool]], within: float = 15.0) -> float:
    """Ask until it is so; how long it took, in seconds."""
    start = time.monotonic()
    while not await condition():
        assert time.monotonic() - start < within, "it did not come about in time"
        await asyncio.sleep(0.01)
    return time.monotonic() - start


@asynccontextmanager
async def room() -> AsyncIterator[Room]:
    told = Told()
    plane = MediaPlane(addresses=["127.0.0.1"], listener=told)
    await plane.start()

    async def offer(request: web.Request) -> web.Response:
        made = await plane.offer(ROOM, PeerId((await request.json())["name"]))
        return web.json_response({"generation": made.generation, "sdp": made.sdp})

    async def answer(request: web.Request) -> web.Response:
        given = await request.json()
        await plane.answer(PeerId(given["name"]), given["generation"], given["sdp"])
        return web.json_response({})

    async def file(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(HARNESS / (request.match_info["name"] or "page.html"))

    app = web.Application()
    app.router.add_post("/offer", offer)
    app.router.add_post("/answer", answer)
    app.router.add_get("/{name:|harness.js}", file)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=FLAGS)
            try:
                yield Room(Stage(plane, told), f"http://127.0.0.1:{port}/", browser)
            finally:
                await browser.close()
    finally:
        await runner.cleanup()
        await plane.stop()
