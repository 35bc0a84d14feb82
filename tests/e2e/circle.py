"""Six people in six browser contexts, and the one question that is asked again and again: does every page hear exactly
what `audience` says?

Ruth leads.  June was harmed, Amira comes with her; Dan is responsible, Mark comes with him, Tomas interprets for him.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from math import inf
from time import monotonic

from playwright.async_api import Browser

from server.room.audience import Layer
from server.room.state import Role
from tests.e2e.browser import NOTHING, Arrival, witness
from tests.e2e.line import Line
from tests.e2e.people import Person
from tests.e2e.planning import Guest, Host
from tests.e2e.program import Program
from tests.e2e.tones import Voice, voices
from tests.e2e.truth import Heard, Truth

GUESTS = (
    Guest("June", Role.VICTIM),
    Guest("Amira", Role.SUPPORTER, "June"),
    Guest("Dan", Role.OFFENDER),
    Guest("Mark", Role.SUPPORTER, "Dan"),
    Guest("Tomas", Role.INTERPRETER, "Dan"),
)
"""In seat order, which is also the order in which they are brought in."""
Comes = Callable[[Voice, tuple[Voice, ...]], AbstractAsyncContextManager[Person]]
"""How somebody with this voice, among everybody's, comes to have a page."""
ALL_THE_SAME_WAY: Mapping[str, Comes] = {}
WITHIN = 20.0
"""Seconds in which pages and audience have to agree after a deed, with six browsers on two cores."""
STABLE = 3
"""Samples in a row that have to agree, 150 ms apart; each looks back 170 ms."""
LINGER = 2500.0
"""ms for which a page may still find a tone that was shut: the FFT's window, the browser's buffers, two busy cores."""


class Circle:
    def __init__(self, ruth: Host, guests: Iterable[Person], links: dict[str, str], truth: Truth, way: Line) -> None:
        self.ruth = ruth
        self.guests = tuple(guests)
        self.june, self.amira, self.dan, *_ = self.guests
        self.everybody: tuple[Person, ...] = (ruth, *self.guests)
        self.links = links
        self.truth = truth
        self.line = way

    def id_of(self, person: Person) -> str:
        (found,) = [id_ for id_, label in self.truth.labels.items() if label == person.name]
        return found

    # ---- deeds of several --------------------------------------------------------------------------------------------

    async def come_to_the_doors(self) -> None:
        """Everyone comes by their own link, says yes, and waits in a place of their own with the microphone on."""
        await self.ruth.open_doors()
        for guest in self.guests:
            await guest.come_to_the_door(self.links[guest.name])
            await guest.answer("Yes")

    async def come_in(self) -> None:
        for guest in self.guests:
            await self.ruth.bring_in(guest)

    async def begin(self) -> None:
        await self.come_to_the_doors()
        await self.come_in()
        await self.ruth.begin()

    async def go_on(self) -> None:
        """After a pause or a freeze: both parties are ready, Ruth goes on."""
        for party in (self.june, self.dan):
            await party.say_ready()
        await self.ruth.resume()
        for guest in self.guests:
            await guest.is_in_the_circle()

    # ---- the question ------------------------------------------------------------------------------------------------

    async def agrees(self, *, speaking: Iterable[Person]) -> None:
        """Every page hears, plays and sees exactly what `audience` of the journal says.

        `speaking` is whom the test expects to be heard by anybody at all: without it, a program that silenced everyone
        for ever would agree with itself.
        """
        expected = {person.name for person in speaking}
        until, in_a_row, wrong = monotonic() + WITHIN, 0, "nothing was compared"
        while in_a_row < STABLE:
            if monotonic() > until:
                raise AssertionError(wrong)
            truth = await asyncio.to_thread(self.truth.heard)
            seen = await asyncio.to_thread(self.truth.seen)
            told = {name for heard in truth.values() for name in heard}
            lines = [f"{told} are to be heard, the test expects {expected}"] if told != expected else []
            for person, now in zip(self.everybody, await self._arrivals(), strict=True):
                sound, picture = truth[person.name], seen[person.name]
                if not now.hears == now.plays == sound:
                    lines.append(f"{person.name} hears {set(now.hears)}, plays {set(now.plays)}, not {set(sound)}")
                if now.sees.keys() != picture.keys():
                    lines.append(f"{person.name} sees {set(now.sees)}, not {set(picture)}")
            in_a_row, wrong = (0, "; ".join(lines)) if lines else (in_a_row + 1, wrong)
            await asyncio.sleep(0.15)

    async def _arrivals(self) -> list[Arrival]:
        async def of(person: Person) -> Arrival:
            return NOTHING if person.page.url == "about:blank" else await person.at.arrives()

        return list(await asyncio.gather(*(of(person) for person in self.everybody)))

    async def layers_are_right(self) -> None:
        """The pictures come in the size that `audience` says: 320 wide for high, 80 for low."""
        seen = await asyncio.to_thread(self.truth.seen)
        widths = {Layer.HIGH: 320, Layer.LOW: 80}
        for person in self.everybody:
            until = monotonic() + WITHIN
            while True:
                sizes = (await person.at.arrives()).sees
                if sizes == {name: widths[layer] for name, layer in seen[person.name].items()}:
                    break
                assert monotonic() < until, f"{person.name} sees {sizes}, not {seen[person.name]}"
                await asyncio.sleep(0.1)

    async def nobody_was_heard_against_the_rules(self) -> None:
        """No page ever heard a tone that `audience` had not allowed at that moment or just before."""
        told = [(at.timestamp() * 1000, heard) for at, heard in await asyncio.to_thread(self.truth.history)]
        samples, sounds, latest = 0, 0, 0.0
        for person in self.everybody:
            if person.page.url == "about:blank":
                continue
            for at, tones in await person.at.history():
                late = [_late(told, person.name, tone, at) for tone in tones if not tone.endswith(" Hz")]
                samples, sounds, latest = samples + 1, sounds + len(late), max(latest, *late, 0)
                assert latest <= LINGER, f"{person.name} heard {set(tones)} {latest} ms after {self._last_deeds(at)}"
        print(f"{samples} samples, {sounds} tones in them, the latest {latest:.0f} ms after it was shut")
        assert samples > 500
        assert sounds > 100

    def _last_deeds(self, at: float) -> list[str]:
        """What the journal tells of the seconds before, for a failure's message."""
        facts = [(fact, at - fact.at.timestamp() * 1000) for fact in self.truth.facts()]
        return [f"{type(fact.event).__name__} ({ago:.0f} ms before)" for fact, ago in facts if 0 < ago < 5000]

    async def start_gaps(self) -> None:
        """From now on every page counts how long each picture stands still at most, and listens no more.

        Its ears would be a fifth of what six pages take of two cores, and no person's browser has them.
        """
        for person in self.everybody:
            names = [other.name for other in self.everybody if other is not person]
            await person.at.ask("names => (instruments.deafen(), instruments.startGaps(names))", names)

    async def longest_gap(self) -> float:
        """The longest time, in seconds, for which any page had no new picture of somebody."""
        gaps: list[dict[str, float]] = [await person.at.ask("instruments.stopGaps()") for person in self.everybody]
        return max(ms for page in gaps for ms in page.values()) / 1000

    async def pages_are_well(self) -> None:
        assert {person.name: person.at.errors for person in self.everybody if person.at.errors} == {}


def _late(told: Sequence[tuple[float, Heard]], listener: str, tone: str, at: float) -> float:
    """How many ms before `at` this tone was shut; 0 if it is open, infinite if it was never open."""
    allowed = [begun for begun, heard in told if begun <= at and tone in heard[listener]]
    if not allowed:
        return inf
    shut = [begun for begun, heard in told if allowed[-1] < begun <= at]
    return at - shut[0] if shut else 0.0


@asynccontextmanager
async def circle(
    browser: Browser,
    program: Program,
    guests: Sequence[Guest] = GUESTS,
    comes: Mapping[str, Comes] = ALL_THE_SAME_WAY,
    *,
    detail: bool = False,
) -> AsyncIterator[Circle]:
    """A meeting planned by the pages; Ruth is in the room, the others have their links.

    `comes` names the guests who do not come with `browser`, and how they come; `detail` as of `instruments`.
    """
    people = voices(["Ruth", *(guest.name for guest in guests)])
    async with AsyncExitStack() as stack:
        everybody = tuple(people.values())
        ruth = Host(await stack.enter_async_context(witness(browser, everybody[0], everybody, detail=detail)))
        come = in_chromium(browser, detail=detail)
        persons = [
            await stack.enter_async_context(comes.get(each.name, come)(each, everybody)) for each in everybody[1:]
        ]
        await ruth.set_up(program.setup_link)
        meeting = await ruth.plan("A conversation on Tuesday", guests)
        links = dict(await ruth.make_links(guests))
        await ruth.enter()
        truth = Truth(program.database, meeting)
        yield Circle(ruth, persons, links, truth, program.line)


def in_chromium(browser: Browser, *, detail: bool = False) -> Comes:
    @asynccontextmanager
    async def come(voice: Voice, everybody: tuple[Voice, ...]) -> AsyncIterator[Person]:
        async with witness(browser, voice, everybody, detail=detail) as page:
            yield Person(page)

    return come
