"""Bad lines, in real browsers: one of four is behind a line that loses, stalls, or moves to another address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.lines import LOSS_AND_DELAY, Lines, lines

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTICED = 1.0
"""Percent invented of a voice that comes over good lines: two busy cores alone cost some."""
SETTLES = 12.0
"""Seconds in which the browsers have come to terms with a bad line: Opus protects, buffers wait."""
BACK_WITHIN = 6.0
"""Seconds; `make bench` gives the figure, this only finds a return that takes the long way (10 s and more)."""
BLACKOUT = 10.0


@pytest_asyncio.fixture(loop_scope="session")
async def four(chromium: Browser, tmp_path: Path) -> AsyncIterator[Lines]:
    async with lines(chromium, tmp_path) as four:
        await four.begin()
        yield four
        await four.four.pages_are_well()


async def test_a_bad_line_keeps_its_voice_and_its_turn_and_is_nobody_elses_trouble(four: Lines) -> None:
    before = four.standing()

    # 10 % is lost each way, and a round trip takes 400 ms
    await four.impair(LOSS_AND_DELAY)
    await asyncio.sleep(SETTLES)
    heard = await four.listen(8)
    for (listener, speaker), voice in heard.items():
        assert voice.share <= (5.0 if "June" in (listener, speaker) else NOTICED), (
            f"{listener} hears {speaker}: {voice}"
        )
    assert {("June", "Ruth"), ("Ruth", "June"), ("Dan", "June"), ("Dan", "Ruth")} <= heard.keys()
    assert four.standing() == before
    await four.mend()
    await four.is_whole()

    # from Wi-Fi to mobile: no reload, no touch
    for _ in range(2):
        gap = await four.gap(four.change_address)
        print(f"another address: {gap:.2f} s without sound or picture")
        assert gap < BACK_WITHIN
        assert four.standing() == before

    # nothing passes for a while: the turn is kept
    gap = await four.gap(lambda: four.black_out(BLACKOUT))
    print(f"{BLACKOUT:.0f} s of nothing, and then {gap:.2f} s without sound or picture")
    assert gap < BACK_WITHIN
    await four.june.shows(four.june.heading("You have the talking piece"))
    assert four.standing() == before
