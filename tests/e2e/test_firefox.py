"""One person comes with Debian's Firefox ESR, the others with Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.async_api import Browser

from server.room.state import Role
from tests.e2e.browser import Witness, instruments
from tests.e2e.circle import Comes, circle
from tests.e2e.firefox import Firefox, firefox
from tests.e2e.people import Person
from tests.e2e.planning import Guest
from tests.e2e.program import Program
from tests.e2e.tones import Voice

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUESTS = (
    Guest("June", Role.VICTIM),
    Guest("Amira", Role.SUPPORTER, "June"),
    Guest("Dan", Role.OFFENDER),
)
LINE_WORDS = ("WebSocket", "ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "establish a connection", "was interrupted")


class InFirefox(Person):
    async def shows(self, locator: Any) -> None:
        await locator.page.find(locator, click=False)


def in_firefox(browser: Firefox) -> Comes:
    @asynccontextmanager
    async def come(voice: Voice, everybody: tuple[Voice, ...]) -> AsyncIterator[Person]:
        page = await browser.new_page(instruments(voice, everybody))
        # Firefox's page answers to what `Witness` and `Person` ask of Playwright's, and to no more
        yield InFirefox(Witness(cast("Any", None), cast("Any", page), voice, everybody))

    return come


async def test_somebody_in_firefox_is_in_the_circle_like_everyone_else(
    chromium: Browser, running: Program, tmp_path: Path
) -> None:
    async with firefox(tmp_path) as fox, circle(chromium, running, GUESTS, {"June": in_firefox(fox)}) as four:
        ruth, (june, amira, dan) = four.ruth, four.guests
        await four.begin()
        await ruth.turn_microphone_on()
        await four.agrees(speaking=[ruth])

        # the piece goes to Firefox and from it: heard, seen, and its high picture really high
        await ruth.choose("Circle")
        await ruth.lay_the_piece_before(june)
        await june.take_the_piece()
        await four.agrees(speaking=[ruth, june])
        await four.layers_are_right()
        await june.pass_it_on()
        await amira.take_the_piece()
        await four.agrees(speaking=[ruth, amira])
        await four.layers_are_right()
        await amira.pass_it_on()
        await dan.take_the_piece()
        await four.agrees(speaking=[ruth, dan])
        await ruth.choose("Open")
        for guest in four.guests:
            await guest.turn_microphone_on()
        await four.agrees(speaking=four.everybody)

        # her line is cut for a while, then the program is killed: she is back without touching anything
        for person in four.everybody:
            person.at.forgiven = LINE_WORDS
        four.line.cut(four.id_of(june))
        await four.agrees(speaking=[ruth, amira, dan])
        four.line.mend(four.id_of(june))
        await four.agrees(speaking=four.everybody)
        await running.kill()
        await running.start()
        await four.agrees(speaking=four.everybody)
        await four.layers_are_right()
        await four.nobody_was_heard_against_the_rules()
        await four.pages_are_well()
