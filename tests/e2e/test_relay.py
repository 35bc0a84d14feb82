"""Sound and pictures by the relay: coturn as compose.yaml starts it, the real program, real browsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright, expect

from server.room.state import Role
from tests.e2e.browser import Witness, launch, witness
from tests.e2e.people import Facilitator, Person
from tests.e2e.planning import Guest, Host
from tests.e2e.program import program
from tests.e2e.tones import voices
from tests.turn import SECRET, TURN_NAME
from tests.turn_tls import HERE, Ports, door, fetched, turn

pytestmark = pytest.mark.asyncio(loop_scope="session")
PEOPLE = voices(["Ruth", "June"])
RELAYED = "127.0.0.2"
"""Where the relay's packets come from: no browser's own address."""
SOON = 15.0
"""Seconds until a browser has found its way."""
_WAYS = """
async () => {
  const ways = [];
  for (const connection of instruments.connections) {
    const reports = await connection.getStats();
    for (const report of reports.values())
      if (report.type === "transport" && report.selectedCandidatePairId !== undefined) {
        const local = reports.get(reports.get(report.selectedCandidatePairId).localCandidateId);
        ways.push([local.candidateType, local.relayProtocol ?? null]);
      }
  }
  return ways;
}
"""


BY_NAME = ("--ignore-certificate-errors", f"--host-resolver-rules=MAP {TURN_NAME} {HERE}")
"""A real TURN server has a name that is known, and a certificate that browsers know."""


@dataclass(frozen=True)
class Relay:
    ports: Ports

    @property
    def urls(self) -> dict[str, str]:
        return {
            "udp": f"turn:{HERE}:{self.ports.turn}?transport=udp",
            "tcp": f"turn:{HERE}:{self.ports.turn}?transport=tcp",
            "tls": f"turns:{TURN_NAME}:{self.ports.door}?transport=tcp",
        }


@asynccontextmanager
async def relay(folder: Path) -> AsyncIterator[Relay]:
    """The shipped one, on loopback, and by TLS through the shipped door, with a certificate of our own.

    It relays from another address than the browsers have, so that a direct way would be noticed.
    """
    ports = Ports()
    fetched(folder)
    elsewhere = {f"--relay-ip={HERE}": f"--relay-ip={RELAYED}"}
    async with turn(folder, ports, elsewhere, ["--allow-loopback-peers"]), door(folder, ports):
        yield Relay(ports)


async def ways(witness: Witness) -> Any:
    """Of each connection of this page: how the browser reaches the server."""
    return await witness.ask(_WAYS)


async def comes_by(person: Person, *kinds: str) -> None:
    until = monotonic() + SOON
    while (found := [kind for kind, _ in await ways(person.at)]) != [*kinds]:
        assert monotonic() < until, found
        await asyncio.sleep(0.1)


async def meet(chromium: Browser, links: Any, stack: AsyncExitStack) -> tuple[Facilitator, Person]:
    """Ruth and June, in the circle, and June hears Ruth."""
    pages = [await stack.enter_async_context(witness(chromium, voice, PEOPLE.values())) for voice in PEOPLE.values()]
    ruth, june = Facilitator(pages[0]), Person(pages[1])
    await ruth.open(links["facilitator"])
    await ruth.open_doors()
    await june.come_to_the_door(links["victim"])
    await june.answer("Yes")
    await ruth.bring_in(june)
    await ruth.turn_microphone_on()
    await june.at.hears_only({"Ruth"})
    return ruth, june


@pytest.mark.parametrize("by", ["udp", "tcp", "tls"])
async def test_everybody_comes_by_the_relay_and_hears_each_other(by: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        chromium = await launch(playwright, *(BY_NAME if by == "tls" else ()))
        stack.push_async_callback(chromium.close)
        turn = await stack.enter_async_context(relay(tmp_path))
        running = await stack.enter_async_context(
            program(
                tmp_path / "data",
                TURN_URLS=turn.urls[by],
                TURN_SECRET=SECRET,
                TURN_RELAYS=RELAYED,
                RELAY_ONLY="true",
            )
        )
        ruth, june = await meet(chromium, await running.practice(), stack)
        for person in (ruth, june):
            assert await ways(person.at) == [["relay", by]]
            assert person.at.errors == []
        assert not [line for line in running.said if "turn:" in line]


async def test_without_being_asked_to_nobody_takes_the_longer_way(chromium: Browser, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        turn = await stack.enter_async_context(relay(tmp_path))
        running = await stack.enter_async_context(
            program(tmp_path / "data", TURN_URLS=",".join(turn.urls.values()), TURN_SECRET=SECRET)
        )
        for person in await meet(chromium, await running.practice(), stack):
            await comes_by(person, "host")


async def test_whom_a_facilitator_hides_comes_by_the_relay_from_then_on(chromium: Browser, tmp_path: Path) -> None:
    guests = (Guest("June", Role.VICTIM), Guest("Dan", Role.OFFENDER))
    people = voices(["Ruth", "June", "Dan"])
    async with AsyncExitStack() as stack:
        turn = await stack.enter_async_context(relay(tmp_path))
        settings = {"TURN_URLS": turn.urls["udp"], "TURN_SECRET": SECRET, "TURN_RELAYS": RELAYED}
        running = await stack.enter_async_context(program(tmp_path / "data", **settings))
        pages = [await stack.enter_async_context(witness(chromium, each, people.values())) for each in people.values()]
        ruth, june, dan = Host(pages[0]), Person(pages[1]), Person(pages[2])
        await ruth.set_up(running.setup_link)
        await ruth.plan("A conversation", guests, hidden=["June"])
        desk = ruth.page.url
        links = await ruth.make_links(guests)
        await ruth.enter()
        await ruth.open_doors()
        for guest in (june, dan):
            await guest.come_to_the_door(links[guest.name])
            await guest.answer("Yes")
            await ruth.bring_in(guest)
        await ruth.begin()
        await comes_by(june, "relay")
        await comes_by(dan, "host")

        # while he is here, from the meeting's page in another tab
        tab = await ruth.at.context.new_page()
        await tab.goto(desk)
        card = tab.locator(".person", has_text="Dan")
        await card.get_by_text("Hide where they are").click()
        await card.get_by_role("button", name="Hide where Dan is").click()
        await expect(card.get_by_text("Where they are is hidden")).to_be_visible()
        await comes_by(dan, "relay")
        await ruth.turn_microphone_on()
        for guest in (june, dan):
            await guest.at.hears_only({"Ruth"})
        await comes_by(ruth, "host")
