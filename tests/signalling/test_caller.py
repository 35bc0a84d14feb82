"""The caller that tries the plane: real packets, and the insides of aiortc and aioice that it leans on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from aioice import Connection
from aiortc import RTCDtlsTransport, RTCIceGatherer

from signalling import PeerId
from signalling.caller import Caller
from tests.signalling.stage import ROOM, SOUND, Stage, stage, stage_of_workers, until


async def called(s: Stage[Any], name: str) -> Caller:
    caller = Caller(["127.0.0.1"])
    offer = await s.plane.offer(ROOM, PeerId(name))
    await s.plane.answer(PeerId(name), offer.generation, await caller.answer(offer.sdp))
    await caller.connect(10)
    await until(lambda: s.plane.generation(PeerId(name)) == offer.generation)
    return caller


@pytest.mark.parametrize("workers", [0, 1])
async def test_two_callers_hear_each_other_as_the_plan_says(workers: int) -> None:
    async with stage_of_workers(workers) if workers else stage() as s:
        ana, ben = await called(s, "ana"), await called(s, "ben")
        for _ in range(3):
            await ana.say()
        await until(lambda: s.plane.counters.received == 3)
        assert ben.heard == 0
        s.plan({"ben": {"ana": SOUND}})
        await s.plane.confirmed(ROOM)
        for _ in range(3):
            await ana.say()
        await until(lambda: ben.heard == 3)
        assert ana.heard == 0
        for caller in (ana, ben):
            await caller.close()
        await until(lambda: s.plane.generation(PeerId("ana")) is None)


async def test_a_caller_without_a_way_says_so() -> None:
    async with stage() as s:
        caller = Caller(["127.0.0.1"])
        offer = await s.plane.offer(ROOM, PeerId("ana"))
        await caller.answer(offer.sdp)
        with pytest.raises((ConnectionError, TimeoutError)):
            await caller.connect(0.5)  # the plane has no answer
        await caller.close()


async def test_the_insides_are_where_they_were() -> None:
    gatherer = RTCIceGatherer(iceServers=[])
    assert isinstance(gatherer._connection, Connection)
    assert list(gatherer._connection._local_candidates) == []
    assert list(inspect.signature(Connection.get_component_candidates).parameters)[:3] == [
        "self",
        "component",
        "addresses",
    ]
    methods: dict[Callable[..., Any], list[str]] = {
        RTCDtlsTransport._handle_rtp_data: ["self", "data", "arrival_time_ms"],
        RTCDtlsTransport._handle_rtcp_data: ["self", "data"],
        RTCDtlsTransport._send_rtp: ["self", "data"],
    }
    for method, parameters in methods.items():
        assert list(inspect.signature(method).parameters) == parameters
