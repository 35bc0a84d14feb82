"""What a viewer gets whose line says that it cannot carry more."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

from signalling import Flow, Layer
from tests.signalling.client import Client
from tests.signalling.stage import stage, until
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


def paused(viewer: Client, count: Callable[[], int]) -> Callable[[], bool]:
    """Has the plane received 100 packets since the last picture came to this viewer?"""
    pictures, since = 0, 0

    def is_paused() -> bool:
        nonlocal pictures, since
        if len(viewer.of(0, "video")) != pictures:
            pictures, since = len(viewer.of(0, "video")), count()
        return count() > since + 100

    return is_paused


async def account(client: Client, bitrate: int) -> None:
    """Say REMB five times a second, as browsers do."""
    exponent = max(0, bitrate.bit_length() - 18)
    mantissa = bitrate >> exponent
    head = exponent << 2 | mantissa >> 16
    while True:
        await client.send(struct.pack("!BBHLL4sBBHL", 0x8F, 206, 5, 1, 0, b"REMB", 1, head, mantissa & 0xFFFF, 9))
        await asyncio.sleep(0.2)
