"""How a meeting comes about, by the pages: the set-up link, the account, the plan, a link for each person."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from server.room.state import Role
from tests.e2e.people import Facilitator


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody to invite; `belongs_to` is another guest's name, or the facilitator's."""

    name: str
    role: Role
    belongs_to: str | None = None


class Host(Facilitator):
    """The facilitator at their desk, before the meeting."""

    async def set_up(self, link: str) -> None:
        """Make the first account by the set-up link."""
        await self.page.goto(link)
        await self.page.get_by_label("Your name, as people in your meetings see it").fill(self.name)
        await self.page.get_by_label("E-mail address").fill(f"{self.name.lower()}@programme.example")
        await self.page.get_by_label("Password").fill("four words make a password")
        await self.press("Make my account")
        await self.shows(self.heading("Meetings"))

    async def plan(self, title: str, guests: Sequence[Guest], hidden: Collection[str] = ()) -> str:
        """Plan a meeting with these people, in this seat order behind the facilitator; returns its id."""
        await self.page.get_by_role("link", name="Plan a meeting").click()
        await self.page.get_by_label("What is it called?").fill(title)
        for _ in guests[2:]:
            await self.press("Add a person")
        for number, guest in enumerate(guests, start=1):
            row = self.page.get_by_role("group", name=f"Person {number}", exact=True)
            await row.get_by_label("What the others call them").fill(guest.name)
            await row.get_by_label("They come as").select_option(guest.role.value)
            if guest.name in hidden:
                await row.get_by_label("Hide where they are").check()
        names = [guest.name for guest in guests]
        for number, guest in enumerate(guests, start=1):
            if guest.belongs_to is not None:
                row = self.page.get_by_role("group", name=f"Person {number}", exact=True)
                value = "me" if guest.belongs_to == self.name else str(names.index(guest.belongs_to) + 1)
                await row.get_by_label("They belong to").select_option(value)
        await self.page.get_by_role("button", name="Plan the meeting").last.click()
        await self.page.wait_for_url(re.compile(r"/meetings/(?!new)[^/]+$"))
        return self.page.url.rsplit("/", 1)[1]

    async def make_links(self, guests: Sequence[Guest]) -> Mapping[str, str]:
        """A link for each person, each shown only once."""
        links = {}
        for guest in guests:
            await self.press(f"Make a link for {guest.name}")
            shown = self.page.get_by_label(f"The link for {guest.name}")
            await self.shows(shown)
            links[guest.name] = await shown.input_value()
        return links

    async def enter(self) -> None:
        """From the meeting's page into the room."""
        await self.press("Enter the room")
        await self.page.wait_for_url(re.compile("/room/"))
        await self.check_devices()
        await self.is_in_the_circle()
