"""Workers that die, hang, or lose their owner: nothing is forwarded by whoever cannot be told, and people come back."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import time
from pathlib import Path

from signalling import PeerId, Quality, RoomId
from signalling.workers import Workers
from tests.signalling.client import Client
from tests.signalling.processes import ended
from tests.signalling.stage import ROOM, SOUND, Stage, stage_of_workers, until

ANA, BEN = PeerId("ana"), PeerId("ben")
OTHER = RoomId("other")


def pid_of(s: Stage[Workers], room: RoomId) -> int:
    home = s.plane.home_of(room)
    assert home is not None
    pid = s.plane.homes[home].pid
    assert pid is not None
    return pid


async def test_a_killed_worker_costs_its_own_room_a_moment_and_the_other_room_nothing() -> None:
    async with stage_of_workers(2) as s:
        ana = await s.join("ana")
        joe, eve = await s.join("joe", room=OTHER), await s.join("eve", room=OTHER)
        ben = await s.join("ben")
        assert s.plane.home_of(ROOM) != s.plane.home_of(OTHER)
        s.plan({"ben": {"ana": SOUND}})
        s.plan({"eve": {"joe": SOUND}}, room=OTHER)
        ana.speak()
        joe.speak()
        await until(lambda: len(ben.rtp) > 10 and len(eve.rtp) > 10)
        before = {peer: s.plane.generation(peer) for peer in (ANA, BEN)}
        counted = s.plane.counters.received

        killed = time.monotonic()
        os.kill(pid_of(s, ROOM), signal.SIGKILL)
        await until(lambda: len(s.told.of("down")) == 2)
        assert s.plane.generation(ANA) is s.plane.generation(BEN) is None
        assert s.plane.quality(ANA) is s.plane.quality(BEN) is Quality.LOST
        # they come back without a word from the owner: the plan is remembered
        ana, ben = await s.join("ana"), await s.join("ben")
        ana.speak()
        await until(lambda: len(ben.rtp) > 10)
        gap = ben.rtp[0].at - killed
        print(f"\nfrom the kill to the first packet of the new connections: {gap:.2f} s")

        assert [e[0] for e in s.told.events if e[0] in ("room lost", "down")] == ["room lost", "down", "down"]
        assert s.told.of("room lost") == [("room lost", ROOM)]
        assert sorted(s.told.of("down")) == sorted(("down", peer, before[peer]) for peer in (ANA, BEN))
        assert s.told.of("lost") == [("lost", s.plane.home_of(ROOM), "died")]
        await until(lambda: s.plane.counters.received > counted)
        await until(lambda: len([p for p in eve.of(0, "audio") if p.at >= killed - 0.5]) > 20)
        others = [p for p in eve.of(0, "audio") if p.at >= killed - 0.5]
        assert all((b.seq - a.seq) & 0xFFFF == 1 for a, b in itertools.pairwise(others))


async def test_whoever_was_connecting_is_told_as_well() -> None:
    async with stage_of_workers(1) as s:
        offer = await s.plane.offer(ROOM, ANA)
        os.kill(pid_of(s, ROOM), signal.SIGKILL)
        await until(lambda: s.told.of("down") == [("down", "ana", offer.generation)])
        await s.join("ana")  # an offer that is asked for meanwhile waits for the next process
        assert len(s.told.of("down")) == 1


async def test_a_worker_that_hangs_does_not_hold_up_a_stop_and_forwards_nothing_afterwards() -> None:
    async with stage_of_workers(1) as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        ana.speak()
        await until(lambda: len(ben.rtp) > 10)
        hung = pid_of(s, ROOM)
        os.kill(hung, signal.SIGSTOP)
        s.plan({})
        await asyncio.wait_for(s.plane.confirmed(ROOM), 5)
        assert ended(hung), "what has ended forwards nothing"
        heard = len(ben.rtp)
        await until(lambda: s.told.of("lost") == [("lost", 0, "disobedient")])
        ana, again = await s.join("ana"), await s.join("ben")
        ana.speak()
        await until(lambda: s.plane.counters.received > heard + 20)
        assert len(ben.rtp) == heard
        assert not again.rtp, "the plan of before the hang must not come back"


async def test_a_worker_that_hangs_is_found_though_nobody_asks_anything_of_it() -> None:
    async with stage_of_workers(2) as s:
        await s.join("ana")
        hung = pid_of(s, ROOM)
        os.kill(hung, signal.SIGSTOP)
        await until(lambda: s.told.of("lost") == [("lost", s.plane.home_of(ROOM), "silent")], within=10)
        assert ended(hung)
        assert len(s.told.of("down", "ana")) == 1
        await s.join("ana")


async def test_a_stalled_owner_blames_no_worker() -> None:
    async with stage_of_workers(1) as s:
        pid = s.plane.homes[0].pid
        s.plan({"ben": {"ana": SOUND}})
        end = time.monotonic() + 3  # longer than a worker may be silent or disobedient
        while time.monotonic() < end:
            pass
        await s.plane.confirmed(ROOM)
        ana, ben = await s.join("ana"), await s.join("ben")  # only now: their lines would have been lost meanwhile
        ana.speak()
        await until(lambda: len(ben.rtp) > 10)
        assert s.told.of("lost") == []
        assert s.plane.homes[0].pid == pid


async def test_a_room_leaves_a_worker_that_does_not_come_back() -> None:
    async with stage_of_workers(2) as s:
        await s.join("ana")
        s.plan({"ben": {"ana": SOUND}})
        home = s.plane.homes[s.plane.home_of(ROOM) or 0]
        home._command = ("false",)
        os.kill(pid_of(s, ROOM), signal.SIGKILL)
        await until(lambda: home.failing, within=10)
        ana, ben = await s.join("ana"), await s.join("ben")
        ana.speak()
        await until(lambda: len(ben.rtp) > 10)
        assert s.plane.homes[s.plane.home_of(ROOM) or 0] is not home


OWNER = """
import asyncio, sys
from signalling.workers import Workers
from tests.signalling.stage import Told

async def main():
    workers = Workers(2, addresses=["127.0.0.1"], listener=Told())
    await workers.start()
    print(*(home.pid for home in workers.homes), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_workers_end_with_their_owner_however_it_ends_and_even_when_they_hang() -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    assert owner.stdout is not None
    try:
        pids = [int(pid) for pid in (await asyncio.wait_for(owner.stdout.readline(), 30)).split()]
        assert len(pids) == 2
        os.kill(pids[0], signal.SIGSTOP)
        assert not any(ended(pid) for pid in pids)
    finally:
        owner.kill()
        await owner.wait()
    await until(lambda: all(ended(pid) for pid in pids))


async def test_a_signal_that_is_meant_for_the_owner_ends_no_worker() -> None:
    async with stage_of_workers(1) as s:
        client: Client = await s.join("ana")
        for name in (signal.SIGINT, signal.SIGTERM):
            os.kill(pid_of(s, ROOM), name)
        client.speak()
        await until(lambda: s.plane.counters.received > 20)
        assert s.told.of("lost") == []
