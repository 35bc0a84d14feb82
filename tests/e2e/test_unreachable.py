"""When a network lets something not through, the page says which part, and what one can do; nothing else breaks."""

from __future__ import annotations

import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.e2e.browser import witness
from tests.e2e.people import Facilitator, Person
from tests.e2e.program import Program, program
from tests.e2e.test_relay import PEOPLE, relay, ways
from tests.turn import SECRET, coturn, free_port, shipped
from tests.turn_tls import HERE

pytestmark = pytest.mark.asyncio(loop_scope="session")
LISTEN = """() => {
  const region = document.querySelector('[aria-live="polite"]');
  window.told = [];
  new MutationObserver(() => window.told.push(region.textContent))
    .observe(region, { childList: true, characterData: true, subtree: true });
}"""
"""Keeps what is read out to those who listen to the screen."""
SOON = 40_000
"""ms in which a page has found out what does not work: a connection has 8 s, on a machine that is busy."""
NOWHERE = f"{HERE}=192.0.2.1"
"""Browsers are told to come to an address that does not exist (RFC 5737)."""


def trouble(person: Person) -> Locator:
    return person.page.locator(".trouble")


async def says(person: Person, part: str, *words: str) -> None:
    await expect(trouble(person)).to_contain_text(f"(for your helper: {part})", timeout=SOON)
    for word in words:
        await expect(trouble(person)).to_contain_text(word)


async def come(chromium: Browser, running: Program, stack: AsyncExitStack) -> tuple[Facilitator, Person]:
    """Ruth in the room, and June in her own place."""
    links = await running.practice()
    pages = [await stack.enter_async_context(witness(chromium, voice, PEOPLE.values())) for voice in PEOPLE.values()]
    ruth, june = Facilitator(pages[0]), Person(pages[1])
    await ruth.open(links["facilitator"])
    await ruth.open_doors()
    await june.come_to_the_door(links["victim"])
    await june.answer("Yes")
    return ruth, june


async def test_no_way_for_sound_and_pictures(chromium: Browser, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(program(tmp_path / "data", MEDIA_ADDRESSES=NOWHERE))
        ruth, june = await come(chromium, running, stack)
        for person in (ruth, june):
            await says(person, "no-way", "do not get through this network", "mobile data", "Messages get through")
        await expect(june.button("Write to my facilitator")).to_be_enabled()
        assert ruth.at.errors == june.at.errors == []


async def test_no_relay_until_there_is_one(chromium: Browser, tmp_path: Path) -> None:
    port = free_port()
    settings = {"TURN_URLS": f"turn:{HERE}:{port}?transport=udp,turn:{HERE}:{port}?transport=tcp"}
    settings |= {"TURN_SECRET": SECRET, "TURN_RELAYS": HERE, "RELAY_ONLY": "true"}
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(program(tmp_path / "data", **settings))
        ruth, june = await come(chromium, running, stack)
        for person in (ruth, june):
            await says(person, "no-relay", "this network lets us reach no relay", "mobile data")

        arguments = [argument for argument in shipped(HERE) if argument != "--listening-port=3478"]
        arguments += [f"--listening-port={port}", "--allow-loopback-peers"]
        await stack.enter_async_context(coturn(arguments, (HERE, port), tmp_path))
        for person in (ruth, june):
            await expect(trouble(person)).to_be_hidden(timeout=SOON)
        await ruth.bring_in(june)
        await ruth.turn_microphone_on()
        await june.at.hears_only({"Ruth"})


async def test_a_relay_that_lets_nobody_in(chromium: Browser, tmp_path: Path) -> None:
    """Another secret, or a clock that is wrong by more than ten minutes: 401."""
    async with AsyncExitStack() as stack:
        turn = await stack.enter_async_context(relay(tmp_path))
        settings = {"TURN_URLS": turn.urls["udp"], "TURN_SECRET": SECRET[::-1], "MEDIA_ADDRESSES": NOWHERE}
        running = await stack.enter_async_context(program(tmp_path / "data", **settings))
        ruth, june = await come(chromium, running, stack)
        await says(ruth, "relay-refused", "not for you", "Please tell the person who runs this service.")
        await says(june, "relay-refused", "not for you", "Please tell your facilitator.")


async def test_a_relay_that_does_not_reach_the_program(chromium: Browser, tmp_path: Path) -> None:
    """As shipped it relays to the program's address only, and this program says that it has another."""
    async with AsyncExitStack() as stack:
        turn = await stack.enter_async_context(relay(tmp_path))
        settings = {"TURN_URLS": turn.urls["tcp"], "TURN_SECRET": SECRET, "MEDIA_ADDRESSES": NOWHERE}
        running = await stack.enter_async_context(program(tmp_path / "data", **settings))
        for person in await come(chromium, running, stack):
            await says(person, "behind-relay", "as far as our relay", "not for you")


async def test_who_is_to_be_hidden_and_cannot_be_has_no_sound_and_pictures(chromium: Browser, running: Program) -> None:
    """The relay was there when the meeting was planned, and is there no more."""
    async with AsyncExitStack() as stack:
        links = await running.practice()
        with closing(sqlite3.connect(running.database)) as database, database:
            database.execute("UPDATE person SET relay_only = true WHERE label = 'June'")
        june = Person(await stack.enter_async_context(witness(chromium, PEOPLE["June"], PEOPLE.values())))
        ruth = Facilitator(await stack.enter_async_context(witness(chromium, PEOPLE["Ruth"], PEOPLE.values())))
        await ruth.open(links["facilitator"])
        await ruth.open_doors()
        await june.come_to_the_door(links["victim"])
        await june.answer("Yes")
        await says(june, "not-hidden", "Your address is to stay hidden", "Please tell your facilitator.")
        assert await ways(june.at) == []
        await expect(trouble(ruth)).to_be_hidden()
        assert june.at.errors == []


async def test_no_line_to_the_meeting(chromium: Browser, running: Program) -> None:
    async with AsyncExitStack() as stack:
        ruth, june = await come(chromium, running, stack)
        for person in (ruth, june):
            await person.at.ask(LISTEN)
            person.at.forgiven = ("WebSocket connection",)
            running.line.cut(person.page.url.rpartition("/")[2])
        for person in (ruth, june):
            await says(person, "no-line", "We cannot reach the meeting from here", "If it stays like this, ring")
            running.line.mend(person.page.url.rpartition("/")[2])
        for person in (ruth, june):
            await expect(trouble(person)).to_be_hidden(timeout=SOON)
            await person.shows(person.page.get_by_text("Your line is good again."))
            assert person.at.errors == []
        told: list[str] = await june.at.ask("window.told")
        assert [sentence.partition(".")[0] for sentence in told] == [
            "Your line dropped",
            "We cannot reach the meeting from here",
            "Your line is good again",
        ]
