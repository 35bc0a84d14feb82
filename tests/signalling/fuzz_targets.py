"""What is attacked with changed input, and what is promised of each: the readers, which are pure."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from pathlib import Path

from signalling import answer, rtcp, rtp, twcc
from signalling.answer import MAX_LENGTH, Answer, parse_answer
from signalling.errors import MalformedAnswer
from signalling.profile import ABS_SEND_TIME, AUDIO_LEVEL, SLOT_PAIRS, TRANSPORT_CC
from tests.signalling.fuzzing import Target, changed_text
from tests.signalling.packets import DELTA_FRAME, KEY_FRAME, audio_level, rtp_packet, video_extensions

CHROMIUM = (Path(__file__).parent / "samples" / "chromium_answer.sdp").read_bytes()
FEW_PAIRS = 1


class Answers(Target):
    """Only `MalformedAnswer` is raised, and what is read keeps to its bounds."""

    modules = (answer,)

    def __init__(self) -> None:
        head, *sections = CHROMIUM.decode().split("\r\nm=")
        short = "\r\nm=".join([head, *sections[: 3 + 2 * FEW_PAIRS]]) + "\r\n"
        self.seeds = [short.encode(), CHROMIUM]

    def change(self, rng: random.Random, corpus: Sequence[bytes]) -> bytes:
        # the short one nearly always: there are as many lines that count in it
        return changed_text(rng, rng.choice(corpus) if rng.random() < 0.3 else corpus[0], corpus)

    def attempt(self, data: bytes) -> None:
        text = data.decode()
        for pairs in (FEW_PAIRS, SLOT_PAIRS):
            try:
                read = parse_answer(text, slot_pairs=pairs)
            except MalformedAnswer:
                continue
            self._holds(read, text)

    def _holds(self, read: Answer, text: str) -> None:
        assert len(text) <= MAX_LENGTH
        assert text.isascii()
        assert 4 <= len(read.ufrag) <= 256
        assert f":{read.ufrag}" in text
        assert 22 <= len(read.password) <= 256
        assert f":{read.password}" in text
        assert len(bytes.fromhex(read.fingerprint.replace(":", ""))) == 32
        ssrcs = [s for p in read.published.values() for s in (p.ssrc, p.rtx_ssrc) if s is not None]
        assert len(ssrcs) == len(set(ssrcs)) <= 6
        for ssrc in ssrcs:
            assert 0 < ssrc < 1 << 32
            assert str(ssrc) in text
        for kind, published in read.published.items():
            assert published.kind is kind


class Reports(Target):
    """Nothing is raised, nothing is made up, and what is spelt out stays in bounds."""

    modules = (rtcp,)

    def __init__(self) -> None:
        block = rtcp.Block(7, 128, -5, 70_000, 99, 5, 6)
        self.seeds = [
            rtcp.sender_report(5, 1 << 63, 1, 2, 3),
            rtcp.receiver_report([block]) + rtcp.picture_loss(9),
            rtcp.receiver_report([block] * 31),
            rtcp.nack(5, [1, 2, 9, 40, 65535, 0]),
            rtcp.transport_feedback(5, twcc.build([(5, 1.0), (6, 1.1)], 3)),
            struct.pack("!BBHLLLL", 0x84, rtcp.PSFB, 4, 1, 0, 7, 1 << 24),
            struct.pack("!BBHLL4sL", 0x8F, rtcp.PSFB, 4, 1, 0, b"REMB", 0x01FFFFFF) + bytes(0),
            bytes((0xA1, 201, 0, 8)) + bytes(31) + b"\x04",
        ]

    def attempt(self, data: bytes) -> None:
        read = list(rtcp.parse(data))
        assert 4 * len(read) <= len(data)
        for packet in read:
            match packet:
                case rtcp.Nack():
                    assert all(0 <= seq <= 0xFFFF for seq in packet.seqs)
                    assert sum(1 for _ in packet.seqs) <= 17 * len(data) // 4
                case rtcp.SenderReport() | rtcp.ReceiverReport():
                    assert len(packet.blocks) <= 31
                    assert all(0 <= b.fraction_lost <= 255 for b in packet.blocks)
                    again = list(rtcp.parse(rtcp.receiver_report(packet.blocks)))
                    assert [p.blocks for p in again if isinstance(p, rtcp.ReceiverReport)] == [packet.blocks]
                case rtcp.Estimate():
                    assert packet.bitrate >= 0
                case rtcp.KeyFrameRequest():
                    assert list(rtcp.parse(rtcp.picture_loss(packet.ssrc))) == [packet]


class Feedback(Target):
    """Only ValueError is raised; what is built of the input is read again as it was."""

    modules = (twcc,)

    def __init__(self) -> None:
        self.seeds = [
            twcc.build([(n, 1 + n / 100) for n in range(20)], 1),
            twcc.build([(65535, 5.0), (0, 5.1), (9, 5.7)], 255),
            twcc.build([(n * 40, 9 + n) for n in range(12)], 0),
        ]

    def attempt(self, data: bytes) -> None:
        try:
            read = twcc.parse(data)
        except ValueError:
            read = {}
        assert len(read) <= 4 * len(data) + 7
        arrivals = [struct.unpack_from("!HH", data, at) for at in range(0, len(data) - 3, 4)][: twcc.LONGEST]
        if arrivals:
            body = twcc.build([(number, 100 + at / 5000) for number, at in arrivals], 1)
            again = twcc.parse(body)
            assert len(body) <= 1400
            assert len(again) <= twcc.LONGEST
            assert {n for n, at in again.items() if at is not None} <= {number for number, _ in arrivals}
            assert any(at is not None for at in again.values())


class Headers(Target):
    """Nothing is raised, and no place is named that is not in the packet."""

    modules = (rtp,)

    def __init__(self) -> None:
        self.seeds = [
            rtp_packet(111, 1, 960, 5, b"voice", extensions=audio_level()),
            rtp_packet(96, 1, 960, 5, KEY_FRAME + bytes(30), extensions=video_extensions(7), padding=9),
            rtp_packet(96, 1, 960, 5, DELTA_FRAME),
            rtp_packet(96, 1, 960, 5, b"\x90\xf0\x81\x02\x03\x04\x00" + bytes(9), extensions=b"\x00" * 20),
            b"\x8f" + rtp_packet(97, 1, 960, 5, bytes(80))[1:],
        ]

    def attempt(self, data: bytes) -> None:
        n = len(data)
        if n < 12:
            return  # is never read
        buffer = data + bytes(2048 - n)
        offset = rtp.payload_offset(buffer, n)
        assert offset == 0 or 12 <= offset <= n
        for number, size in ((AUDIO_LEVEL, 1), (ABS_SEND_TIME, 3), (TRANSPORT_CC, 2)):
            at = rtp.find_extension(buffer, n, number, size)
            assert at == 0 or 16 < at <= n - size
            assert offset == 0 or at <= offset - size
        if offset:
            assert offset <= rtp.payload_end(buffer, n, offset) <= n
            if rtp.starts_key_frame(buffer, offset, n):
                assert buffer[offset] & 0x10
