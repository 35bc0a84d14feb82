"""A lid is shut in the middle of a meeting, and opened again: nobody reloads anything, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from server.room.ids import CIRCLE, PersonId
from server.room.state import Door, Phase
from tests.e2e.circle import circle, in_chromium
from tests.e2e.lines import CUT_WORDS, GUESTS, lines
from tests.e2e.people import Person
from tests.e2e.program import Program
from tests.e2e.sleeper import sleeper

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAP = 15.0
"""Seconds, longer than the server waits for an answer (10 s)."""
LONG = 62.0
"""Seconds, longer than it takes the server to know (10 s) and a turn is kept then (45 s)."""
NOTICED = 15_000
"""ms within which the others are told, on a busy machine."""
BACK_WITHIN = 6.0
"""Seconds; this only finds a return that takes the long way (10 s and more)."""


async def loaded(person: Person) -> float:
    """When this page was loaded: another number after a reload."""
    return float(await person.at.ask("performance.timeOrigin"))


async def test_who_sleeps_is_away_and_wakes_with_all_that_was_theirs(chromium: Browser, tmp_path: Path) -> None:
    async with lines(chromium, tmp_path) as line:
        await line.begin()
        four, ruth, june, dan = line.four, line.ruth, line.june, line.four.dan
        before, page = line.standing(), await loaded(june)

        async def nap() -> None:
            # nobody knows yet that she sleeps; and then nobody believes to have been read
            await ruth.write_to(june, "Take the time you need.")
            await ruth.shows(ruth.page.get_by_text("Your message did not arrive, and nobody has read it."))
            await expect(dan.page.get_by_text("Line dropped.").first).to_be_visible(timeout=NOTICED)
            await ruth.shows(ruth.page.get_by_text("Line dropped. The turn is kept."))
            await dan.at.hears_only(["Ruth"])

        gap = await line.gap(lambda: line.sleep(NAP, nap))
        print(f"{NAP:.0f} s asleep, and {gap:.2f} s from the network's return to the last voice and picture")
        assert gap < BACK_WITHIN
        assert line.standing() == before
        await june.shows(june.heading("You have the talking piece"))

        # longer than a turn is kept: it goes to nobody, and her place is still hers (R24)
        await line.sleep(LONG)
        await june.shows(june.page.get_by_text("Your turn ended while your line was down. You can have another."))
        await four.agrees(speaking=[ruth])
        assert four.truth.room().floor.turn is None
        sleeper = four.truth.room().people[PersonId(four.id_of(june))]
        assert (sleeper.door, sleeper.place, sleeper.microphone) == (Door.ADMITTED, CIRCLE, False)
        await ruth.lay_the_piece_before(june)
        await june.take_the_piece()
        await four.agrees(speaking=[ruth, june])
        assert await loaded(june) == page


async def test_when_the_only_facilitator_sleeps_everybody_is_on_their_own_until_they_wake(
    chromium: Browser, running: Program, tmp_path: Path
) -> None:
    """This time the network goes on under the browser that stands still, as on a phone that has stopped it."""
    guests = {guest.name: in_chromium(chromium) for guest in GUESTS}
    async with sleeper(chromium.browser_type, tmp_path) as hers, circle(hers.browser, running, GUESTS, guests) as four:
        ruth, june = four.ruth, four.june
        await four.begin()
        await ruth.turn_microphone_on()
        await four.agrees(speaking=[ruth])
        page = await loaded(ruth)
        ruth.at.forgiven = CUT_WORDS

        with hers.asleep():
            await expect(june.heading("We stopped for a moment")).to_be_visible(timeout=NOTICED)
            for guest in four.guests:
                await guest.at.hears_only([])
        await ruth.is_in_the_circle()
        assert four.truth.room().phase is Phase.FROZEN
        await four.go_on()
        await four.agrees(speaking=[ruth])
        assert await loaded(ruth) == page
        await four.pages_are_well()
