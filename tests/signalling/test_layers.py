"""Which layer of a picture a viewer gets."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from signalling import Flow, Layer, MediaPlane
from signalling.rtcp import KeyFrameRequest
from tests.signalling.client import Client, Received, Source
from tests.signalling.stage import Stage, stage, until

HIGH, LOW = Flow(video=Layer.HIGH), Flow(video=Layer.LOW)


async def test_the_high_layer_is_shown_as_soon_as_it_arrives_and_the_low_one_until_then() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": HIGH}})
        low = Camera(ana, ana.low, b"low")
        await until(lambda: last(ben) == b"low")
        high = Camera(ana, ana.high, b"high")
        await until(lambda: last(ben) == b"high")
        assert contiguous(ben)
        high.stop()
        await until(lambda: last(ben) == b"low", within=3)
        assert contiguous(ben)
        low.stop()


async def test_the_old_layer_stays_until_the_new_ones_key_frame_and_then_stops_at_once() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        high, low = Camera(ana, ana.high, b"high"), Camera(ana, ana.low, b"low", key_frames=False)
        s.plan({"ben": {"ana": HIGH}})
        await until(lambda: last(ben) == b"high")
        s.plan({"ben": {"ana": LOW}})
        await until(lambda: low.asked() > 0)
        seen = len(ben.rtp)
        await until(lambda: len(ben.rtp) > seen + 4)
        assert {mark(p) for p in ben.rtp[seen:] if mark(p)} == {b"high"}
        low.key_frames = True
        await until(lambda: last(ben) == b"low")
        first = next(i for i, p in enumerate(ben.rtp) if mark(p) == b"low")
        await until(lambda: len(ben.rtp) > first + 20)
        assert b"high" not in {mark(p) for p in ben.rtp[first:]}
        assert contiguous(ben)
        high.stop()
        low.stop()


async def test_a_viewer_who_may_see_the_low_layer_never_gets_the_high_one_instead() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": LOW}})
        high = Camera(ana, ana.high, b"high")
        await until(lambda: s.plane.counters.received > 30)
        assert not ben.rtp
        high.stop()


async def test_the_high_layer_ends_within_a_second_when_the_low_one_never_comes() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        high = Camera(ana, ana.high, b"high")
        s.plan({"ben": {"ana": HIGH}})
        await until(lambda: last(ben) == b"high")
        s.plan({"ben": {"ana": LOW}})
        assert await silent(s, within=1.4)
        high.stop()


async def test_a_picture_that_is_shut_is_cut_at_once_whatever_the_layer() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        cameras = Camera(ana, ana.high, b"high"), Camera(ana, ana.low, b"low")
        s.plan({"ben": {"ana": HIGH}})
        await until(lambda: last(ben) == b"high")
        s.plan({"ben": {"ana": LOW}})  # the grace between two layers begins,
        s.plan({"ben": {"ana": Flow(audio=True)}})  # and does not outlive the picture
        assert await silent(s, within=0.0)
        for camera in cameras:
            camera.stop()


async def test_two_viewers_of_one_picture_can_have_different_layers() -> None:
    async with stage() as s:
        ana, ben, eve = await s.join("ana"), await s.join("ben"), await s.join("eve")
        cameras = Camera(ana, ana.high, b"high"), Camera(ana, ana.low, b"low")
        s.plan({"ben": {"ana": HIGH}, "eve": {"ana": LOW}})
        await until(lambda: last(ben) == b"high" and last(eve) == b"low")
        assert b"high" not in {mark(p) for p in eve.rtp}
        assert s.told.wants["ana"] == (False, True, True)
        for camera in cameras:
            camera.stop()


async def test_a_camera_that_comes_later_needs_nothing_new() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        ana.speak()
        s.plan({"ben": {"ana": Flow(audio=True, video=Layer.HIGH)}})
        await until(lambda: len(ben.of(0, "audio")) > 5)
        camera = Camera(ana, ana.high, b"high")
        assert await until(lambda: last(ben) == b"high") < 0.5
        camera.stop()


class Camera:
    """Sends a layer as a browser's encoder does: a key frame at the start and when it is asked for one."""

    def __init__(self, client: Client, source: Source | None, name: bytes, *, key_frames: bool = True) -> None:
        assert source is not None
        self.client, self.source, self.name = client, source, name
        self.key_frames = key_frames
        self._answered = 0
        self._task = asyncio.create_task(self._run())

    def asked(self) -> int:
        return sum(request.ssrc == self.source.ssrc for request in self.client.reports(KeyFrameRequest))

    async def _run(self) -> None:
        key = True
        while True:
            for packet in self.client.frame(self.source, key=key, mark=self.name):
                await self.client.send(packet)
            await asyncio.sleep(0.02)
            key = self.key_frames and self.asked() > self._answered
            self._answered = self.asked() if key else self._answered

    def stop(self) -> None:
        self._task.cancel()


def mark(packet: Received) -> bytes:
    return packet.payload[5:].rstrip(b"\x00")


def pictures(viewer: Client) -> list[Received]:
    return viewer.of(0, "video")


def last(viewer: Client) -> bytes:
    shown = pictures(viewer)
    return mark(shown[-1]) if shown else b""


def contiguous(viewer: Client) -> bool:
    shown = pictures(viewer)
    steps = [(b.seq - a.seq) & 0xFFFF for a, b in pairwise(shown)]
    times = [(b.ts - a.ts) & 0xFFFFFFFF for a, b in pairwise(shown)]
    return set(steps) <= {1} and all(0 <= t < 180000 for t in times)


async def silent(s: Stage[MediaPlane], within: float) -> bool:
    """Nothing more is forwarded from at most `within` seconds on, while packets still come in."""
    await asyncio.sleep(within)
    received, forwarded = s.plane.counters.received, s.plane.counters.forwarded
    await until(lambda: s.plane.counters.received > received + 10)
    return s.plane.counters.forwarded == forwarded
