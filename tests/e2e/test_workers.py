"""Two meetings on two media workers.  One worker dies: its meeting comes back, and the other one does not notice."""

from __future__ import annotations

import os
import signal
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest
from playwright.async_api import Browser

from tests.e2e.browser import Witness, witness
from tests.e2e.headless import Headless, bring_in, headless
from tests.e2e.people import Facilitator, Person
from tests.e2e.program import Program, program
from tests.e2e.tones import voices
from tests.signalling.processes import children, ended, udp_ports
from tests.signalling.stage import until

pytestmark = pytest.mark.asyncio(loop_scope="session")
PEOPLE = voices(["Ruth", "June"])
BACK_WITHIN = 8.0


async def test_a_meeting_whose_worker_is_killed_is_back_and_the_other_one_has_no_gap(
    chromium: Browser, tmp_path: Path
) -> None:
    async with program(tmp_path / "data", MEDIA_WORKERS="2") as running, AsyncExitStack() as stack:
        speaker, listener = await without_browsers(running, stack)
        pages = [await stack.enter_async_context(witness(chromium, each, PEOPLE.values())) for each in PEOPLE.values()]
        ruth, june = await in_browsers(running, pages)
        (theirs,) = [pid for pid in children(running.pid) if listener.media.server()[1] in udp_ports(pid)]
        (ours,) = [pid for pid in children(running.pid) if pid != theirs]

        listener.media.rtp.clear()
        for page in pages:
            await page.ask(
                "names => instruments.startGaps(names)", [p.name for p in PEOPLE.values() if p != page.voice]
            )
        killed = monotonic()
        os.kill(ours, signal.SIGKILL)
        await june.at.hears_only({"Ruth"})
        await ruth.at.hears_only({"June"})
        back = monotonic() - killed
        gaps = [ms / 1000 for page in pages for ms in (await page.ask("instruments.stopGaps()")).values()]
        print(f"\nkilled; both heard each other again after {back:.2f} s, longest gap in a picture {max(gaps):.2f} s")
        assert 0 < max(gaps) < BACK_WITHIN
        assert ruth.at.errors == june.at.errors == []
        assert sum("media_worker_lost" in line for line in running.said) == 1

        heard = listener.media.of(listener_slot(listener, speaker), "audio")
        assert heard[-1].at - heard[0].at > 0.8 * back
        assert all((b.seq - a.seq) & 0xFFFF == 1 for a, b in pairwise(heard)), "not one packet is missing"
        assert theirs in children(running.pid)
        workers = children(running.pid)
        assert len(workers) == 2
    assert all(ended(pid) for pid in workers), "they end with the program"


async def test_a_killed_program_leaves_no_worker_behind(tmp_path: Path) -> None:
    async with program(tmp_path / "data", MEDIA_WORKERS="2") as running, AsyncExitStack() as stack:
        speaker, _ = await without_browsers(running, stack)
        workers = children(running.pid)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGSTOP)  # also one that cannot notice
        await running.kill()
        await until(lambda: all(ended(pid) for pid in workers))
        speaker.media.stop_sending()
        await running.start()


async def without_browsers(running: Program, stack: AsyncExitStack) -> tuple[Headless, Headless]:
    """A meeting in which one person speaks; returns that person and one who hears them."""
    links = await running.practice()
    roles = ("facilitator", "victim", "supporter")
    lead, speaker, listener = [await stack.enter_async_context(headless(running, links[role])) for role in roles]
    await bring_in(lead, speaker, listener)
    await lead.do("begin")
    await lead.do("set_mode", mode="open")
    await speaker.do("set_microphone", on=True)
    speaker.media.speak()
    await until(lambda: len(listener.media.rtp) > 20)
    return speaker, listener


def listener_slot(listener: Headless, speaker: Headless) -> int:
    return next(slot for slot, person in listener.slots.items() if person == speaker.person)


async def in_browsers(running: Program, pages: list[Witness]) -> tuple[Facilitator, Person]:
    """A meeting of two in Chromium who hear each other."""
    links = await running.practice()
    ruth, june = Facilitator(pages[0]), Person(pages[1])
    await ruth.open(links["facilitator"])
    await ruth.open_doors()
    await june.come_to_the_door(links["victim"])
    await june.answer("Yes")
    await ruth.bring_in(june)
    await ruth.begin()
    await ruth.choose("Open")
    await ruth.turn_microphone_on()
    await june.turn_microphone_on()
    await june.at.hears_only({"Ruth"})
    await ruth.at.hears_only({"June"})
    return ruth, june
