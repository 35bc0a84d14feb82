"""Python's collector of cycles stops nobody's media: there is little for it to do, and it waits for quiet."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest

from signalling import PeerId, collector
from signalling.connection import Connection
from signalling.insides import Ice
from signalling.path import Path
from signalling.slot import Slot
from signalling.track import Track
from signalling.uplink import Uplink
from tests.signalling.stage import SOUND, stage, until

ANA = PeerId("ana")
HEAVY = (Connection, Path, Ice, Slot, Track, Uplink)


def kept() -> Counter[type]:
    """How many of what holds much there are."""
    return Counter(type(each) for each in gc.get_objects() if type(each) in HEAVY)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_what_a_connection_held_is_free_when_it_is_closed(no_collector: None) -> None:
    """A megabyte of packets and the keys; a phone on a bad line makes a new one each minute."""
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ana": {"ben": SOUND}, "ben": {"ana": SOUND}})
        ana.speak()
        ben.speak()
        await until(lambda: s.plane.counters.forwarded > 20)
        of_two = kept()
        await s.plane.close(ANA)
        await until(lambda: kept() == Counter({kind: count // 2 for kind, count in of_two.items()}))
    assert set(of_two) == set(HEAVY)


async def test_what_has_grown_old_is_collected_when_no_packet_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "EVERY", 0.02)
    packets, busy = 0, True

    def received() -> int:
        nonlocal packets
        packets += busy
        return packets

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    cycle = Cycle()
    gc.collect(0)
    old = weakref.ref(cycle)
    del cycle
    collecting = asyncio.create_task(collector.collect_in_quiet(received))
    try:
        await asyncio.sleep(0.3)
        assert old() is not None, "somebody speaks"
        busy = False
        await until(lambda: old() is None)
    finally:
        collecting.cancel()
        with suppress(asyncio.CancelledError):
            await collecting


def test_what_is_there_from_the_beginning_is_never_looked_at() -> None:
    calm = "import gc; from signalling.collector import calm_the_collector; calm_the_collector()"
    tells = "print(gc.get_freeze_count(), *gc.get_threshold())"
    done = subprocess.run([sys.executable, "-c", f"{calm}; {tells}"], capture_output=True, text=True, check=True)
    frozen, *thresholds = map(int, done.stdout.split())
    assert frozen > 5_000
    assert thresholds == [collector.NEW, 1_000, 1_000]
