"""Every screen of the product as a picture: `python -m tests.e2e.screens [--all-sizes] [--trouble]`.

Real browsers go through a whole meeting with the real program, and then (`--trouble`: only) through what can go wrong.
The pictures go to tests/out/screens, at phone and desktop width; axe looks at each, and any violation fails the run.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from server.room.state import Role
from tests.e2e import screens_of_trouble as trouble
from tests.e2e.album import MORE_SIZES, ROOT, SIZES, Album
from tests.e2e.browser import Witness, launch, witness
from tests.e2e.people import PATIENCE, Person
from tests.e2e.planning import Guest, Host
from tests.e2e.program import Program, program
from tests.e2e.tones import voices

GUESTS = (
    Guest("June", Role.VICTIM),
    Guest("Amira", Role.SUPPORTER, "June"),
    Guest("Dan", Role.OFFENDER),
    Guest("Mark", Role.SUPPORTER, "Dan"),
    Guest("Tomas", Role.INTERPRETER, "Dan"),
)
TITLE = "A conversation on Tuesday"


class Story:
    """One meeting from the set-up link to the goodbye, with a picture of each screen on the way."""

    def __init__(self, album: Album, running: Program, ruth: Host, guests: list[Person]) -> None:
        self.album = album
        self.running = running
        self.ruth = ruth
        self.june, self.amira, self.dan, self.mark, self.tomas = self.guests = guests
        self.links: dict[str, str] = {}

    async def tell(self) -> None:
        await self.at_the_desk()
        await self.to_the_door()
        await self.into_the_circle()
        await self.turns()
        await self.drawers()
        await self.apart()
        await self.goodbyes()

    async def keep(self, person: Person, name: str, *, whole: bool = False) -> None:
        await self.album.keep(person.page, name, whole=whole)

    async def panel(self, name: str) -> None:
        await self.ruth.page.get_by_role("navigation", name="Show").get_by_role("button", name=name).click()

    # ---- the pages around the room -----------------------------------------------------------------------------------

    async def at_the_desk(self) -> None:
        ruth, page = self.ruth, self.ruth.page
        await page.goto(self.running.setup_link)
        await self.keep(ruth, "set-up", whole=True)
        await ruth.set_up(self.running.setup_link)
        await self.keep(ruth, "meetings-with-practice", whole=True)
        await page.goto(f"{self.running.url}/meetings/new")
        await self.keep(ruth, "plan-a-meeting", whole=True)
        await ruth.page.goto(self.running.url)
        await ruth.plan(TITLE, GUESTS)
        await self.keep(ruth, "meeting-planned", whole=True)
        self.links = dict(await ruth.make_links(GUESTS))
        await self.keep(ruth, "meeting-with-a-new-link", whole=True)
        await page.get_by_text("Add a person").click()
        await self.keep(ruth, "meeting-add-a-person", whole=True)

        stranger = self.mark.page
        await stranger.goto(self.running.url)
        await self.keep(self.mark, "sign-in", whole=True)
        await stranger.get_by_label("E-mail address").fill("somebody@programme.example")
        await stranger.get_by_label("Password").fill("not the right one")
        await self.mark.press("Sign in")
        await self.keep(self.mark, "sign-in-again", whole=True)
        await stranger.goto(f"{self.running.url}/join")
        await self.keep(self.mark, "join-without-a-link", whole=True)
        await stranger.goto(f"{self.running.url}/join#{'x' * 43}")
        await self.mark.press("Open my place")
        await self.keep(self.mark, "link-that-does-not-work", whole=True)
        await stranger.goto("about:blank")

    async def to_the_door(self) -> None:
        await self.june.page.goto(self.links["June"])
        await self.keep(self.june, "join", whole=True)
        await self.june.open(self.links["June"])
        await self.keep(self.june, "welcome", whole=True)
        await self.june.press("Start")
        await self.june.page.get_by_text("Your microphone works.").wait_for()
        await self.keep(self.june, "devices", whole=True)
        await self.june.check_devices()
        await self.keep(self.june, "waiting-for-the-doors", whole=True)

        await self.ruth.enter()
        await self.keep(self.ruth, "console-before-the-doors")
        await self.ruth.open_doors()
        await self.june.shows(self.june.heading("Do you still want to take part today?"))
        await self.keep(self.june, "question", whole=True)
        await self.june.answer("Yes")
        await self.keep(self.june, "own-place", whole=True)
        for guest in self.guests[1:]:
            await guest.come_to_the_door(self.links[guest.name])
            await guest.answer("I am not sure" if guest is self.dan else "Yes")
        await self.keep(self.dan, "own-place-not-sure", whole=True)
        await self.keep(self.ruth, "console-people-waiting")

    async def into_the_circle(self) -> None:
        await self.ruth.visit(self.dan)
        await self.ruth.page.get_by_role("heading", name="Dan is here with you").wait_for()
        await self.keep(self.ruth, "console-visiting")
        await self.keep(self.dan, "visited-in-own-place", whole=True)
        await self.ruth.return_to_the_circle()
        await self.dan.press("Change my answer")
        await self.dan.answer("Yes")
        await self.ruth.press("Bring in June")
        await self.june.shows(self.june.button("Come in now"))
        await self.keep(self.june, "called-into-the-circle", whole=True)
        await self.june.come_in_now()
        await self.keep(self.june, "circle-of-two")
        for guest in self.guests[1:]:
            await self.ruth.bring_in(guest)
        await self.ruth.begin()
        await self.keep(self.june, "circle-quiet")
        await self.keep(self.ruth, "console-quiet")

    # ---- the floor ---------------------------------------------------------------------------------------------------

    async def turns(self) -> None:
        ruth, june, dan = self.ruth, self.june, self.dan
        await ruth.choose("Chaired")
        await self.keep(june, "circle-nobody-holds")
        await june.ask_to_speak()
        await dan.ask_to_speak()
        await self.keep(dan, "circle-asked-to-speak")
        await self.keep(ruth, "console-asked-to-speak")
        await ruth.give_the_piece_to(june)
        await june.shows(june.heading("You have the talking piece"))
        await self.keep(june, "piece-before-speaking")
        await june.turn_microphone_on()
        await self.keep(june, "piece-speaking")
        await self.keep(dan, "circle-somebody-holds")
        await self.keep(ruth, "console-somebody-holds")
        await june.finish()
        await ruth.choose("Circle")
        await ruth.lay_the_piece_before(june)
        await june.shows(june.heading("The talking piece is before you"))
        await self.keep(june, "round-piece-before-me")
        await june.take_the_piece()
        await self.keep(dan, "round-somebody-holds")
        await self.keep(ruth, "console-round")
        await june.pass_it_on()
        await ruth.choose("Open")
        await dan.turn_microphone_on()
        await self.keep(june, "open")
        await dan.turn_microphone_off()
        await ruth.choose("Chaired")

    async def drawers(self) -> None:
        june, ruth = self.june, self.ruth
        await june.press(re.compile("^Write"))
        await june.page.get_by_label("Your message").fill("Could we go a little slower, please?")
        await june.press("Send")
        await self.keep(june, "drawer-write")
        await self.keep(ruth, "console-a-letter")
        await june.press("Show a sign")
        await june.press(re.compile("^I need a moment"))
        await self.keep(june, "drawer-sign")
        await june.press("My view")
        await june.page.get_by_label("Show my own picture to me").check()
        await june.page.get_by_role("group", name="Picture of Dan").get_by_role("radio", name="Blur").check()
        await self.keep(june, "drawer-my-view")
        await june.press("Close")
        await self.keep(june, "my-view-changed")
        await june.press("Leave")
        await self.keep(june, "drawer-leave")
        await june.press(re.compile("^Stay"))
        await self.keep(ruth, "console-a-sign")
        await self.panel("People")
        await self.keep(ruth, "console-people")
        await self.panel("Messages")
        await self.keep(ruth, "console-messages")
        await ruth.press(re.compile("^June"))
        await ruth.page.get_by_label("Your message").fill("Of course. I will ask Dan to wait a moment.")
        await ruth.press("Send")
        await self.keep(ruth, "console-one-thread")
        await self.panel("Now")
        await ruth.press(re.compile("^Seen"))

    # ---- pause, freeze, visits ---------------------------------------------------------------------------------------

    async def apart(self) -> None:
        ruth, june, dan = self.ruth, self.june, self.dan
        await june.pause()
        await june.shows(june.heading("The meeting is paused"))
        await self.keep(june, "paused")
        await june.say_ready()
        await self.keep(june, "paused-ready")
        await self.keep(ruth, "console-paused")
        await ruth.visit(dan)
        await dan.shows(dan.heading("Ruth is here with you"))
        await dan.turn_microphone_on()
        await self.keep(dan, "paused-visited")
        await self.keep(ruth, "console-paused-visiting")
        await ruth.return_to_the_circle()
        await dan.say_ready()
        await ruth.resume()
        await june.is_in_the_circle()
        await self.amira.at.context.set_offline(True)
        await self.amira.page.goto("about:blank")
        await june.page.get_by_text("Line dropped.").first.wait_for()
        await self.keep(june, "circle-a-line-dropped")
        await self.keep(ruth, "console-a-line-dropped")
        await self.amira.at.context.set_offline(False)
        await ruth.page.goto("about:blank")
        await june.shows(june.heading("We stopped for a moment"))
        await self.keep(june, "frozen")
        await ruth.page.go_back()
        await ruth.is_in_the_circle()
        await self.keep(ruth, "console-frozen")
        for person in (june, dan):
            await person.say_ready()
        await ruth.resume()

    async def goodbyes(self) -> None:
        ruth = self.ruth
        await self.mark.withdraw()
        await self.keep(self.mark, "no-longer-taking-part", whole=True)
        await self.tomas.leave()
        await self.keep(self.tomas, "left", whole=True)
        await self.panel("People")
        await ruth.press("Take out… Dan")
        await self.keep(ruth, "console-take-out")
        await ruth.press("Take Dan out")
        await self.dan.shows(self.dan.heading(re.compile("ended your part")))
        await self.keep(self.dan, "taken-out", whole=True)
        await self.panel("Now")
        await ruth.begin_closing()
        await ruth.shows(ruth.button("See off June"))
        await self.keep(ruth, "console-closing")
        await self.keep(self.june, "closing")
        await ruth.see_off(self.june)
        await self.keep(self.june, "seen-off", whole=True)
        await ruth.press("End meeting…")
        await self.keep(ruth, "console-end")
        await ruth.page.get_by_role("dialog").get_by_role("button", name="End the meeting").click()
        await ruth.shows(ruth.heading("The meeting has ended"))
        await self.keep(ruth, "ended", whole=True)


async def main(words: list[str]) -> int:
    wanted = {**SIZES, **MORE_SIZES} if "--all-sizes" in words else SIZES
    album = Album(ROOT / "tests" / "out" / "screens", wanted)
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        if "--trouble" not in words:
            async with people_of(album, browser, GUESTS, {}) as (running, pages):
                await Story(album, running, Host(pages[0]), [Person(page) for page in pages[1:]]).tell()
        async with people_of(album, browser, trouble.GUESTS, trouble.settings()) as (running, pages):
            ruth, june, dan = pages
            await trouble.Trouble(album, running, Host(ruth), Person(june), Person(dan)).tell()
    return await album.report()


@asynccontextmanager
async def people_of(
    album: Album, browser: Browser, guests: Sequence[Guest], settings: Mapping[str, str]
) -> AsyncIterator[tuple[Program, list[Witness]]]:
    """The program, and a painted page for Ruth and each guest; what they showed is kept when the story breaks off."""
    people = voices(["Ruth", *(guest.name for guest in guests)])
    with tempfile.TemporaryDirectory() as data:
        async with program(Path(data), **settings) as running, AsyncExitStack() as stack:
            pages = [
                await stack.enter_async_context(witness(browser, each, people.values())) for each in people.values()
            ]
            for page in pages:
                page.context.set_default_timeout(PATIENCE)
                await album.paint(page.page, page.voice.name)
            try:
                yield running, pages
            except Exception:
                (album.folder / "failed").mkdir(exist_ok=True)
                for page in pages:
                    await page.keep_evidence(album.folder / "failed")
                raise


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
