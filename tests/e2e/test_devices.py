"""Camera and microphone go in the middle of a meeting, and come again: said in words, and nobody has to reload."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from server.room.ids import PersonId
from server.room.state import Role
from tests.e2e.circle import circle
from tests.e2e.planning import Guest
from tests.e2e.program import Program

pytestmark = pytest.mark.asyncio(loop_scope="session")

GUESTS = (Guest("June", Role.VICTIM), Guest("Amira", Role.SUPPORTER, "June"), Guest("Dan", Role.OFFENDER))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("NotFoundError", "was found. You can plug one in, or go on without."),
        ("NotReadableError", "Another program is using the"),
        ("NotAllowedError", "Your browser does not let this page use the"),
    ],
    ids=["unplugged", "taken", "forbidden"],
)
async def test_a_device_that_goes_is_explained_and_comes_back(
    chromium: Browser, running: Program, error: str, says: str
) -> None:
    async with circle(chromium, running, GUESTS) as four:
        ruth, (june, _, dan) = four.ruth, four.guests
        await four.begin()
        await ruth.turn_microphone_on()
        await ruth.choose("Open")
        await june.turn_microphone_on()
        await four.agrees(speaking=[ruth, june])

        for kind in ("camera", "microphone"):
            if error == "NotAllowedError":
                await june.at.context.clear_permissions()
            await june.at.ask("([kind, error]) => instruments.lose(kind, error)", [kind, error])
            await june.shows(june.page.get_by_role("complementary", name="Notices").get_by_text(says))
        await dan.at.hears_only(["Ruth"])
        person = four.truth.room().people[PersonId(four.id_of(june))]
        assert (person.microphone, person.camera) == (True, False), (
            "open for when it is back; nobody waits for a picture"
        )

        for kind in ("camera", "microphone"):
            await june.at.ask("kind => instruments.regain(kind)", kind)
        await june.at.context.grant_permissions(["camera", "microphone"])
        await june.shows(june.page.get_by_text("Your camera works again."))
        await june.shows(june.page.get_by_text("Your microphone works again."))
        await four.agrees(speaking=[ruth, june])
        await four.pages_are_well()
