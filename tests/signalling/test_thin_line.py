"""What a viewer gets whose line says that it cannot carry more."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from signalling import Flow, Layer, PeerId, Quality, rtcp
from tests.signalling.client import Client
from tests.signalling.stage import Stage, stage, until
from tests.signalling.test_layers import Camera, last


async def test_a_thin_line_keeps_the_voice_and_loses_the_picture_which_comes_back() -> None:
    async with stage() as s:
        ana, ben, eve = await s.join("ana"), await s.join("ben"), await s.join("eve")
        ana.speak()
        cameras = Camera(ana, ana.high, b"high"), Camera(ana, ana.low, b"low")
        flow = Flow(True, Layer.HIGH)
        s.plan({"ben": {"ana": flow}, "eve": {"ana": flow}})
        await until(lambda: last(ben) == b"high" and last(eve) == b"high")
        thin = asyncio.create_task(account(ben, 5_000))
        await until(paused(ben, lambda: s.plane.counters.received), within=10)
        heard, seen = len(ben.of(0, "audio")), len(eve.rtp)
        await until(lambda: len(ben.of(0, "audio")) > heard + 20 and len(eve.rtp) > seen + 20)
        assert last(eve) == b"high", "nobody else is the worse for it"
        assert s.told.paused == {"ben": {"ana"}}
        thin.cancel()
        wide = asyncio.create_task(account(ben, 9_000_000))
        pictures = len(ben.of(0, "video"))
        await until(lambda: len(ben.of(0, "video")) > pictures + 5, within=30)
        assert s.told.paused == {"ben": set()}
        wide.cancel()
        for camera in cameras:
            camera.stop()


async def test_pictures_are_called_paused_only_while_there_are_pictures() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        ana.speak()
        camera = Camera(ana, ana.low, b"low")
        s.plan({"ben": {"ana": Flow(True, Layer.HIGH)}})
        await until(lambda: last(ben) == b"low")
        thin = asyncio.create_task(account(ben, 5_000))
        await until(lambda: s.told.paused == {"ben": {"ana"}}, within=10)
        s.plan({"ben": {"ana": Flow(audio=True)}})
        await until(lambda: s.told.paused == {"ben": set()})
        s.plan({"ben": {"ana": Flow(True, Layer.LOW)}})
        await until(lambda: s.told.paused == {"ben": {"ana"}})
        thin.cancel()
        s.told.paused.clear()
        ben = await s.join("ben")
        await until(lambda: last(ben) == b"low")
        assert s.told.paused == {}, "a new connection begins with its pictures"
        camera.stop()


async def test_what_nobody_has_a_line_for_is_not_wanted() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        ana.speak()
        camera = Camera(ana, ana.low, b"low")
        s.plan({"ben": {"ana": Flow(True, Layer.HIGH)}})
        await until(lambda: s.told.wants.get("ana") == (True, True, True))
        thin = asyncio.create_task(account(ben, 5_000))
        await until(lambda: s.told.wants["ana"] == (True, False, False), within=10)
        thin.cancel()
        camera.stop()


async def test_whose_own_line_carries_a_voice_at_most_is_asked_for_no_picture() -> None:
    async with stage() as s:
        ana, ben, _ = await s.join("ana"), await s.join("ben"), await s.join("eve")
        ana.speak()
        camera = Camera(ana, ana.low, b"low")
        s.plan({"ben": {"ana": Flow(True, Layer.HIGH)}, "eve": {"ana": Flow(audio=True)}})
        await until(lambda: s.told.wants.get("ana") == (True, True, True))
        anas = s.plane._peers[PeerId("ana")].connection
        await until(lambda: anas is not None and anas.path.shortest < 0.1)
        with full_queue(ana):
            await until(lambda: s.told.wants["ana"] == (True, False, False), within=15)
            await until(lambda: s.told.resting == {"ana": {"ana"}, "ben": {"ana"}})
            assert s.told.paused == {"ana": set(), "ben": set()}, "it is not their lines that are thin"
            camera.stop()
            heard = len(ben.of(0, "audio"))
            await until(lambda: len(ben.of(0, "audio")) > heard + 20)
        s.told.resting.clear()
        ana = await s.join("ana")
        await until(lambda: s.told.wants["ana"] == (True, True, True))
        await until(lambda: s.told.resting.get("ben") == set())
        assert not s.told.resting.get("ana"), "a new connection begins with its pictures"


async def test_whose_own_line_carries_a_small_picture_is_shown_by_that_one_at_once() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        ana.speak()
        cameras = Camera(ana, ana.high, b"high"), Camera(ana, ana.low, b"low")
        s.plan({"ben": {"ana": Flow(True, Layer.HIGH)}})
        await until(lambda: last(ben) == b"high")
        anas = s.plane._peers[PeerId("ana")].connection
        await until(lambda: anas is not None and anas.path.shortest < 0.1)
        asked = cameras[1].asked()  # (read later, it may count the only request that there is)
        with full_queue(ana):
            await until(lambda: s.told.wants["ana"] == (True, False, True), within=15)
            await until(lambda: last(ben) == b"low" and cameras[1].asked() > asked)
            received = s.plane.counters.received
            await until(lambda: s.plane.counters.received > received + 50)
            assert last(ben) == b"low", "though her browser goes on sending the high one for a while"
        for camera in cameras:
            camera.stop()


async def test_where_much_is_lost_a_round_trip_is_looked_at_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells whether a queue is full, and 2.5 s are long for a voice of which half is lost."""
    async with stage() as s:
        _, ben, voice = await _ben_hears_ana(s)
        bens = s.plane._peers[PeerId("ben")].connection
        assert bens is not None
        looks: list[float] = []
        look = bens.path._ice.check_consent

        def looked(now: float) -> None:
            looks.append(now)
            look(now)

        monkeypatch.setattr(bens.path._ice, "check_consent", looked)
        for n in range(50):
            await ben.send(rtcp.receiver_report([rtcp.Block(voice, 128, 5 * n, 10 * n, 0, 0, 0)]))
            await asyncio.sleep(0.1)
        assert len(looks) >= 3


async def test_what_a_publishers_line_loses_is_not_held_against_those_who_listen() -> None:
    async with stage() as s:
        ana, ben, voice = await _ben_hears_ana(s)

        async def report() -> None:
            while True:
                await ben.send(rtcp.receiver_report([rtcp.Block(voice, 85, 0, 0, 0, 0, 0)]))  # a third is missing
                await asyncio.sleep(0.4)

        with full_queue(ana):
            await until(lambda: s.plane.quality(PeerId("ana")) is Quality.POOR, within=10)
            reports = asyncio.create_task(report())
            await asyncio.sleep(4)
            assert s.plane.quality(PeerId("ben")) is Quality.GOOD
        await until(lambda: s.plane.quality(PeerId("ben")) is Quality.POOR, within=15)  # now it is his own
        reports.cancel()


async def _ben_hears_ana(s: Stage[Any]) -> tuple[Client, Client, int]:
    """(Ana, Ben, the SSRC by which he hears her)"""
    ana, ben = await s.join("ana"), await s.join("ben")
    ana.speak()
    s.plan({"ben": {"ana": Flow(audio=True)}})
    await until(lambda: len(ben.of(0, "audio")) > 20)
    return ana, ben, ben.of(0, "audio")[0].ssrc


@contextmanager
def full_queue(client: Client) -> Iterator[None]:
    """What this client sends waits for 0.3 s, and a third of its packets is lost."""
    transport: Any = client._gatherer._connection._nominated[1].protocol.transport
    loop, send, packets = asyncio.get_running_loop(), transport.sendto, count()

    def sendto(data: bytes, address: object = None) -> None:
        if not (127 < data[0] < 192 and next(packets) % 3 == 0):
            loop.call_later(0.3, late, data, address)

    def late(data: bytes, address: object) -> None:
        if not transport.is_closing():
            send(data, address)

    transport.sendto = sendto
    try:
        yield
    finally:
        transport.sendto = send


def paused(viewer: Client, received: Callable[[], int]) -> Callable[[], bool]:
    """Has the plane received 100 packets since the last picture came to this viewer?"""
    pictures, since = 0, 0

    def is_paused() -> bool:
        nonlocal pictures, since
        if len(viewer.of(0, "video")) != pictures:
            pictures, since = len(viewer.of(0, "video")), received()
        return received() > since + 100

    return is_paused


async def account(client: Client, bitrate: int) -> None:
    """Say REMB five times a second, as browsers do."""
    exponent = max(0, bitrate.bit_length() - 18)
    mantissa = bitrate >> exponent
    head = exponent << 2 | mantissa >> 16
    while True:
        await client.send(struct.pack("!BBHLL4sBBHL", 0x8F, 206, 5, 1, 0, b"REMB", 1, head, mantissa & 0xFFFF, 9))
        await asyncio.sleep(0.2)
