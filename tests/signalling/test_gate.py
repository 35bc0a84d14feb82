"""When a narrowing plan has been set, no packet crosses the closed gate.

A full room, random plans, real keys and sockets.  The server is given packets that were sent before the plan and are
still on their way when it is made, and others sent after it.  Both go by the new plan.
"""

from __future__ import annotations

import asyncio
import random

from signalling.counters import Counters
from tests.signalling.full_room import NAMES, Room, random_plan
from tests.signalling.stage import ROOM, SOUND, stage, stage_of_workers, until

CHANGES = 1000
CHANGES_OF_WORKERS = 100


async def test_nothing_crosses_a_gate_that_has_been_closed() -> None:
    rng = random.Random(12)
    async with stage() as s:
        room = Room(s)
        await room.fill()
        sent = 0
        for round_ in range(CHANGES):
            room.plans.append(random_plan(rng))
            sent += room.speak(round_)  # with the kernel, and nobody has read it
            s.plan(room.plans[round_])
            sent += room.speak(round_)
            await room.heard(round_, 2 * room.voices(round_))
            await _read(s.plane.counters, sent)
            assert not room.faults
        await asyncio.sleep(0.1)
        assert not room.faults
        assert len({str(plan) for plan in room.plans}) > CHANGES / 2
        pictures = sum(room.count(round_, picture=True) for round_ in range(CHANGES))
        assert pictures > 10 * CHANGES, "pictures passed where they may"


async def test_nothing_crosses_a_gate_that_a_worker_has_confirmed_closed() -> None:
    """In another process; there only what is sent after the confirmation is sure to meet the new plan."""
    rng = random.Random(13)
    first, last = NAMES[0], NAMES[-1]
    async with stage_of_workers(1) as s:
        room = Room(s)
        await room.fill()
        for round_ in range(CHANGES_OF_WORKERS):
            plan = {of: dict(flows) for of, flows in random_plan(rng).items()}
            plan.setdefault(first, {})[last] = SOUND  # always: what arrives here says that all before it has been read
            room.plans.append(plan)
            s.plan(plan)
            await s.plane.confirmed(ROOM)
            room.speak(round_)
            room.speak_alone(last, round_)
            await room.heard(round_, room.voices(round_) + room.hearers(last, round_))
            assert not room.faults
        await asyncio.sleep(0.1)
        assert not room.faults
        assert sum(room.count(round_, picture=True) for round_ in range(CHANGES_OF_WORKERS)) > CHANGES_OF_WORKERS


async def _read(counters: Counters, sent: int) -> None:
    await until(lambda: counters.received == sent)
