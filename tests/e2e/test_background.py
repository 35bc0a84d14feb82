"""Somebody looks at another tab for a while: the meeting goes on behind it, and is whole when they look again.

Chromium lets the timers of a page that nobody sees run once a second, later once a minute, and may stop it altogether.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from time import time

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from server.room import events as e
from tests.e2e.browser import Witness, instruments
from tests.e2e.circle import Circle, Comes, circle
from tests.e2e.lines import CUT_WORDS, GUESTS
from tests.e2e.people import Person
from tests.e2e.program import Program
from tests.e2e.sleeper import IMPATIENT, tabbed
from tests.e2e.tones import Voice

pytestmark = pytest.mark.asyncio(loop_scope="session")

AWAY = 25.0
"""Seconds in another tab."""
STOPPED = 14.0
"""Seconds, longer than the server waits for an answer (10 s)."""
NOTICED = 15_000
"""ms within which the others are told, on a busy machine."""
SOON = 10_000
"""ms within which everything is there again; on a quiet machine it is 0.1 to 1 s."""
COUNT = "window.beats = 0; setInterval(() => window.beats++, 50);"


def in_a_tab(browser: Browser) -> Comes:
    @asynccontextmanager
    async def come(voice: Voice, everybody: tuple[Voice, ...]) -> AsyncIterator[Person]:
        (context,) = browser.contexts
        await context.grant_permissions(["camera", "microphone"])
        await context.add_init_script(script=instruments(voice, everybody))
        yield Person(Witness(context, await context.new_page(), voice, everybody))

    return come


@pytest_asyncio.fixture(loop_scope="session")
async def four(chromium: Browser, running: Program, tmp_path: Path) -> AsyncIterator[Circle]:
    """June has a browser with tabs."""
    async with AsyncExitStack() as stack:
        hers = await stack.enter_async_context(tabbed(chromium.browser_type, tmp_path, IMPATIENT))
        yield await stack.enter_async_context(circle(chromium, running, GUESTS, {"June": in_a_tab(hers)}))


async def speaks(four: Circle) -> None:
    """June has the piece, and she and Ruth speak."""
    await four.begin()
    await four.ruth.turn_microphone_on()
    await four.ruth.choose("Circle")
    await four.ruth.lay_the_piece_before(four.june)
    await four.june.take_the_piece()
    await four.agrees(speaking=[four.ruth, four.june])


async def looks_away(person: Person) -> None:
    tab = await person.at.context.new_page()
    await tab.bring_to_front()
    await becomes(person, "document.visibilityState === 'hidden'")


async def looks_again(person: Person) -> None:
    await person.page.bring_to_front()
    await becomes(person, "document.visibilityState === 'visible'")


async def becomes(person: Person, what: str) -> None:
    """Waits by our own clock: the page's may stand still."""
    until = time() + SOON / 1000
    while not await person.at.ask(what):
        assert time() < until, what
        await asyncio.sleep(0.05)


def lines_of(four: Circle, person: Person) -> list[str]:
    """How this person's line came and went, as the journal tells it."""
    told = (fact.event for fact in four.truth.facts())
    lines = [event for event in told if isinstance(event, e.Connected | e.Disconnected | e.MediaChanged)]
    return [type(event).__name__ for event in lines if event.person == four.id_of(person)]


async def test_behind_another_tab_voices_go_on_and_pictures_are_there_again(four: Circle) -> None:
    june, dan = four.june, four.dan
    await speaks(four)
    room, lines = four.truth.room(), lines_of(four, june)
    other = await june.at.context.new_page()
    for page in (other, june.page):
        await page.evaluate(COUNT)
    begun = time()
    await looks_away(june)

    beats = []
    while time() - begun < AWAY:
        await june.at.hears_only({"Ruth"})
        beats.append([await page.evaluate("window.beats") for page in (other, june.page)])
        await asyncio.sleep(1)
    late = beats[len(beats) // 2 :]
    assert late[-1][0] - late[0][0] <= 1, "the browser has not slowed down what nobody sees"
    heard = [at / 1000 for at, names in await dan.at.history() if "June" in names and at / 1000 >= begun]
    assert max(later - earlier for earlier, later in pairwise([begun, *heard, time()])) < AWAY / 3
    # (the tests' camera is drawn by a timer of her page, which now runs once a second)
    assert (await dan.at.ask("instruments.sees(3000)")).keys() == {"Ruth", "June", "Amira"}
    assert lines_of(four, june) == lines

    # her line is lost and comes back while nobody looks
    june.at.forgiven = CUT_WORDS
    four.line.cut(four.id_of(june))
    await dan.shows(dan.page.get_by_text("Line dropped."))
    four.line.mend(four.id_of(june))
    await expect(dan.page.get_by_text("Line dropped.")).to_have_count(0, timeout=SOON)

    await looks_again(june)
    back = time()
    while (await june.at.arrives()).sees.keys() != {"Ruth", "Amira", "Dan"}:
        assert time() - back < SOON / 1000
        await asyncio.sleep(0.05)
    print(f"timers of another page {late[-1][0] - late[0][0]}, of ours {late[-1][1] - late[0][1]}")
    print(f"every picture {time() - back:.2f} s after she looked again")
    await four.agrees(speaking=[four.ruth, june])
    now = four.truth.room()
    assert (now.phase, now.floor) == (room.phase, room.floor)
    assert june.at.errors == []


async def test_a_page_that_the_browser_stops_is_away_and_goes_on_when_it_is_looked_at(four: Circle) -> None:
    june, dan = four.june, four.dan
    await speaks(four)
    loaded = await june.at.ask("performance.timeOrigin")
    june.at.forgiven = CUT_WORDS
    hand = await june.at.context.new_cdp_session(june.page)
    await looks_away(june)
    await hand.send("Page.setWebLifecycleState", {"state": "frozen"})
    stopped = time()
    await expect(dan.page.get_by_text("Line dropped.").first).to_be_visible(timeout=NOTICED)
    await asyncio.sleep(max(0.0, stopped + STOPPED - time()))
    await hand.send("Page.setWebLifecycleState", {"state": "active"})
    await looks_again(june)
    back = time()
    await expect(dan.page.get_by_text("Line dropped.")).to_have_count(0, timeout=SOON)
    print(f"back {time() - back:.2f} s after she looked again")
    await four.agrees(speaking=[four.ruth, june])
    await june.shows(june.heading("You have the talking piece"))
    assert await june.at.ask("[...document.querySelectorAll('video')].map((video) => video.paused)") == [False] * 3
    assert await june.at.ask("performance.timeOrigin") == loaded


async def test_who_waits_behind_another_tab_for_the_doors_hears_of_them_at_once(four: Circle) -> None:
    """Nothing is heard or seen yet, so that nothing keeps the browser from slowing the page down."""
    june = four.june
    await june.open(four.links["June"])
    await june.press("Start")
    await june.check_devices()
    await june.page.evaluate(COUNT)
    await looks_away(june)
    await asyncio.sleep(12)
    begun = await june.at.ask("window.beats")
    await asyncio.sleep(8)
    print(f"{await june.at.ask('window.beats') - begun} beats in 8 s")
    await four.ruth.open_doors()
    await becomes(june, "document.body.innerText.includes('Do you still want to take part today?')")

    # her line has been dead for longer than anybody knows: it is found out when she looks, not when a clock comes to it
    june.at.forgiven = CUT_WORDS
    four.line.forget(four.id_of(june))
    await looks_again(june)
    begun = time()
    await june.press(re.compile("^Yes"))
    await june.shows(june.heading("You are in your own place"))
    print(f"in her own place {time() - begun:.2f} s after she looked again")
    assert time() - begun < 5
