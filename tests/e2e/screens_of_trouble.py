"""The screens of what goes wrong: devices, lines, networks, and a person who is to be hidden; a part of screens.py.

The program has a relay that does not answer, so that June, whom the facilitator hides, has no way for sound and
pictures, and the others have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from playwright.async_api import Page

from server.room.state import Role
from tests.e2e.album import Album
from tests.e2e.people import Person
from tests.e2e.planning import Guest, Host
from tests.e2e.program import Program
from tests.turn import SECRET, free_port
from tests.turn_tls import HERE

GUESTS = (Guest("June", Role.VICTIM), Guest("Dan", Role.OFFENDER))
TITLE = "A conversation on Friday"
SLOW = 30_000
"""ms in which a page has found out that there is no way."""
LONG = 11
"""Seconds after which a page says more of its line than that it dropped."""
_KEEP_THE_LINE = """
window.WebSocket = class extends WebSocket {
  constructor(...where) { super(...where); window.lineOfThePage = this; }
};
"""
_PAUSE_PICTURES = """
([paused, resting]) => lineOfThePage.dispatchEvent(new MessageEvent("message", {
  data: "42" + JSON.stringify(["media", { kind: "pictures", generation: "", paused, resting }]),
}))
"""
"""As the server says it when a line carries voices and nothing more, to somebody or from them (PROTOCOL.md)."""


def settings() -> Mapping[str, str]:
    where = f"turn:{HERE}:{free_port()}?transport=udp"
    return {"TURN_URLS": where, "TURN_SECRET": SECRET, "TURN_RELAYS": HERE}


class Trouble:
    def __init__(self, album: Album, running: Program, ruth: Host, june: Person, dan: Person) -> None:
        self.album = album
        self.running = running
        self.ruth = ruth
        self.june = june
        self.dan = dan

    async def tell(self) -> None:
        await self.dan.page.add_init_script(_KEEP_THE_LINE)
        links = await self.somebody_is_hidden()
        await self.devices_at_the_door(links["June"])
        await self.no_way_for_sound_and_pictures(links["Dan"])
        await self.devices_in_the_circle()
        await self.weak_and_lost_lines()

    async def keep(self, person: Person, name: str, *, whole: bool = False) -> None:
        await self.album.keep(person.page, name, whole=whole)

    async def somebody_is_hidden(self) -> Mapping[str, str]:
        ruth = self.ruth
        await ruth.set_up(self.running.setup_link)
        await ruth.page.goto(f"{self.running.url}/meetings/new")
        await ruth.page.get_by_label("Hide where they are").first.check()
        await self.keep(ruth, "plan-with-somebody-hidden", whole=True)
        await ruth.page.goto(self.running.url)
        await ruth.plan(TITLE, GUESTS, hidden=["June"])
        links = await ruth.make_links(GUESTS)
        for label in ("Where they are is hidden", "Hide where they are"):
            await ruth.page.get_by_text(label, exact=True).first.click()
        await self.keep(ruth, "meeting-somebody-hidden", whole=True)
        await ruth.enter()
        await ruth.open_doors()
        return links

    async def devices_at_the_door(self, link: str) -> None:
        june = self.june
        await june.open(link)
        await june.press("Start")
        await june.page.get_by_text("Your microphone works.").first.wait_for()
        for kind, error, says, name in (
            ("camera", "NotReadableError", "Another program is using your camera.", "devices-camera-taken"),
            ("microphone", "NotFoundError", "We found no microphone.", "devices-no-microphone-either"),
        ):
            await lose(june.page, kind, error)
            await june.page.get_by_text(says).first.wait_for()
            await self.keep(june, name, whole=True)
        await june.at.context.clear_permissions()
        for kind in ("camera", "microphone"):
            await lose(june.page, kind, "NotAllowedError")
        await june.press("Try again")
        await june.page.get_by_role("button", name="Try again").nth(1).wait_for(state="hidden")
        await self.keep(june, "devices-forbidden", whole=True)
        await allow_again(june)
        await june.page.get_by_text("Your microphone works.").first.wait_for()
        await june.check_devices()

    async def no_way_for_sound_and_pictures(self, link: str) -> None:
        june, dan = self.june, self.dan
        await june.answer("Yes")
        await june.page.get_by_text("(for your helper: no-relay)").first.wait_for(timeout=SLOW)
        await self.keep(june, "own-place-no-relay", whole=True)
        self.running.line.cut(person_of(june))
        await asyncio.sleep(LONG)
        await self.keep(june, "own-place-no-line", whole=True)
        self.running.line.mend(person_of(june))
        await dan.come_to_the_door(link)
        await dan.answer("Yes")
        for guest in (june, dan):
            await self.ruth.bring_in(guest)
        await self.ruth.begin()
        await june.page.get_by_text("(for your helper: no-relay)").first.wait_for(timeout=SLOW)
        await self.keep(june, "circle-no-relay")

    async def devices_in_the_circle(self) -> None:
        dan = self.dan
        for kind, error, says, name in (
            ("camera", "NotReadableError", "Another program is using the camera.", "circle-camera-taken"),
            ("microphone", "NotFoundError", "No microphone was found.", "circle-microphone-unplugged"),
        ):
            await lose(dan.page, kind, error)
            await dan.page.get_by_label("Notices").get_by_text(says).first.wait_for()
            await self.keep(dan, name)
        await regain(dan.page)
        await dan.page.get_by_text("Your microphone works again.").first.wait_for()
        await self.keep(dan, "circle-devices-are-back")
        await dan.at.context.clear_permissions()
        await lose(dan.page, "camera", "NotAllowedError")
        await dan.page.get_by_label("Notices").get_by_text("Your browser does not let this page").first.wait_for()
        await self.keep(dan, "circle-camera-forbidden")
        await allow_again(dan)

    async def weak_and_lost_lines(self) -> None:
        ruth, dan = self.ruth, self.dan
        for whose, says, name in (
            (
                [[person_of(ruth), person_of(self.june)], []],
                "Pictures are paused so that you can hear.",
                "circle-pictures-paused",
            ),
            ([[], [person_of(dan)]], "Your voice goes first, your picture is paused.", "circle-own-picture-paused"),
            ([[], [person_of(ruth)]], None, "circle-the-speakers-picture-paused"),
        ):
            await dan.page.evaluate(_PAUSE_PICTURES, whose)
            if says:
                await dan.page.get_by_text(says).first.wait_for()
            await self.keep(dan, name)
        await dan.page.evaluate(_PAUSE_PICTURES, [[], []])
        await dan.choose_voices_only(True)
        await ruth.look_at("People")
        await ruth.page.get_by_text("They chose voices only").first.wait_for()
        await self.keep(ruth, "console-somebody-chose-voices-only")
        await ruth.look_at("Now")
        await self.keep(dan, "circle-voices-only")
        await dan.choose_voices_only(False)
        for person, where in ((dan, "circle"), (ruth, "console")):
            self.running.line.cut(person_of(person))
            await person.page.get_by_text("Your line dropped.").first.wait_for()
            await self.keep(person, f"{where}-own-line-dropped")
            await person.page.get_by_text("(for your helper: no-line)").first.wait_for(timeout=SLOW)
            await self.keep(person, f"{where}-no-line")
            self.running.line.mend(person_of(person))
            await person.page.get_by_text("(for your helper: no-line)").first.wait_for(state="hidden", timeout=SLOW)


def person_of(person: Person) -> str:
    return person.page.url.rpartition("/")[2]


async def lose(page: Page, kind: str, error: str) -> None:
    await page.evaluate("([kind, error]) => instruments.lose(kind, error)", [kind, error])


async def allow_again(person: Person) -> None:
    await regain(person.page)
    await person.at.context.grant_permissions(["camera", "microphone"])


async def regain(page: Page) -> None:
    for kind in ("camera", "microphone"):
        await page.evaluate("kind => instruments.regain(kind)", kind)
