"""What people do in their browsers: every selector of the end-to-end tests stands here, by role and by name.

A method returns when the page shows that the deed was done, so that a test needs no sleeps.
"""

from __future__ import annotations

import re
from typing import Literal

from playwright.async_api import Locator, expect

from tests.e2e.browser import Witness

Mode = Literal["Quiet", "Chaired", "Circle", "Open"]
PATIENCE = 10_000
"""ms for anything that a page is expected to show, on a machine that is busy with six browsers."""


class Person:
    """Anybody with a link, at their page."""

    def __init__(self, witness: Witness) -> None:
        self.at = witness
        self.page = witness.page
        self.name = witness.voice.name

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", name=name, exact=isinstance(name, str))

    async def press(self, name: str | re.Pattern[str]) -> None:
        """Press the button of this name; where the console offers the same deed in two places, the first."""
        await self.button(name).first.click(timeout=PATIENCE)

    async def shows(self, locator: Locator) -> None:
        await expect(locator.first).to_be_visible(timeout=PATIENCE)

    # ---- before the meeting ------------------------------------------------------------------------------------------

    async def open(self, link: str) -> None:
        """Open one's own link, as far as the room's page."""
        await self.page.goto(link)
        await self.press("Open my place")
        await self.page.wait_for_url(re.compile("/room/"))

    async def check_devices(self) -> None:
        await self.shows(self.heading(re.compile("Can we (see and )?hear you")))
        await self.press("It works")

    async def come_to_the_door(self, link: str, *, voices_only: bool = False) -> None:
        """Open the link, look at the welcome, check the devices: as far as the question."""
        await self.open(link)
        await self.press("Start")
        if voices_only:
            await self.press("Voices only")
            await self.shows(self.page.get_by_text("You hear everyone, and see nobody."))
        await self.check_devices()
        await self.shows(self.heading("Do you still want to take part today?"))

    async def answer(self, says: Literal["Yes", "I am not sure", "No, not today"]) -> None:
        await self.press(re.compile(f"^{says}"))
        await self.shows(self.heading("You are in your own place"))

    async def come_in_now(self) -> None:
        """Called by a facilitator: come into the circle without waiting for the end of the notice."""
        await self.press("Come in now")
        await self.is_in_the_circle()

    async def is_in_the_circle(self) -> None:
        await self.shows(self.page.get_by_role("region", name="The circle"))

    async def is_apart(self) -> None:
        """Alone, or with a facilitator, away from the circle."""
        await expect(self.page.get_by_role("region", name="The circle")).to_be_hidden(timeout=PATIENCE)

    # ---- letters -----------------------------------------------------------------------------------------------------

    async def read(self, text: str) -> None:
        """A letter has come: open it by the notice that says so."""
        await self.press("Read it")
        await self.shows(self.page.get_by_text(text, exact=True))

    @property
    def letter(self) -> Locator:
        """The field to write in, while one's letters are open."""
        return self.page.get_by_label("Your message")

    async def say_in_writing(self, text: str) -> None:
        """While one's letters are open."""
        await self.letter.fill(text)
        await self.press("Send")

    # ---- in the room -------------------------------------------------------------------------------------------------

    async def turn_microphone_on(self) -> None:
        await self.press("Turn on my microphone")
        await self.shows(self.button("Turn off my microphone"))

    async def turn_microphone_off(self) -> None:
        await self.press("Turn off my microphone")
        await self.shows(self.button("Turn on my microphone"))

    async def choose_voices_only(self, on: bool) -> None:
        await self.press("My view")
        choice = self.page.get_by_role("checkbox", name="Voices only")
        await choice.set_checked(on, timeout=PATIENCE)
        await self.press("Close")

    async def ask_to_speak(self) -> None:
        await self.press("Ask to speak")
        await self.shows(self.button("Take back my request"))

    async def finish(self) -> None:
        await self.press("I have finished")

    async def take_the_piece(self) -> None:
        await self.press("Take the piece and speak")
        await self.shows(self.heading("You have the talking piece"))

    async def pass_it_on(self) -> None:
        await self.press("Pass it on")

    async def say_come_back(self) -> None:
        await self.press("Come back to me")

    async def pause(self) -> None:
        await self.press("I need a pause")

    async def say_ready(self) -> None:
        await self.press("I am ready")
        await expect(self.button("I am ready")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)

    async def leave(self) -> None:
        await self.press("Leave")
        await self.press(re.compile("^Leave for now"))
        await self.shows(self.heading("You have left"))

    async def withdraw(self) -> None:
        await self.press("Leave")
        await self.press(re.compile("^I no longer want to take part"))
        await self.shows(self.heading("You are no longer taking part"))

    async def quick_exit(self) -> None:
        await self.press("Leave quickly")
        await self.page.wait_for_url("about:blank")


class Facilitator(Person):
    """Who leads, at the console."""

    async def open(self, link: str) -> None:
        await super().open(link)
        await self.check_devices()
        await self.is_in_the_circle()

    async def turn_microphone_on(self) -> None:
        await self._switch("Microphone", on=True)

    async def turn_microphone_off(self) -> None:
        await self._switch("Microphone", on=False)

    async def _switch(self, name: str, *, on: bool) -> None:
        switch = self.page.get_by_role("switch", name=name)
        await expect(switch).to_be_checked(checked=not on, timeout=PATIENCE)
        await switch.click()
        await expect(switch).to_be_checked(checked=on, timeout=PATIENCE)

    async def open_doors(self) -> None:
        await self.press("Open the doors")

    async def bring_in(self, person: Person, *, at_once: bool = True) -> None:
        """Call the next one into the circle; `at_once`: they do not wait for the end of the notice."""
        await self.press(f"Bring in {person.name}")
        if at_once:
            await person.come_in_now()
        else:
            await person.is_in_the_circle()

    async def begin(self) -> None:
        await self.press(re.compile("^Begin "))

    async def choose(self, mode: Mode) -> None:
        """Who may speak."""
        await self.look_at("Now")
        choice = self.page.get_by_role("radio", name=mode, exact=True)
        await choice.click(timeout=PATIENCE, force=True)
        await expect(choice).to_be_checked(timeout=PATIENCE)

    async def look_at(self, panel: Literal["Now", "People", "Messages"]) -> None:
        tab = self.page.get_by_role("navigation", name="Show").get_by_role("button", name=panel)
        await tab.click(timeout=PATIENCE)

    async def give_the_piece_to(self, person: Person) -> None:
        await self.look_at("People")
        await self.press(f"Give the piece {person.name}")
        await self.look_at("Now")

    async def lay_the_piece_before(self, person: Person) -> None:
        await self.look_at("People")
        await self.press(f"Lay before them {person.name}")
        await self.look_at("Now")

    async def pause(self) -> None:
        await self.press("Pause for everyone")

    async def resume(self) -> None:
        await self.press("Go on with the meeting")
        await self.is_in_the_circle()

    async def visit(self, person: Person) -> None:
        await self.look_at("People")
        await self.press(f"Go to {person.name}")
        await self.look_at("Now")
        await self.shows(self.button("Back to the circle"))

    async def return_to_the_circle(self) -> None:
        await self.press("Back to the circle")
        await self.is_in_the_circle()

    async def open_letters(self, person: Person) -> None:
        await self.look_at("Messages")
        await self.press(re.compile(f"^{person.name}"))

    async def write_to(self, person: Person, text: str) -> None:
        await self.open_letters(person)
        await self.say_in_writing(text)
        await self.look_at("Now")

    async def take_out(self, person: Person) -> None:
        await self.look_at("People")
        await self.press(f"Take out… {person.name}")
        await self.press(f"Take {person.name} out")
        await self.look_at("Now")
        await person.shows(person.heading("Your facilitator has ended your part for now"))

    async def begin_closing(self) -> None:
        await self.press("Begin the closing")

    async def see_off(self, person: Person) -> None:
        await self.look_at("People")
        await self.press(f"See off {person.name}")
        await self.look_at("Now")
        await person.shows(person.heading("Goodbye for now"))

    async def end(self) -> None:
        await self.press("End meeting…")
        await self.page.get_by_role("dialog").get_by_role("button", name="End the meeting").click(timeout=PATIENCE)
        await self.shows(self.heading("The meeting has ended"))
