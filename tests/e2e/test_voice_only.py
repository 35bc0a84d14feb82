"""Voices only: chosen before connecting or at any time, and cheap enough for the thinnest line."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.circle import WITHIN, Circle
from tests.e2e.people import Person

pytestmark = pytest.mark.asyncio(loop_scope="session")

THIN = 60_000
"""bit/s that a line with voices only has to have, each way."""
HEADERS = 28
"""Bytes of IPv4 and UDP on each packet, which browsers do not count."""
MEASURED = 8.0


async def test_voices_only_brings_every_voice_and_no_picture_through_a_thin_line(six: Circle) -> None:
    ruth, (june, amira, *_) = six.ruth, six.guests
    await ruth.open_doors()
    for guest in six.guests:
        await guest.come_to_the_door(six.links[guest.name], voices_only=guest is june)
        await guest.answer("Yes")
    await six.come_in()
    await ruth.begin()
    await ruth.choose("Circle")
    await ruth.lay_the_piece_before(june)
    await june.take_the_piece()

    # she chose it before she connected: she speaks, sees nobody, and is seen by nobody
    await sees(june, set())
    await sees(amira, {"Ruth", "Dan", "Mark", "Tomas"})
    ways = await on_the_wire(june)
    print(f"voices only, speaking: {ways}")
    assert max(ways.values()) < THIN

    # another one speaks; and an open microphone before which nobody speaks costs next to nothing
    await june.pass_it_on()
    await amira.take_the_piece()
    await ruth.turn_microphone_on()
    await ruth.at.ask("instruments.beStill()")
    await june.at.hears_only(["Amira"])
    await sees(june, set())
    ways = await on_the_wire(june)
    print(f"voices only, listening, with the facilitator's microphone open: {ways}")
    assert max(ways.values()) < THIN

    # it is kept over a reload, given up at any time, and chosen again
    await june.page.reload()
    await june.is_in_the_circle()
    await june.at.hears_only(["Amira"])
    await sees(june, set())
    await june.choose_voices_only(False)
    await sees(june, {"Ruth", "Amira", "Dan", "Mark", "Tomas"})
    await june.choose_voices_only(True)
    await sees(june, set())
    await june.page.reload()
    await june.is_in_the_circle()
    await june.at.hears_only(["Amira"])
    await sees(june, set())
    await sees(amira, {"Ruth", "Dan", "Mark", "Tomas"})


async def sees(person: Person, names: set[str]) -> None:
    """Waits until the pictures that move on this page are these people's, and no seat shows another."""
    async with asyncio.timeout(WITHIN):
        while True:
            moving = set((await person.at.arrives()).sees)
            shown = await person.page.locator("video.picture:not(.own)").count()
            if moving == names and shown == len(names):
                return
            await asyncio.sleep(0.2)


async def on_the_wire(person: Person) -> dict[str, float]:
    """bit/s each way, headers included."""
    before: Any = await person.at.ask("instruments.carried()")
    await asyncio.sleep(MEASURED)
    after: Any = await person.at.ask("instruments.carried()")
    seconds = (after["at"] - before["at"]) / 1000

    def rate(way: str) -> float:
        size, packets = (b - a for a, b in zip(before[way], after[way], strict=True))
        return float(round(8 * (size + HEADERS * packets) / seconds))

    return {way: rate(way) for way in ("up", "down")}
