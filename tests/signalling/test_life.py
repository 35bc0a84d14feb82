"""Connections come, go, are replaced and die."""

from __future__ import annotations

import asyncio
import itertools
import os

import pytest

from signalling import (
    AlreadyAnswered,
    MalformedAnswer,
    MediaPlane,
    NoAddress,
    PeerId,
    Quality,
    StaleGeneration,
    TooManyConnecting,
    connection,
    plane,
)
from tests.signalling.client import Client
from tests.signalling.stage import ROOM, SOUND, Told, stage, until

ANA, BEN = PeerId("ana"), PeerId("ben")


async def test_who_says_goodbye_is_down_at_once() -> None:
    async with stage() as s:
        ana = await s.join("ana")
        generation = s.plane.generation(ANA)
        await ana.close()
        assert await until(lambda: bool(s.told.of("down"))) < 1.5
        assert s.told.of("down") == [("down", "ana", generation)]
        assert s.plane.generation(ANA) is None
        assert s.plane.quality(ANA) is Quality.LOST


async def test_who_vanishes_is_down_after_three_seconds() -> None:
    async with stage() as s:
        ana = await s.join("ana")
        ana.speak()
        await until(lambda: s.plane.counters.received > 5)
        ana.vanish()
        assert 2.5 < await until(lambda: bool(s.told.of("down")), within=10) < 6
        assert ("quality", "ana", Quality.LOST) in s.told.events


async def test_who_may_come_by_a_relay_only_is_heard_from_nowhere_else() -> None:
    relay, elsewhere = "127.0.0.2", "127.0.0.3"
    async with stage() as s:
        offer = await s.plane.offer(ROOM, ANA, frozenset({relay}))
        direct = Client(address=elsewhere)
        await s.plane.answer(ANA, offer.generation, await direct.answer(offer.sdp))
        connecting = asyncio.create_task(direct.connect())
        await asyncio.sleep(1)
        assert s.plane.generation(ANA) is None
        connecting.cancel()
        await asyncio.wait([connecting])
        await direct.ice.stop()

        offer = await s.plane.offer(ROOM, ANA, frozenset({relay}))
        ana = Client(address=relay)
        s.clients.append(ana)
        await s.plane.answer(ANA, offer.generation, await ana.answer(offer.sdp))
        await ana.connect()
        await until(lambda: s.plane.generation(ANA) == offer.generation)
        ana.speak()
        await until(lambda: s.plane.counters.received > 5)

        # the same browser, with the right keys, from its own address
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ana.move(elsewhere), 2)
        assert s.plane.generation(ANA) == offer.generation


async def test_who_is_only_quiet_stays_and_is_measured() -> None:
    async with stage() as s:
        await s.join("ana", Client(voice=False, picture=False))
        await asyncio.sleep(4)
        assert s.plane.generation(ANA) is not None
        assert s.plane.quality(ANA) is Quality.GOOD


async def test_a_line_that_loses_packets_is_called_poor() -> None:
    async with stage() as s:
        ana = await s.join("ana")
        assert s.plane.quality(ANA) is Quality.GOOD

        async def talk() -> None:
            for number in itertools.count():
                packet = ana.say()
                if number % 5:
                    await ana.send(packet)
                await asyncio.sleep(0.01)

        talking = asyncio.create_task(talk())
        await until(lambda: ("quality", "ana", Quality.POOR) in s.told.events, within=8)
        talking.cancel()
        assert s.plane.quality(ANA) is Quality.POOR
        assert s.plane.generation(ANA) is not None


async def test_a_stalled_server_blames_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SILENT_FOR", 0.8)
    async with stage() as s:
        await s.join("ana")
        real = asyncio.get_running_loop().time

        def blocked() -> None:
            end = real() + 1.2
            while real() < end:
                pass

        asyncio.get_running_loop().call_soon(blocked)
        await asyncio.sleep(1.5)
        assert s.plane.generation(ANA) is not None


async def test_a_new_connection_replaces_the_old_one_and_keeps_its_slots() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"eve": SOUND, "ana": SOUND}})
        ana.speak()
        await until(lambda: len(ben.of(1, "audio")) > 3)
        old = s.plane.generation(BEN)
        again = await s.join("ben")
        await until(lambda: len(again.of(1, "audio")) > 3)
        assert s.told.of("down", "ben") == [("down", "ben", old)]
        assert s.told.slots["ben"] == {0: "eve", 1: "ana"}
        heard = len(ben.rtp)
        await until(lambda: len(again.of(1, "audio")) > 20)
        assert len(ben.rtp) == heard
        # and the publisher's, too: the viewer's line goes on
        ana.stop_sending()
        new = await s.join("ana")
        new.speak(b"new")
        await until(lambda: again.of(1, "audio")[-1].payload.startswith(b"new"))


async def test_an_old_connection_that_speaks_again_is_not_heard() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        await s.plane.offer(ROOM, ANA)
        for _ in range(20):
            await ana.send(ana.say())
        await asyncio.sleep(0.05)
        assert not ben.rtp


async def test_stale_repeated_and_malformed_answers_change_nothing() -> None:
    async with stage() as s:
        with pytest.raises(StaleGeneration):
            await s.plane.answer(ANA, "never", "v=0")
        offer = await s.plane.offer(ROOM, ANA)
        with pytest.raises(StaleGeneration):
            await s.plane.answer(ANA, "other", "v=0")
        with pytest.raises(MalformedAnswer):
            await s.plane.answer(ANA, offer.generation, "v=0")
        client = Client()
        s.clients.append(client)
        answer = await client.answer(offer.sdp)
        await s.plane.answer(ANA, offer.generation, answer)
        with pytest.raises(AlreadyAnswered):
            await s.plane.answer(ANA, offer.generation, answer)
        await client.connect()
        await until(lambda: s.plane.generation(ANA) == offer.generation)
        with pytest.raises(AlreadyAnswered):
            await s.plane.answer(ANA, offer.generation, answer)


async def test_the_wrong_certificate_does_not_connect() -> None:
    async with stage() as s:
        offer = await s.plane.offer(ROOM, ANA)
        client = Client()
        s.clients.append(client)
        answer = await client.answer(offer.sdp)
        fingerprint = next(line for line in answer.splitlines() if line.startswith("a=fingerprint"))
        wrong = "a=fingerprint:sha-256 " + ":".join(["00"] * 32)
        await s.plane.answer(ANA, offer.generation, answer.replace(fingerprint, wrong))
        connecting = asyncio.create_task(client.connect())
        await until(lambda: bool(s.told.of("down")))
        assert not s.told.of("up")
        connecting.cancel()


async def test_offers_without_an_answer_and_answers_without_a_connection_expire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plane, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(connection, "CONNECT_WITHIN", 0.2)
    async with stage() as s:
        unanswered = await s.plane.offer(ROOM, ANA)
        await until(lambda: s.told.of("down") == [("down", "ana", unanswered.generation)])
        client = Client()
        s.clients.append(client)
        offer = await s.plane.offer(ROOM, BEN)
        await s.plane.answer(BEN, offer.generation, await client.answer(offer.sdp))
        await until(lambda: s.told.of("down", "ben") == [("down", "ben", offer.generation)])


async def test_only_so_many_connections_may_be_half_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plane, "HALF_OPEN", 3)
    async with stage() as s:
        for n in range(3):
            await s.plane.offer(ROOM, PeerId(f"p{n}"))
        with pytest.raises(TooManyConnecting):
            await s.plane.offer(ROOM, ANA)
        await s.plane.offer(ROOM, PeerId("p0"))  # in the place of one's own
        await s.plane.close(PeerId("p1"))
        await s.plane.offer(ROOM, ANA)


async def test_addresses_that_cannot_be_bound_are_left_out_and_none_left_is_an_error() -> None:
    told = Told()
    wrong = MediaPlane(addresses=["203.0.113.1"], listener=told)
    with pytest.raises(NoAddress):
        await wrong.start()
    await wrong.stop()
    some = MediaPlane(addresses=["203.0.113.1", "127.0.0.1"], listener=told)
    await some.start()
    offer = await some.offer(ROOM, ANA)
    assert offer.sdp.count("a=candidate:") == 1
    await some.stop()


async def test_without_addresses_the_machines_own_and_loopback_are_offered_and_nothing_else() -> None:
    own = MediaPlane(addresses=None, listener=Told())
    await own.start()
    candidates = [line for line in (await own.offer(ROOM, ANA)).sdp.splitlines() if line.startswith("a=candidate")]
    assert any(" 127.0.0.1 " in c for c in candidates)
    assert all(c.endswith("typ host") for c in candidates)
    await own.stop()


async def test_two_offers_at_once_leave_one_connection_behind() -> None:
    async with stage() as s:
        sockets = len(os.listdir("/proc/self/fd"))
        (port,) = s.plane._ports
        results = await asyncio.gather(*(s.plane.offer(ROOM, ANA) for _ in range(5)), return_exceptions=True)
        made = [r for r in results if not isinstance(r, BaseException)]
        assert all(isinstance(r, StaleGeneration) for r in results if isinstance(r, BaseException))
        await until(lambda: len(s.told.of("down")) == 4)
        await until(lambda: len(port._by_name) == 1)
        client = Client()
        s.clients.append(client)
        await s.plane.answer(ANA, made[-1].generation, await client.answer(made[-1].sdp))
        await client.connect()
        await client.close()
        await until(lambda: not (port._by_name or port._by_address or port._addresses or port._take_of))
        assert not port._takers
        assert len(os.listdir("/proc/self/fd")) == sockets


async def test_every_offered_connection_ends_exactly_once() -> None:
    async with stage() as s:
        await s.join("ana")
        await s.join("ana")
        await s.plane.offer(ROOM, ANA)
        await s.plane.close(ANA)
        await s.plane.close(ANA)
        await asyncio.sleep(0.1)
        assert len(s.told.of("down")) == len({e[2] for e in s.told.of("down")}) == 3
        assert len(s.told.of("up")) == 2


async def test_stop_closes_everything_without_a_word() -> None:
    async with stage() as s:
        ana = await s.join("ana")
        await s.plane.stop()
        await until(lambda: ana.dtls.state == "closed")
        assert not s.told.of("down")


async def test_media_follows_a_person_to_another_address() -> None:
    """The checks of the other side come from a new address, as after a change from Wi-Fi to mobile."""
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        ana.speak()
        await until(lambda: len(ben.rtp) > 5)
        await ben.move("127.0.0.2")
        count = len(ben.rtp)
        await until(lambda: len(ben.rtp) > count + 20, within=3)
        assert s.plane.generation(BEN) is not None
        assert not s.told.of("down")


async def test_of_two_networks_one_may_die() -> None:
    """The server sends to one pair, which goes dead without a word; unanswered checks tell it to use the other."""
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        ana.speak()
        await until(lambda: len(ben.rtp) > 5)
        await ben.lose("127.0.0.2")
        await asyncio.sleep(0.1)
        count = len(ben.rtp)
        assert await until(lambda: len(ben.rtp) > count + 5, within=3) > 0.5
        assert not s.told.of("down")
