"""Screens, kept as pictures at several sizes and looked over by axe at each of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Page, ViewportSize
from playwright.async_api import TimeoutError as TooLate

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAINTER = Path(__file__).with_name("portraits.js").read_text()
SIZES: Mapping[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1366, "height": 768},
}
MORE_SIZES: Mapping[str, ViewportSize] = {
    "small": {"width": 320, "height": 640},
    "tablet": {"width": 768, "height": 1024},
    "wide": {"width": 1920, "height": 1080},
    "zoomed": {"width": 683, "height": 384},
}
"""The least that has to work, the tablet, the widest, and a small laptop at 200 %."""
FACES: Mapping[str, Mapping[str, str]] = {
    "Ruth": {"wall": "#8b9a90", "skin": "#e0b79a", "hair": "#b9b2a6", "shirt": "#41575a", "cut": "grey"},
    "June": {"wall": "#a58f78", "skin": "#e6c0a4", "hair": "#5b3a28", "shirt": "#6f5a3c", "cut": "long"},
    "Amira": {"wall": "#98887a", "skin": "#b98261", "hair": "#5d4a66", "shirt": "#5b4250", "cut": "scarf"},
    "Dan": {"wall": "#7c8a86", "skin": "#d9ab86", "hair": "#3a2d24", "shirt": "#2f3d4a", "cut": "short"},
    "Mark": {"wall": "#8c8574", "skin": "#7a4d35", "hair": "#211a16", "shirt": "#355047", "cut": "short"},
    "Tomas": {"wall": "#87919a", "skin": "#d5a582", "hair": "#2b211c", "shirt": "#4a4a5c", "cut": "short"},
}
_LETTERS = "() => document.fonts.status === 'loaded'"
_MOVING = """
() => [...document.querySelectorAll("video")].every((video) => video.readyState >= 2 || !video.srcObject?.active)
"""
_SOON = 1_000
"""ms for pictures to move; the picture of somebody who has no way to send it never does."""
_TOO_WIDE = """
() => [document.documentElement, ...document.querySelectorAll(".stage, .side, .drawer-body, .controls, .aware, .bar")]
  .filter((element) => element.scrollWidth > element.clientWidth + 1)
  .map((element) => element.className || element.localName)
"""
_TOO_SMALL = """
() => [...document.querySelectorAll("button, summary, .button, .segments label")]
  .map((element) => [element, element.getBoundingClientRect()])
  .filter(([element, box]) => box.width > 2 && (box.width < 43.5 || box.height < 43.5))
  .map(([element]) => element.textContent.trim())
"""


class Album:
    """Pictures in one folder, and what was found wrong on them."""

    def __init__(self, folder: Path, sizes: Mapping[str, ViewportSize]) -> None:
        self.folder = folder
        self.sizes = sizes
        self.faults: list[str] = []
        self.kept = 0
        self._axe = AXE.read_text()
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.png"):
            old.unlink()

    async def paint(self, page: Page, name: str) -> None:
        """From the next page on, this person's camera sees a painted face."""
        setting = f"window.portrait = {json.dumps(FACES[name])};"
        await page.context.add_init_script(script=f"{setting}\n{PAINTER}")

    async def keep(self, page: Page, name: str, *, whole: bool = False) -> None:
        """One screen at every size, numbered in the order of the story; `whole`: beyond the window's lower edge."""
        self.kept += 1
        before = page.viewport_size
        for size, viewport in self.sizes.items():
            await page.set_viewport_size(viewport)
            if whole:  # the window grows with the page, so that what sticks to its edge does not lie in the middle
                high: int = await page.evaluate("document.documentElement.scrollHeight")
                await page.set_viewport_size({"width": viewport["width"], "height": max(viewport["height"], high)})
            await page.wait_for_function(_LETTERS)
            with suppress(TooLate):
                await page.wait_for_function(_MOVING, timeout=_SOON)
            await page.screenshot(path=self.folder / f"{self.kept:02d}-{name}-{size}.png", full_page=whole)
            await self._look(page, f"{name} ({size})")
        if before is not None:
            await page.set_viewport_size(before)

    async def _look(self, page: Page, where: str) -> None:
        await page.evaluate(self._axe)
        found: dict[str, Any] = await page.evaluate("axe.run(document)")
        for violation in found["violations"]:
            targets = [" ".join(map(str, node["target"])) for node in violation["nodes"]][:3]
            self.faults.append(f"{where}: axe {violation['id']}: {violation['help']}: {'; '.join(targets)}")
        for what, question in (("wider than its place", _TOO_WIDE), ("smaller than 44 px", _TOO_SMALL)):
            elements: Sequence[str] = await page.evaluate(question)
            if elements:
                self.faults.append(f"{where}: {what}: {', '.join(elements)}")

    async def report(self) -> int:
        """Prints what was kept and found; the exit status."""
        pictures = await asyncio.to_thread(lambda: len(list(self.folder.glob("*.png"))))
        print(f"{self.kept} screens, {pictures} pictures in {self.folder.relative_to(ROOT)}")
        print(*self.faults, sep="\n")
        return 1 if self.faults else 0
