"""A circle of four in which June's line can be made bad, and what is measured of it.

Ruth's and June's microphones are open: June has the talking piece.  So June's line carries a voice and pictures both
ways, and between the three others one can see whether they notice anything.  Everybody's picture is as large as a real
one: beside plain ones, a line that is too thin for pictures lasts for minutes before it is noticed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import time

from playwright.async_api import Browser

from server.room.state import Role, Room
from tests.e2e.browser import CHROMIUM, launched
from tests.e2e.circle import Circle, circle, in_chromium
from tests.e2e.network import CLEAR, HUB, Network, network
from tests.e2e.people import Person
from tests.e2e.planning import Guest
from tests.e2e.program import program
from tests.e2e.shuttle import Impairment
from tests.e2e.sleeper import Sleeper, sleeper

GUESTS = (
    Guest("June", Role.VICTIM),
    Guest("Amira", Role.SUPPORTER, "June"),
    Guest("Dan", Role.OFFENDER),
)
TO_THE_HUB = f"--host-resolver-rules=MAP localhost {HUB}"
"""localhost by name, so that the page may have a camera without TLS."""
CUT_WORDS = ("WebSocket", "ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "ERR_NETWORK", "ERR_INTERNET", "ERR_ADDRESS")


@dataclass(frozen=True, slots=True)
class Bad:
    """What is done to June's line, each way."""

    name: str
    up: Impairment = CLEAR
    down: Impairment = CLEAR


def both(name: str, does: Impairment) -> Bad:
    return Bad(name, does, does)


LOSS_AND_DELAY = both("10 % loss, 200 ms each way", Impairment(loss=0.1, delay=0.2))
THIN_DOWN = Bad("60 kbit/s down", down=Impairment(rate=60_000))
THIN_UP = Bad("64 kbit/s up", up=Impairment(rate=64_000))
NOTHING_PASSES = both("nothing passes", Impairment(loss=1.0))
WIFI = 1.0
"""s that a machine which has woken needs to be in its network again."""
IMPAIRMENTS = (
    Bad("nothing"),
    LOSS_AND_DELAY,
    both("30 % loss", Impairment(loss=0.3)),
    THIN_DOWN,
    THIN_UP,
    both("100 ms jitter", Impairment(jitter=0.1)),
)


@dataclass(frozen=True, slots=True)
class Voice:
    """How one person's voice came to another over a while."""

    samples: int
    concealed: int
    packets: int
    lost: int
    nacks: int
    buffered: float
    """s that a sample waited in the jitter buffer, on average."""

    @property
    def share(self) -> float:
        """What was invented to fill the gaps, in percent of what was played."""
        return 100 * self.concealed / max(1, self.samples)


class Lines:
    """The four, and June's line."""

    def __init__(self, four: Circle, net: Network, far: Sleeper) -> None:
        self.four = four
        self.net = net
        self.far = far
        """June's browser."""
        self.ruth, self.june = four.ruth, four.june
        self.others = [person for person in four.everybody if person is not four.june]
        (self.junes_line,) = net.lines

    async def begin(self) -> None:
        """Everybody is in the circle, Ruth speaks, June has the piece."""
        four = self.four
        await four.begin()
        await four.ruth.turn_microphone_on()
        await four.ruth.choose("Circle")
        await four.ruth.lay_the_piece_before(four.june)
        await four.june.take_the_piece()
        await self.is_whole()
        for person in four.everybody:
            person.at.forgiven = CUT_WORDS

    async def is_whole(self) -> None:
        """Everyone hears and sees what they are to."""
        await self.four.agrees(speaking=[self.ruth, self.june])

    async def impair(self, bad: Bad) -> None:
        await self.net.impair(self.junes_line, bad.up, bad.down)

    async def mend(self) -> None:
        await self.net.impair(self.junes_line)

    async def change_address(self) -> float:
        await self.net.change_address(self.junes_line)
        return 0.0

    async def black_out(self, seconds: float) -> float:
        """Nothing passes; returns how long that was."""
        begun = time()
        await self.impair(NOTHING_PASSES)
        await self.june.shows(self.june.page.get_by_text("Your line dropped."))
        await asyncio.sleep(max(0.0, begun + seconds - time()))
        await self.mend()
        return time() - begun

    async def sleep(self, seconds: float, meanwhile: Callable[[], Awaitable[None]] | None = None) -> float:
        """June shuts the lid and opens it again; returns how long she had no network.

        Her browser stands still with all its clocks, nothing passes, and the network is there a second after she is.
        """
        begun = time()
        await self.impair(NOTHING_PASSES)
        with self.far.asleep():
            if meanwhile is not None:
                await meanwhile()
            await asyncio.sleep(max(0.0, begun + seconds - time()))
        await asyncio.sleep(WIFI)
        await self.mend()
        return time() - begun

    # ---- how voices come ---------------------------------------------------------------------------------------------

    async def listen(self, seconds: float) -> Mapping[tuple[str, str], Voice]:
        """(listener, speaker) -> how the voice came, for everyone who heard anybody within these seconds."""
        before = await asyncio.gather(*(_counted(person) for person in self.four.everybody))
        await asyncio.sleep(seconds)
        after = await asyncio.gather(*(_counted(person) for person in self.four.everybody))
        return {
            (person.name, speaker): voice
            for person, old, new in zip(self.four.everybody, before, after, strict=True)
            for speaker, voice in _between(person, old, new).items()
        }

    async def frames(self, seconds: float) -> float:
        """How many pictures a second June sees of whoever she sees best."""
        before: Mapping[str, int] = await self.june.at.ask("instruments.frames()")
        await asyncio.sleep(seconds)
        after: Mapping[str, int] = await self.june.at.ask("instruments.frames()")
        return max((after[name] - before.get(name, 0) for name in after), default=0) / seconds

    # ---- what is kept ------------------------------------------------------------------------------------------------

    def standing(self) -> object:
        """What a bad line must not change: the phase, the turn, who is in."""
        room: Room = self.four.truth.room()
        return room.phase, room.floor, [(p.id, p.door, p.place, p.microphone, p.camera) for p in room.people.values()]

    # ---- how long it takes -------------------------------------------------------------------------------------------

    async def gap(self, deed: Callable[[], Awaitable[float]]) -> float:
        """Does it, and returns for how many seconds at most June did not hear or see somebody, or they not her.

        What the deed returns is how long it has kept the line cut by itself, and is taken off.
        """
        pairs = [(self.june, other) for other in self.others]
        await self.june.at.ask("names => instruments.startGaps(names)", [other.name for other in self.others])
        for other in self.others:
            await other.at.ask("names => instruments.startGaps(names)", [self.june.name])
        begun = time()
        lasted = await deed()
        await asyncio.sleep(1.5)  # what was on the way and in the buffers has been played: what comes now is new
        await self.is_whole()
        ended = time()
        gaps: list[Mapping[str, float]] = [
            await person.at.ask("instruments.stopGaps()") for person in (self.june, *self.others)
        ]
        sound = [
            await _silence(listener, speaker, begun, ended)
            for listener, speaker in [(self.june, self.ruth), *((other, one) for one, other in pairs)]
        ]
        return max([ms / 1000 for page in gaps for ms in page.values()] + sound) - lasted


async def _counted(person: Person) -> list[dict[str, float]]:
    counted: list[dict[str, float]] = await person.at.ask("instruments.voices()")
    return counted


def _between(person: Person, old: list[dict[str, float]], new: list[dict[str, float]]) -> Mapping[str, Voice]:
    """By the speaker's name; a voice without a packet meanwhile is a slot that shows nobody."""
    names = {voice.hz: voice.name for voice in person.at.everybody}
    was = {entry["id"]: entry for entry in old}
    found: dict[str, Voice] = {}
    for entry in new:
        base = was.get(entry["id"], dict.fromkeys(entry, 0))
        grew = {key: entry[key] - base[key] for key in entry if key not in ("id", "hz")}
        if grew["packets"] > 0:
            found[_nearest(names, entry["hz"])] = Voice(
                int(grew["samples"]),
                int(grew["concealed"]),
                int(grew["packets"]),
                int(grew["lost"]),
                int(grew["nacks"]),
                grew["delay"] / max(1, grew["emitted"]),
            )
    return found


def _nearest(names: Mapping[int, str], hz: float) -> str:
    return names[min(names, key=lambda known: abs(known - hz))]


async def _silence(listener: Person, speaker: Person, begun: float, ended: float) -> float:
    """The longest time in s for which this listener did not hear that tone."""
    heard = [at / 1000 for at, names in await listener.at.history() if speaker.name in names]
    inside = [begun, *(at for at in heard if begun <= at <= ended), ended]
    return max(later - earlier for earlier, later in pairwise(inside))


@asynccontextmanager
async def lines(chromium: Browser, folder: Path, **settings: str) -> AsyncIterator[Lines]:
    """The real program and four people in a network of their own, June behind her own line; the meeting is planned."""
    async with AsyncExitStack() as stack:
        net = await stack.enter_async_context(network(1))
        running = await stack.enter_async_context(program(folder / "data", at=HUB, **settings))
        hub = await launched(chromium.browser_type, net.started_in(net.hub, CHROMIUM, folder), TO_THE_HUB)
        stack.push_async_callback(hub.close)
        command = net.started_in(net.lines[0], CHROMIUM, folder)
        far = await stack.enter_async_context(sleeper(chromium.browser_type, folder, TO_THE_HUB, command=command))
        comes = {"June": in_chromium(far.browser, detail=True)}
        four = await stack.enter_async_context(circle(hub, running, GUESTS, comes, detail=True))
        yield Lines(four, net, far)
