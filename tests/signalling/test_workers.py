"""Media in other processes: as in one's own, and what is shut is shut when it is confirmed."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from contextlib import suppress

import pytest

from signalling import (
    Flow,
    Layer,
    MalformedAnswer,
    NoAddress,
    PeerId,
    Quality,
    Restarting,
    RoomId,
    StaleGeneration,
)
from signalling.home import WorkerFault
from signalling.profile import OPUS_SILENCE
from signalling.workers import Workers
from tests.signalling.client import Client
from tests.signalling.processes import ended
from tests.signalling.stage import BOTH, ROOM, SOUND, Told, stage_of_workers, until

ANA, BEN = PeerId("ana"), PeerId("ben")
OTHER = RoomId("other")


async def test_a_voice_and_a_picture_arrive_as_planned_and_the_owner_hears_of_it() -> None:
    async with stage_of_workers(1) as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        ana.speak()
        assert ana.high is not None
        ana.show(ana.high)
        s.plan({"ben": {"ana": BOTH}})
        await until(lambda: len(ben.of(0, "audio")) > 20 and len(ben.of(0, "video")) > 20)
        assert s.told.slots["ben"] == {0: "ana"}
        await until(lambda: s.told.wants["ana"] == (True, True, True))
        assert [e[0] for e in s.told.events if e[1] == "ben"][:4] == ["up", "quality", "slots", "wanted"]
        assert s.plane.quality(BEN) is Quality.GOOD
        await until(lambda: s.plane.counters.forwarded > 20 and s.plane.counters.received > 40)
        assert not ana.rtp
        await ben.close()
        await until(lambda: bool(s.told.of("down", "ben")))
        assert s.plane.generation(BEN) is None
        assert s.plane.quality(BEN) is Quality.LOST


async def test_nothing_that_is_sent_after_a_confirmed_plan_crosses_a_gate_that_it_has_shut() -> None:
    async with stage_of_workers(1) as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        after_shut: set[bytes] = set()
        sent = 0

        async def send(mark: bytes) -> None:
            nonlocal sent
            await ana.send(ana.say(mark))
            sent += 1

        for turn in range(12):
            s.plan({"ben": {"ana": SOUND}})
            until_open = len(ben.rtp)
            while len(ben.rtp) < until_open + 5:
                await send(b"open%04d" % turn)
                await asyncio.sleep(0.001)
            s.plan({})
            await s.plane.confirmed(ROOM)
            for _ in range(20):
                await send(b"shut%04d" % turn)
            after_shut.add(b"shut%04d" % turn)
            await until(lambda: s.plane.counters.received == sent)  # or the next plan would open for what is under way
        heard = [p.payload[:8] for p in ben.rtp if p.payload != OPUS_SILENCE]
        assert len(heard) >= 60
        assert after_shut.isdisjoint(heard)


async def test_a_room_is_whole_on_one_worker_and_the_next_one_begins_where_there_is_most_room() -> None:
    async with stage_of_workers(2) as s:
        first = await s.join("ana")
        second = await s.join("joe", room=OTHER)
        assert {s.plane.home_of(ROOM), s.plane.home_of(OTHER)} == {0, 1}
        ben, eve = await s.join("ben"), await s.join("eve", room=OTHER)
        await s.join("sam", room=OTHER)
        s.plan({"ben": {"ana": SOUND, "joe": SOUND}})
        s.plan({"eve": {"joe": SOUND, "ana": SOUND}}, room=OTHER)
        first.speak(b"ana")
        second.speak(b"joe")
        await until(lambda: len(ben.rtp) > 20 and len(eve.rtp) > 20)
        assert {p.payload[:3] for p in ben.rtp} == {b"ana"}
        assert {p.payload[:3] for p in eve.rtp} == {b"joe"}
        third = RoomId("third")
        s.plane.set_plan(third, {})
        assert s.plane.home_of(third) == s.plane.home_of(ROOM), "two people there, three here"


async def test_a_forgotten_room_is_silent_and_empty_and_begins_anew_only_then() -> None:
    async with stage_of_workers(2) as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        ana.speak()
        await until(lambda: len(ben.rtp) > 5)
        home = s.plane.home_of(ROOM)
        s.plane.forget_room(ROOM)
        assert s.plane.generation(ANA) is None
        assert s.plane.home_of(ROOM) == home, "until the worker has forgotten it, too"
        await s.plane.confirmed(ROOM)
        heard = len(ben.rtp)
        await until(lambda: {e[1] for e in s.told.of("down")} == {"ana", "ben"})
        await until(lambda: s.plane.home_of(ROOM) is None)
        assert len(ben.rtp) <= heard + 1
        eve = await s.join("eve")
        await s.join("joe")
        s.plan({"joe": {"eve": SOUND}})
        eve.speak()
        await until(lambda: s.plane.counters.forwarded > heard + 5)


async def test_who_asks_just_when_the_worker_has_said_so_is_told_that_the_room_is_forgotten() -> None:
    async with stage_of_workers(1) as s:
        await s.join("ana")
        s.plane.forget_room(ROOM)
        (home,) = s.plane.homes
        home._hear(["obeyed", max(home._orders), ROOM])
        await s.plane.confirmed(ROOM)  # which has nothing to wait for any more
        assert s.plane.home_of(ROOM) is None


async def test_a_room_that_is_opened_again_at_once_is_a_new_one_on_the_same_worker() -> None:
    async with stage_of_workers(2) as s:
        await s.join("ana")
        generation = s.plane.generation(ANA)
        home = s.plane.home_of(ROOM)
        s.plane.forget_room(ROOM)
        s.plan({"ben": {"ana": SOUND}})
        assert s.plane.home_of(ROOM) == home
        ana, ben = await s.join("ana"), await s.join("ben")
        assert s.told.of("down") == [("down", "ana", generation)]
        ana.speak()
        await until(lambda: len(ben.rtp) > 5)


async def test_somebody_who_goes_to_another_room_is_gone_from_the_first() -> None:
    async with stage_of_workers(2) as s:
        await s.join("ben", room=OTHER)
        await s.join("ana")
        first = s.plane.generation(ANA)
        await s.join("ana", room=OTHER)
        await until(lambda: s.told.of("down") == [("down", "ana", first)])
        assert s.plane.generation(ANA) not in (None, first)
        await s.plane.close(ANA)
        assert s.plane.generation(ANA) is None
        await until(lambda: len(s.told.of("down", "ana")) == 2)


async def test_what_is_refused_is_refused_as_in_ones_own_process() -> None:
    async with stage_of_workers(1) as s:
        with pytest.raises(StaleGeneration):
            await s.plane.answer(ANA, "never", "v=0")
        offer = await s.plane.offer(ROOM, ANA)
        with pytest.raises(StaleGeneration):
            await s.plane.answer(ANA, "another", "v=0")
        with pytest.raises(MalformedAnswer) as refused:
            await s.plane.answer(ANA, offer.generation, "v=0")
        assert refused.value.what
        await s.plane.close(ANA)
        await until(lambda: s.told.of("down") == [("down", "ana", offer.generation)])


async def test_a_caller_who_gives_up_holds_nobody_up() -> None:
    async with stage_of_workers(1) as s:
        asking = asyncio.create_task(s.plane.offer(ROOM, ANA))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled()
        await s.join("ana")
        assert len(s.told.of("down", "ana")) == 1, "the connection that nobody took, when the next one replaced it"


async def test_workers_that_cannot_be_started_are_told_of() -> None:
    for command in (("false",), ("/nowhere/at/all",)):
        workers = Workers(2, addresses=["127.0.0.1"], listener=Told(), command=command)
        with pytest.raises(WorkerFault):
            await workers.start()


async def test_each_worker_has_its_own_port_and_one_that_cannot_be_had_is_told_of() -> None:
    port = two_free_ports()
    with udp(port + 1):
        workers = Workers(2, addresses=["127.0.0.1"], listener=Told(), port=port)
        with pytest.raises(NoAddress):
            await workers.start()
    workers = Workers(2, addresses=["127.0.0.1"], listener=Told(), port=port, public={"127.0.0.1": "203.0.113.9"})
    await workers.start()
    try:
        offers = [await workers.offer(RoomId(name), PeerId(name)) for name in ("ana", "ben")]
        found = [re.findall(r"203\.0\.113\.9 (\d+) typ host", offer.sdp) for offer in offers]
        assert found == [[str(port)], [str(port + 1)]]
    finally:
        await workers.stop()


async def test_a_worker_that_talks_nonsense_is_ended() -> None:
    talk = "import socket, time; socket.socket(fileno=0).send(bytes(range(250, 256))); time.sleep(600)"
    workers = Workers(1, addresses=["127.0.0.1"], listener=Told(), command=(sys.executable, "-c", talk))
    with pytest.raises(WorkerFault):
        await workers.start()


async def test_who_stops_says_goodbye_to_everybody_and_leaves_no_process() -> None:
    async with stage_of_workers(2) as s:
        pids = [home.pid for home in s.plane.homes]
        ana = await s.join("ana")
        s.plan({"ben": {"ana": Flow(video=Layer.LOW)}})
        s.told.events.clear()
        await s.plane.stop()
        assert all(ended(pid) for pid in pids if pid is not None)
        assert s.told.events == []
        await until(lambda: ana.dtls.state == "closed")
        with pytest.raises(Restarting):
            await s.plane.answer(ANA, "any", "v=0")
        await s.plane.confirmed(ROOM)


async def test_clients_and_workers_agree_on_who_is_quiet() -> None:
    async with stage_of_workers(1) as s:
        client = await s.join("ana", Client(voice=False, picture=False))
        client.vanish()
        await until(lambda: bool(s.told.of("down")), within=10)
        assert ("quality", "ana", Quality.LOST) in s.told.events


def udp(port: int) -> socket.socket:
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", port))
    return taken


def two_free_ports() -> int:
    """The first of two UDP ports that nobody has now."""
    while True:
        with udp(0) as first, suppress(OSError):
            number: int = first.getsockname()[1]
            with udp(number + 1):
                return number
