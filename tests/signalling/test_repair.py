"""Lost packets, both ways; and what the server reports of itself."""

from __future__ import annotations

import asyncio

from signalling import rtcp, track, twcc
from signalling.profile import OPUS_SILENCE, RTX, TRANSPORT_CC
from signalling.rtp import find_extension
from tests.signalling.client import Client, rtp_packet, video_extensions
from tests.signalling.stage import BOTH, SOUND, stage, until


async def test_a_lost_picture_packet_comes_again_as_rtx() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": BOTH}})
        assert ana.high is not None
        for n in range(20):
            for packet in ana.frame(ana.high, key=n == 0):
                await ana.send(packet)
        await until(lambda: len(ben.of(0, "video")) == 40)
        lost = ben.of(0, "video")[7]
        await ben.send(rtcp.nack(lost.ssrc, [lost.seq]))
        await until(lambda: bool(ben.of(0, "rtx")))
        (again,) = ben.of(0, "rtx")
        assert again.payload_type == RTX
        assert again.payload == lost.seq.to_bytes(2, "big") + lost.payload
        assert again.ts == lost.ts
        assert again.plain[1] >> 7 == lost.plain[1] >> 7
        await ben.send(rtcp.nack(lost.ssrc, [lost.seq]))
        await until(lambda: len(ben.of(0, "rtx")) == 2)
        assert ben.of(0, "rtx")[1].seq == (again.seq + 1) & 0xFFFF


async def test_a_lost_voice_packet_comes_again_byte_for_byte() -> None:
    """AES-GCM: another ciphertext under the same number would give the key stream away."""
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        await send_voice(ana, 30)
        await until(lambda: len(ben.rtp) == 30)
        wire = {p.seq: p.raw for p in ben.rtp}
        datagrams: list[bytes] = []
        receive = ben.dtls.transport._recv

        async def tapped() -> bytes:
            datagrams.append(await receive())
            return datagrams[-1]

        ben.ice._recv = tapped
        asked = [p.seq for p in ben.rtp[5:25]]
        await ben.send(rtcp.nack(ben.ssrc(0, "audio"), asked))
        await send_voice(ana, 1)  # wakes the reader of `ben`, who was waiting with the old function
        await until(lambda: sum(d in wire.values() for d in datagrams) >= 19)
        again = [d for d in datagrams if 127 < d[0] < 192 and not 191 < d[1] < 224 and len(d) == len(ben.rtp[0].raw)]
        assert all(d == wire[int.from_bytes(d[2:4], "big")] for d in again if int.from_bytes(d[2:4], "big") in wire)


async def test_nothing_comes_again_from_behind_a_gate_that_has_closed() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": SOUND}})
        await send_voice(ana, 10)
        await until(lambda: len(ben.rtp) == 10)
        before = [p.seq for p in ben.rtp]
        s.plan({})
        await send_voice(ana, 10, b"secret")
        await until(lambda: s.plane.counters.received == 20)
        s.plan({"ben": {"ana": SOUND}})
        await send_voice(ana, 3, b"after")
        await until(lambda: len(ben.rtp) == 14)
        forwarded = s.plane.counters.forwarded
        every = {(before[0] + n) & 0xFFFF for n in range(-600, 11)}
        await ben.send(rtcp.nack(ben.ssrc(0, "audio"), sorted(every)))
        await ben.send(rtcp.nack(ben.ssrc(0, "audio"), [ben.rtp[-1].seq]))
        await asyncio.sleep(0.1)
        assert s.plane.counters.forwarded == forwarded
        assert len(ben.rtp) == 14, "libsrtp drops the identical copy of the last; nothing else may have come"
        assert not any(p.payload.startswith(b"secret") for p in ben.rtp)
        assert [p.payload for p in ben.rtp].count(OPUS_SILENCE) == 1


async def test_a_storm_of_nacks_is_bounded() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": BOTH}})
        assert ana.high is not None
        for n in range(30):
            for packet in ana.frame(ana.high, key=n == 0, parts=4):
                await ana.send(packet)
            await asyncio.sleep(0)
        await until(lambda: len(ben.of(0, "video")) == 120)
        seqs = [p.seq for p in ben.of(0, "video")]
        for _ in range(50):
            await ben.send(rtcp.nack(ben.ssrc(0, "video"), seqs))
        await asyncio.sleep(0.2)
        assert 0 < len(ben.of(0, "rtx")) <= 2 * (100 + 60)


async def test_what_a_publisher_lost_is_asked_for_and_put_in_its_place() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": BOTH}})
        assert ana.high is not None
        await send_all(ana, ana.frame(ana.high, key=True, parts=6))
        frame = ana.frame(ana.high, key=False, parts=6)
        lost = frame.pop(2)
        await send_all(ana, frame)
        await until(lambda: bool(ana.reports(rtcp.Nack)))
        nack = ana.reports(rtcp.Nack)[0]
        seq = int.from_bytes(lost[2:4], "big")
        assert (nack.ssrc, list(nack.seqs)) == (ana.high.ssrc, [seq])
        osn = seq.to_bytes(2, "big")
        payload = lost[24:]
        await ana.send(rtp_packet(RTX, 500, ana.high.ts, ana.high.rtx_ssrc, osn + payload, extensions=lost[16:24]))
        await until(lambda: len(ben.of(0, "video")) == 12)
        again = ben.of(0, "video")[-1]
        assert again.payload == payload
        assert sorted(p.seq for p in ben.of(0, "video"))[8] == again.seq
        # A second copy, and one that nobody asked for, go nowhere.
        await ana.send(rtp_packet(RTX, 501, ana.high.ts, ana.high.rtx_ssrc, osn + payload, extensions=lost[16:24]))
        await ana.send(rtp_packet(RTX, 502, ana.high.ts, ana.high.rtx_ssrc, b"\x00\x01" + payload))
        await until(lambda: s.plane.counters.probes == 2)
        assert len(ben.of(0, "video")) == 12


async def test_who_does_not_promise_to_repeat_is_asked_for_a_while_and_believed_when_it_works() -> None:
    """Chromium does not promise to repeat a voice and does it; Firefox does not promise it and does not do it."""
    async with stage() as s:

        def silent(sdp: str) -> str:
            return sdp.replace("a=rtcp-fb:111 nack\r\n", "")

        chromium, firefox = await s.join("chromium", edit=silent), await s.join("firefox", edit=silent)
        for _ in range(20):
            lost = {}
            for client in (chromium, firefox):
                await send_voice(client, 3)
                lost[client] = [client.say() for _ in range(10)]
                await send_voice(client, 1)
            for packet in lost[chromium]:
                await chromium.send(packet)
            await asyncio.sleep(0.03)
        asked = sum(len(list(n.seqs)) for n in firefox.reports(rtcp.Nack))
        assert track.NACK_TRIAL <= asked < 5 * track.NACK_TRIAL, "of 200 packets, up to eight times each"
        await send_voice(chromium, 1)
        before = len(chromium.reports(rtcp.Nack))
        chromium.say()
        await send_voice(chromium, 1)
        await until(lambda: len(chromium.reports(rtcp.Nack)) > before)


async def test_publishers_get_transport_wide_feedback_and_receiver_reports() -> None:
    async with stage() as s:
        ana = await s.join("ana")
        assert ana.high is not None
        ana.show(ana.high)
        ana.speak()
        await until(lambda: len(ana.reports(rtcp.TransportFeedback)) > 3 and bool(ana.reports(rtcp.ReceiverReport)))
        ana.stop_sending()
        await asyncio.sleep(0.2)
        arrivals = {n: at for f in ana.reports(rtcp.TransportFeedback) for n, at in twcc.parse(f.body).items()}
        assert sorted(arrivals) == list(range(1, ana.wide + 1))
        assert None not in arrivals.values()
        report = ana.reports(rtcp.ReceiverReport)[-1]
        assert {b.ssrc for b in report.blocks} == {ana.high.ssrc, ana.voice.ssrc if ana.voice else 0}
        assert all(b.fraction_lost == 0 and b.lost == 0 for b in report.blocks)


async def test_a_key_frame_is_asked_for_again_while_a_slot_waits_and_never_too_often() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        assert ana.high is not None
        ana.show(ana.high, key_every=1_000_000)  # the first frame is gone before anybody may see it
        await until(lambda: s.plane.counters.received > 4)
        s.plan({"ben": {"ana": BOTH}})
        loop = asyncio.get_running_loop()
        start = loop.time()
        for _ in range(20):
            await ben.send(rtcp.picture_loss(ben.ssrc(0, "video")))
        await until(lambda: len(ana.reports(rtcp.KeyFrameRequest)) == 3)
        assert 0.4 < loop.time() - start < 1.6
        assert not ben.of(0, "video")
        ana.stop_sending()
        await send_all(ana, ana.frame(ana.high, key=True))
        await until(lambda: len(ben.of(0, "video")) == 2)


async def test_the_send_time_is_the_servers_and_the_rest_of_a_packet_is_untouched() -> None:
    async with stage() as s:
        ana, ben = await s.join("ana"), await s.join("ben")
        s.plan({"ben": {"ana": BOTH}})
        assert ana.high is not None
        frame = ana.frame(ana.high, key=True)
        await send_all(ana, frame)
        await until(lambda: len(ben.of(0, "video")) == 2)
        sent, got = frame[0], ben.of(0, "video")[0].plain
        at = find_extension(got, len(got), 3, 3)
        assert got[at : at + 3] != bytes(3)
        assert find_extension(got, len(got), TRANSPORT_CC, 2) > 0
        assert got[:2] == sent[:2]
        assert got[12:at] + got[at + 3 :] == sent[12:at] + sent[at + 3 :]
        assert video_extensions(1)[-2:] == got[at + 4 : at + 6]


async def send_voice(client: Client, packets: int, mark: bytes = b"voice") -> None:
    await send_all(client, [client.say(mark) for _ in range(packets)])


async def send_all(client: Client, packets: list[bytes]) -> None:
    for packet in packets:
        await client.send(packet)
        await asyncio.sleep(0)
