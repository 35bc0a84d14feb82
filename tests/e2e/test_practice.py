"""The newcomer's minute: a practice meeting, four links in four windows, the piece goes round, and a few words."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.browser import witness
from tests.e2e.people import Facilitator, Person
from tests.e2e.program import program
from tests.e2e.tones import voices

pytestmark = pytest.mark.asyncio(loop_scope="session")
PEOPLE = voices(["Ruth", "June", "Amira", "Dan"])
ROLES = {"Ruth": "facilitator", "June": "victim", "Amira": "supporter", "Dan": "offender"}


async def test_four_windows_and_the_piece_goes_round(chromium: Browser, tmp_path: Path) -> None:
    async with program(tmp_path / "data") as running, AsyncExitStack() as stack:
        links = await running.practice()
        pages = {
            name: await stack.enter_async_context(witness(chromium, voice, PEOPLE.values()))
            for name, voice in PEOPLE.items()
        }
        ruth = Facilitator(pages["Ruth"])
        guests = [Person(pages[name]) for name in ("June", "Amira", "Dan")]
        await ruth.open(links["facilitator"])
        await ruth.open_doors()
        for guest in guests:
            await guest.come_to_the_door(links[ROLES[guest.name]])
            await guest.answer("Yes")
        for guest in guests:
            await ruth.bring_in(guest)
        await ruth.begin()
        await ruth.choose("Circle")
        await ruth.lay_the_piece_before(guests[0])
        for guest in guests:
            await guest.take_the_piece()
            for other in (ruth, *guests):
                await other.at.hears_only(set() if other is guest else {guest.name})
            await guest.pass_it_on()
        june, amira, _ = guests
        await ruth.write_to(june, "Shall we rest a little?")
        await june.read("Shall we rest a little?")
        await june.say_in_writing("Yes, please.")
        await ruth.read("Yes, please.")

        # what was begun to be written to one person does not go to another by a notice
        await ruth.press("All people")
        await ruth.look_at("Now")
        await june.say_in_writing("One more thing.")
        await ruth.shows(ruth.button("Read it"))
        await ruth.open_letters(amira)
        await ruth.letter.fill("Are you")
        await ruth.read("One more thing.")
        await expect(ruth.letter).to_have_value("")
        await ruth.press("All people")
        await ruth.open_letters(amira)
        await expect(ruth.letter).to_have_value("Are you")
        for person in (ruth, *guests):
            await person.at.hears_only(set())
            assert person.at.errors == []
