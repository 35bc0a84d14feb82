"""A line is made bad, and the facilitator's console shows since when, and what it means; nobody else is told.

Sound and pictures are carried by a worker, so what it judges comes all the way: worker, program, socket, picture.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, WebSocket, expect

from tests.e2e.browser import witness
from tests.e2e.headless import headless
from tests.e2e.lines import LOSS_AND_DELAY, both, lines
from tests.e2e.people import Facilitator, Person
from tests.e2e.program import program
from tests.e2e.shuttle import Impairment
from tests.e2e.tones import voices
from tests.signalling.test_thin_line import account

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTHING = both("nothing passes", Impairment(loss=1.0))
PATIENCE = 40_000
"""ms in which a bad line is found to be bad, and in which a mended one is believed in."""


def told_to(person: Person) -> list[str]:
    """Whatever comes to this page by a socket from now on."""
    frames: list[str] = []

    def opened(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(str(frame)))

    person.page.on("websocket", opened)
    return frames


def junes(ruth: Facilitator, panel: str) -> Locator:
    """June's row in a panel of the console."""
    rows = ruth.page.get_by_role("region", name=panel).get_by_role("listitem")
    return rows.filter(has=ruth.page.get_by_text("June", exact=True))


async def test_the_console_shows_how_a_line_was_and_what_it_means(chromium: Browser, tmp_path: Path) -> None:
    async with lines(chromium, tmp_path, MEDIA_WORKERS="1") as four:
        ruth, weak = four.ruth, junes(four.ruth, "Weak lines")
        told = {person.name: told_to(person) for person in four.four.guests}
        await four.begin()
        await ruth.look_at("People")
        picture = junes(ruth, "Everyone").get_by_role("img", name="The last five minutes")
        await expect(picture).to_have_accessible_name(re.compile("^The last five minutes: .*good for "))
        await ruth.look_at("Now")
        await expect(weak).to_be_hidden(timeout=PATIENCE)

        await four.impair(LOSS_AND_DELAY)
        await expect(weak).to_contain_text("Their line has been weak for less than a minute.", timeout=PATIENCE)
        await expect(weak.locator("rect.weak")).not_to_have_count(0)
        await four.impair(NOTHING)
        await expect(weak).to_contain_text("Their line dropped just now. We keep their place.", timeout=PATIENCE)
        await four.mend()
        await expect(weak).to_be_hidden(timeout=PATIENCE)
        await four.is_whole()

        # a facilitator who comes back is given all of it again
        await ruth.page.reload()
        await ruth.look_at("People")
        await expect(picture).to_have_accessible_name(re.compile("good for .+ weak for .+ and dropped for "))
        await expect(junes(ruth, "Everyone")).to_contain_text("Their line is good again.", timeout=PATIENCE)
        await expect(picture.locator("rect.lost")).not_to_have_count(0)

        assert all(len(frames) > 10 for frames in told.values()), "each page's socket was listened to"
        assert [name for name, frames in told.items() if any('"lines"' in frame for frame in frames)] == []


async def test_the_console_says_whose_pictures_are_paused(chromium: Browser, tmp_path: Path) -> None:
    (voice,) = voices(["Ruth"]).values()
    async with program(tmp_path / "data", MEDIA_WORKERS="1") as running, witness(chromium, voice, [voice]) as page:
        links = await running.practice()
        ruth = Facilitator(page)
        await ruth.open(links["facilitator"])
        await ruth.open_doors()
        async with headless(running, links["victim"]) as june:
            await june.come()
            await june.answers_yes()
            await ruth.press("Bring in June")
            await june.sees(lambda view: "enter_now" in view["may"])
            await june.do("enter_now")

            # her browser says that her line carries 1 kbit/s (a picture that hardly moves takes 5); later, everything
            thin = asyncio.create_task(account(june.media, 1_000))
            says = "Pictures to them are paused so that voices get through."
            await expect(junes(ruth, "Weak lines")).to_contain_text(says, timeout=PATIENCE)
            thin.cancel()
            wide = asyncio.create_task(account(june.media, 9_000_000))
            await expect(junes(ruth, "Weak lines")).to_be_hidden(timeout=PATIENCE)
            wide.cancel()
            assert "lines" not in {event for event, _ in june.told}
