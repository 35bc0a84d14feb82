"""What the plan lets pass, with real ICE, DTLS and SRTP on loopback."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from itertools import pairwise

import pytest

from signalling import Flow, Layer, PeerId, RoomId, forward, rtcp
from signalling.allowance import Rate
from signalling.beats import PER_SECOND
from signalling.profile import AUDIO_CLOCK, OPUS_SILENCE
from signalling.rtcp import SenderReport
from tests.signalling.client import Client, Received
from tests.signalling.stage import BOTH, SOUND, stage, until


async def test_a_voice_and_a_picture_arrive_as_planned() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        ana.speak()
        assert ana.high is not None
        ana.show(ana.high)
        s.plan({"ben": {"ana": BOTH}})
        await until(lambda: len(ben.of(0, "audio")) > 20 and len(ben.of(0, "video")) > 20)
        assert s.told.slots["ben"] == {0: "ana"}
        assert s.told.wants["ana"] == (True, True, True)
        assert ben.of(0, "audio")[0].payload.startswith(b"voice")
        assert not ana.rtp


async def test_nothing_passes_without_a_plan() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        for _ in range(50):
            await ana.send(ana.say())
        await until(lambda: s.plane.counters.received == 50)
        assert s.plane.counters.forwarded == 0
        await settle()
        assert not ben.rtp


async def test_no_packet_crosses_a_gate_that_a_returned_set_plan_has_shut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each packet carries its number; the server says how many it had seen when a plan took effect."""
    monkeypatch.setattr(forward, "MEDIA", Rate(10_000, 10_000))  # as fast as it goes
    rng = random.Random(7)
    async with stage() as s:
        viewers = {name: await s.join(name) for name in ("ben", "eve", "joe")}
        ana = await s.join("ana")
        open_for: dict[str, list[tuple[int, int]]] = {name: [] for name in viewers}
        opened: dict[str, int] = {}

        async def talk() -> None:
            for number in range(6000):
                await ana.send(ana.say(number.to_bytes(4, "big")))
                if number - s.plane.counters.received > 50:  # more would overrun a socket buffer
                    await until(lambda: number - s.plane.counters.received < 10)  # noqa: B023  # awaited here

        talking = asyncio.create_task(talk())
        changes = 0
        while not talking.done():
            hearing = {name for name in viewers if rng.random() < 0.5}
            s.plan({name: {"ana": SOUND} for name in hearing})
            seen = s.plane.counters.received
            for name in viewers:
                if name in hearing:
                    opened.setdefault(name, seen)
                elif name in opened:
                    open_for[name].append((opened.pop(name), seen))
            changes += 1
            for _ in range(rng.randrange(1, 12)):
                await asyncio.sleep(0)
        await until(lambda: s.plane.counters.received == 6000)
        for name, since in opened.items():
            open_for[name].append((since, 6000))
        await settle()
        heard = 0
        for name, viewer in viewers.items():
            for packet in viewer.of(0, "audio"):
                if packet.payload == OPUS_SILENCE:
                    continue
                number = int.from_bytes(packet.payload[:4], "big")
                assert any(a <= number < b for a, b in open_for[name]), "a packet crossed a closed gate"
                heard += 1
        assert changes > 50
        assert heard > 1000


async def test_the_gate_opens_with_the_very_next_packet() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        await ana.send(ana.say(b"before"))
        await until(lambda: s.plane.counters.received == 1)
        s.plan({"ben": {"ana": SOUND}})
        await ana.send(ana.say(b"after"))
        await until(lambda: bool(ben.rtp))
        assert [p.payload[:5] for p in ben.rtp] == [b"after"]


async def test_a_closed_voice_ends_in_one_packet_of_silence_and_goes_on_without_a_hole() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        await talk_for(ana, 10)
        s.plan({"ben": {"ana": SOUND}})
        await talk_for(ana, 10)
        s.plan({})
        closed = time.monotonic()
        await talk_for(ana, 10)
        assert ana.voice is not None
        ana.voice.ts += 48000 // 2  # half a second passes at the microphone
        await asyncio.sleep(0.5)
        s.plan({"ben": {"ana": SOUND}})
        waited = time.monotonic() - closed
        await talk_for(ana, 10)
        await until(lambda: len(ben.rtp) >= 21)
        heard = ben.of(0, "audio")
        assert [p.payload == OPUS_SILENCE for p in heard] == [False] * 10 + [True] + [False] * 10
        assert consecutive(heard)
        assert heard[10].ts - heard[9].ts & 0xFFFFFFFF == 960
        jump = heard[11].ts - heard[9].ts & 0xFFFFFFFF
        assert abs(jump / 48000 - waited) < 0.2


async def test_a_slot_that_changes_hands_continues_one_line() -> None:
    """Eleven others have been shown, so the twelfth gets the slot that has stood unused the longest."""
    async with stage() as s:
        ana, eve, ben = await s.join("ana"), await s.join("eve"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        await talk_for(ana, 10)
        s.plan({"ben": {f"other{i}": SOUND for i in range(10)}})
        s.plan({"ben": {"eve": SOUND}})
        await asyncio.sleep(0)
        assert s.told.slots["ben"] == {0: "eve"}
        await talk_for(ana, 5)
        await talk_for(eve, 10, b"eve")
        await until(lambda: len(ben.rtp) >= 21)
        heard = ben.of(0, "audio")
        assert [p.payload[:3] for p in heard] == [b"voi"] * 10 + [OPUS_SILENCE] + [b"eve"] * 10
        assert consecutive(heard)
        assert all(0 < (b.ts - a.ts & 0xFFFFFFFF) < 48000 for a, b in pairwise(heard))


async def test_publishers_with_wrong_clocks_land_on_the_servers_line() -> None:
    """Sound and picture of one person keep their distance, and reports speak the server's time."""
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        assert ana.voice is not None
        assert ana.high is not None
        s.plan({"ben": {"ana": BOTH}})
        for wrong_by in (0.7, 0.7):
            await ana.send(ana.sender_report(ana.voice, wrong_by=wrong_by))
            await ana.send(ana.sender_report(ana.high, wrong_by=wrong_by))
        ana.voice.ts += 4800  # captured 100 ms after the report,
        ana.high.ts += 9000  # and so was the picture
        await ana.send(ana.say())
        await asyncio.sleep(0.3)  # which took longer on its way
        for packet in ana.frame(ana.high, key=True):
            await ana.send(packet)
        await until(lambda: len(ben.rtp) == 3 and len(ben.reports(SenderReport)) >= 2)
        sound, picture = ben.of(0, "audio")[0], ben.of(0, "video")[0]
        reports = {r.ssrc: r for r in ben.reports(SenderReport)}
        at = [
            reports[p.ssrc].ntp / (1 << 32) + ((p.ts - reports[p.ssrc].rtp + (1 << 31)) % (1 << 32) - (1 << 31)) / clock
            for p, clock in ((sound, 48000), (picture, 90000))
        ]
        assert abs(at[0] - at[1]) < 0.03
        assert abs(at[0] - 0.1 - (time.time() + 2208988800)) < 0.5


async def test_a_picture_is_reported_of_each_second_only_while_it_has_a_voice_to_stay_together_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        assert ana.voice is not None
        assert ana.high is not None
        viewer = s.plane._peers[PeerId("ben")].connection
        assert viewer is not None

        def reported() -> Counter[int]:
            """Of whom in ten seconds: SSRC -> how often.  Nothing else happens meanwhile."""
            written: list[bytes] = []
            with monkeypatch.context() as patch:
                patch.setattr(viewer.path, "send_rtcp", written.append)
                for second in range(1, 11):
                    viewer.path.heard_at = time.monotonic()
                    viewer.tick(time.monotonic(), second * PER_SECOND)
            packets = [packet for compound in written for packet in rtcp.parse(compound)]
            return Counter(packet.ssrc for packet in packets if isinstance(packet, SenderReport))

        s.plan({"ben": {"ana": BOTH}})
        await ana.send(ana.sender_report(ana.voice))
        await ana.send(ana.sender_report(ana.high))
        for packet in ana.frame(ana.high, key=True):
            await ana.send(packet)
        await until(lambda: bool(ben.of(0, "video")))
        picture = ben.of(0, "video")[0].ssrc
        assert reported() == {picture: 2}
        await ana.send(ana.say())
        await until(lambda: len(ben.of(0, "audio")) == 1)
        assert reported() == {picture: 10, ben.of(0, "audio")[0].ssrc: 10}


async def test_who_connects_later_finds_the_plan() -> None:
    async with stage() as s:
        s.plan({"ben": {"ana": SOUND}, "ana": {"ben": SOUND}})
        ana = await s.join("ana")
        ana.speak()
        ben = await s.join("ben")
        ben.speak()
        await until(lambda: len(ben.of(0, "audio")) > 5 and len(ana.of(0, "audio")) > 5)
        assert s.told.slots == {"ana": {0: "ben"}, "ben": {0: "ana"}}


async def test_rooms_do_not_reach_into_each_other() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben", room=RoomId("other"))
        s.plan({"ben": {"ana": SOUND}})
        s.plan({"ben": {"ana": SOUND}}, room=RoomId("other"))
        await talk_for(ana, 20)
        await settle()
        assert not ben.rtp


async def test_a_forgotten_room_is_silent_and_empty() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        s.plane.forget_room(RoomId("room"))
        forwarded = s.plane.counters.forwarded
        await asyncio.sleep(0)
        assert s.plane.generation(PeerId("ana")) is None
        assert {e[1] for e in s.told.of("down")} == {"ana", "ben"}
        assert s.plane.counters.forwarded == forwarded
        assert len(ben.rtp) <= 1
        assert ana.voice is not None


async def test_wishes_and_slots_are_told_once_and_only_when_they_change() -> None:
    async with stage() as s:
        await s.join("ana"), await s.join("ben")
        await settle()
        assert [e[0] for e in s.told.events if e[1] == "ana"] == ["up", "quality", "slots", "wanted"]
        s.told.events.clear()
        s.plan({"ben": {"ana": Flow(video=Layer.LOW)}})
        s.plan({"ben": {"ana": Flow(video=Layer.LOW)}})
        await settle()
        assert [(e[0], e[1]) for e in s.told.events] == [("slots", "ben"), ("wanted", "ana")]
        assert s.told.wants["ana"] == (False, False, True)
        s.told.events.clear()
        s.plan({"ben": {"ana": Flow(audio=True, video=Layer.LOW)}})
        await settle()
        assert [(e[0], e[1]) for e in s.told.events] == [("wanted", "ana")]
        s.plan({})
        await settle()
        assert s.told.wants["ana"] == (False, False, False)
        assert s.told.slots["ben"] == {}


async def talk_for(client: Client, packets: int, mark: bytes = b"voice") -> None:
    """Send so many packets and wait until the server has read them (nobody else sends)."""
    for _ in range(packets):
        await client.send(client.say(mark))
        await asyncio.sleep(0.002)


async def settle() -> None:
    """Whatever is under way on loopback arrives."""
    await asyncio.sleep(0.05)


def consecutive(packets: list[Received]) -> bool:
    return all((b.seq - a.seq) & 0xFFFF == 1 for a, b in pairwise(packets))


async def test_the_silence_behind_somebody_who_was_lost_is_stamped_with_its_own_time() -> None:
    """Right behind their last packet it looks like one that was long under way, and viewers delay what follows."""
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        ana.speak()
        await until(lambda: len(ben.rtp) > 5)
        ana.stop_sending()
        await asyncio.sleep(0.6)
        s.plan({})
        await until(lambda: ben.rtp[-1].payload == OPUS_SILENCE)
        last, silence = ben.rtp[-2:]
        assert 0.5 < (silence.ts - last.ts) / AUDIO_CLOCK < 5
