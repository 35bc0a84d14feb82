"""What a publisher is told of the loss on the ways of their voice, so that their browser protects it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from signalling import rtcp
from signalling.strain import EASES, FEWEST, MOST, TOLD, Strain, Way
from tests.signalling.client import Client
from tests.signalling.stage import SOUND, stage, until


def told(reports: Iterable[rtcp.ReceiverReport], ssrc: int) -> list[float]:
    return [block.fraction_lost / 256 for report in reports for block in report.blocks if block.ssrc == ssrc]


def voice_of(client: Client) -> int:
    assert client.voice is not None
    return client.voice.ssrc


async def test_a_publisher_hears_of_what_is_lost_towards_a_listener() -> None:
    """Every tenth packet is asked for, each three times as browsers do; all came to the server."""
    async with stage() as s:
        ana, ben, cal = await s.join("ana"), await s.join("ben"), await s.join("cal")
        s.plan({"ben": {"ana": SOUND}, "cal": {"ana": SOUND}})
        ana.speak()
        for _ in range(12):
            begun = len(cal.rtp)
            await until(lambda begun=begun: len(cal.rtp) >= begun + 10)  # type: ignore[misc]
            for _ in range(3):
                await cal.send(rtcp.nack(cal.ssrc(0, "audio"), [cal.rtp[begun].seq]))
        await until(lambda: max(told(ana.reports(rtcp.ReceiverReport), voice_of(ana)), default=0) > 0)
        assert 0.1 < max(told(ana.reports(rtcp.ReceiverReport), voice_of(ana))) <= MOST
        assert ben.rtp


async def test_a_publisher_hears_of_what_came_only_when_it_was_asked_for() -> None:
    async with stage() as s:
        ana = await s.join("ana")
        for n in range(100):
            packet = ana.say()
            if n % 10 != 5:
                await ana.send(packet)
            await asyncio.sleep(0.02)
        await until(lambda: max(told(ana.reports(rtcp.ReceiverReport), voice_of(ana)), default=0) > 0.05)


async def test_on_a_whole_line_nothing_is_told() -> None:
    async with stage() as s:
        ana, _ = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        ana.speak()
        await until(lambda: len(ana.reports(rtcp.ReceiverReport)) > 2)
        assert set(told(ana.reports(rtcp.ReceiverReport), voice_of(ana))) == {0.0}


def test_the_worst_way_counts_and_is_forgotten_little_by_little() -> None:
    strain = Strain()
    strain.add(0.1)
    strain.add(0.02)
    assert [strain.told(), strain.told()] == [0.1 * TOLD, 0.1 * EASES * TOLD]
    strain.add(1.0)
    assert strain.told() == MOST


def test_a_packet_that_is_asked_for_again_and_again_was_lost_once() -> None:
    way = Way()
    for seq in (65_534, 65_534, 65_535, 65_534, 2, 65_535, 2):
        way.asked(seq)
    assert way.lost(FEWEST - 1) == 0.0, "too few to say"
    assert way.lost(30) == 3 / 30
    assert way.lost(60) == 0.0
