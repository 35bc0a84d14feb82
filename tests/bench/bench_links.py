"""Bad lines: what a circle of four makes of each, in real browsers; the table of `signalling/README.md`.

python -m pytest tests/bench/bench_links.py -o python_files='bench_*.py' -s -q
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles

from playwright.async_api import async_playwright

from tests.e2e.browser import launch
from tests.e2e.lines import IMPAIRMENTS, LOSS_AND_DELAY, THIN_DOWN, THIN_UP, Lines, Voice, lines

SETTLES = 12.0
LISTENS = 8.0
BLACKOUTS = 3
CHANGES = 12
LIMITS = {LOSS_AND_DELAY.name: 3.0, THIN_DOWN.name: 5.0, THIN_UP.name: 5.0}
"""Percent of a voice over the bad line that may be invented at most."""
WITHIN = 3.0
"""Seconds until sound and pictures are back (p95)."""


async def test_what_is_heard_over_bad_lines(tmp_path: Path) -> None:
    faults: list[str] = []
    async with _four(tmp_path) as four:
        before = four.standing()
        print("\n| June's line | of what she hears, invented | of her voice, invented | between others | she sees |")
        print("|---|---|---|---|---|")
        for bad in IMPAIRMENTS:
            await four.impair(bad)
            await asyncio.sleep(SETTLES)
            heard, frames = await four.listen(LISTENS), await four.frames(2)
            down, up, between = _worst(heard)
            print(f"| {bad.name} | {down:.1f} % | {up:.1f} % | {between:.1f} % | {frames:.0f} fps |", flush=True)
            if max(down, up) > LIMITS.get(bad.name, 100):
                faults.append(f"{bad.name}: {max(down, up):.1f} % invented")
            if four.standing() != before:
                faults.append(f"{bad.name}: the turn or somebody's place was lost")
            await four.mend()
            await four.is_whole()
    assert not faults, "\n".join(faults)


async def test_how_soon_it_is_back(tmp_path: Path) -> None:
    async with _four(tmp_path) as four:
        before = four.standing()
        dark = [await four.gap(lambda: four.black_out(10)) for _ in range(BLACKOUTS)]
        print(f"\nback after 10 s of nothing: {', '.join(f'{gap:.1f}' for gap in dark)} s", flush=True)
        moved = [await four.gap(four.change_address) for _ in range(CHANGES)]
        p50, p95 = (quantiles(moved, n=20, method="inclusive")[n] for n in (9, 18))
        print(f"back after another address, {CHANGES} times: p50 {p50:.1f} s, p95 {p95:.1f} s, most {max(moved):.1f} s")
        assert four.standing() == before, "the turn or somebody's place was lost"
    assert max(*dark, p95) <= WITHIN


@asynccontextmanager
async def _four(folder: Path) -> AsyncIterator[Lines]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        async with lines(browser, folder) as four:
            await four.begin()
            yield four
        await browser.close()


def _worst(heard: Mapping[tuple[str, str], Voice]) -> tuple[float, float, float]:
    """(what June hears, what is heard of her, what passes between the others), in percent invented."""
    down = [voice.share for (listener, _), voice in heard.items() if listener == "June"]
    up = [voice.share for (_, speaker), voice in heard.items() if speaker == "June"]
    between = [voice.share for names, voice in heard.items() if "June" not in names]
    return max(down, default=100.0), max(up, default=100.0), max(between, default=100.0)
