"""Reading answers: Chromium's as it really is, Firefox's differences, and everybody else's inventions."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from signalling.answer import MAX_LENGTH, Answer, parse_answer
from signalling.errors import MalformedAnswer
from signalling.profile import SLOT_PAIRS, TrackKind

CHROMIUM = (Path(__file__).parent / "samples" / "chromium_answer.sdp").read_bytes().decode()
"""Chromium 156, with a microphone and no camera, made with the recipe of the README."""


def parse(text: str) -> Answer:
    return parse_answer(text, slot_pairs=SLOT_PAIRS)


def test_chromium() -> None:
    answer = parse(CHROMIUM)
    assert answer.ufrag == "AjQ4"
    assert answer.dtls_client
    assert answer.fingerprint.startswith("AF:7C:49")
    audio, high, low = (answer.published[kind] for kind in TrackKind)
    assert (audio.ssrc, audio.rtx_ssrc, audio.nack, audio.transport_cc) == (1928336470, None, False, False)
    assert (high.ssrc, high.rtx_ssrc, high.nack, high.transport_cc) == (2953284619, 2114626155, True, True)
    assert (low.ssrc, low.rtx_ssrc) == (3595080605, 1695463141)


def test_firefox_puts_the_transport_at_session_level_and_ssrcs_on_the_slots() -> None:
    transport = re.findall(r"(?m)^a=(?:ice-ufrag|ice-pwd|fingerprint|setup):.*\r\n", CHROMIUM)[:4]
    bare = re.sub(r"(?m)^a=(?:ice-ufrag|ice-pwd|fingerprint|setup):.*\r\n", "", CHROMIUM)
    head, first = bare.split("m=audio", 1)
    text = head + "".join(transport) + "m=audio" + first.replace("a=recvonly", "a=recvonly\r\na=ssrc:77 cname:x")
    assert parse(text) == parse(CHROMIUM)


def test_declined_m_lines_publish_nothing() -> None:
    assert TrackKind.AUDIO not in parse(own(0, "a=sendonly", "a=inactive")).published
    assert TrackKind.HIGH not in parse(own(1, "m=video 9", "m=video 0")).published
    assert TrackKind.LOW not in parse(own(2, " 96 97", " 97")).published
    assert TrackKind.AUDIO not in parse(own(0, r"a=ssrc:.*\r\n", "")).published


def test_a_picture_without_repeats_has_no_rtx() -> None:
    assert parse(own(1, " 96 97", " 96")).published[TrackKind.HIGH].rtx_ssrc is None


def test_transport_wide_numbers_need_both_the_extension_and_the_feedback() -> None:
    assert not parse(own(1, r"a=rtcp-fb:96 transport-cc\r\n", "")).published[TrackKind.HIGH].transport_cc
    assert not parse(own(1, "a=extmap:5 ", "a=extmap:6 ")).published[TrackKind.HIGH].transport_cc


def test_spellings_that_the_standards_allow() -> None:
    assert parse(CHROMIUM.replace("fingerprint:sha-256", "fingerprint:SHA-256")) == parse(CHROMIUM)
    assert parse(CHROMIUM.replace("a=extmap:5 ", "a=extmap:5/sendonly ")) == parse(CHROMIUM)
    assert parse(CHROMIUM.replace("\r\n", "\n")) == parse(CHROMIUM)
    assert parse(CHROMIUM.replace("m=audio 9 ", "m=audio 51234 ")) == parse(CHROMIUM)


def test_candidates_are_not_read() -> None:
    assert parse(CHROMIUM.replace("a=mid:0", "a=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\na=mid:0")) == parse(
        CHROMIUM
    )


@pytest.mark.parametrize(
    ("what", "spoil"),
    [
        ("length", lambda s: s + "a=x\r\n" * MAX_LENGTH),
        ("version", lambda s: s[5:]),
        ("version", lambda _: ""),
        ("line", lambda s: s.replace("s=-", "s=\x00")),
        ("line", lambda s: s.replace("s=-", "s=ünïcode")),
        ("line", lambda s: s.replace("s=-", "\n\n")),
        ("m_lines", lambda s: s[: s.rindex("m=")]),
        ("m_lines", lambda s: s + s[s.rindex("m=") :]),
        ("m_lines", lambda s: s.replace("m=audio", "m=video", 1)),
        ("m_lines", lambda s: s.replace("m=audio", "m=application", 1)),
        ("m_lines", lambda s: s.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP", 1)),
        ("m_lines", lambda s: s.replace("SAVPF 111", "SAVPF " + "9" * 5000, 1)),
        ("ice_ufrag", lambda s: re.sub("a=ice-ufrag:.*\r\n", "", s)),
        ("ice_ufrag", lambda s: s.replace("ufrag:AjQ4", "ufrag:Aj")),
        ("ice_ufrag", lambda s: s.replace("ufrag:AjQ4", "ufrag:Aj Q4")),
        ("ice_pwd", lambda s: re.sub("a=ice-pwd:.*", "a=ice-pwd:short\r", s)),
        ("ice_pwd", lambda s: re.sub("a=ice-pwd:.*", "a=ice-pwd:" + "x" * 300 + "\r", s)),
        ("fingerprint", lambda s: s.replace("sha-256", "sha-1")),
        ("fingerprint", lambda s: s.replace("AF:7C", "AF7C")),
        ("setup", lambda s: s.replace("setup:active", "setup:actpass")),
        ("ssrc", lambda s: s.replace("1928336470", "2953284619")),
        ("ssrc", lambda s: s.replace("1928336470", "0")),
        ("ssrc", lambda s: s.replace("2114626155", "4294967296")),
        ("ssrc_group", lambda s: s.replace("FID 2953284619 2114626155", "FID 2953284619")),
    ],
)
def test_what_is_wrong_is_named_in_a_fixed_word(what: str, spoil: Callable[[str], str]) -> None:
    with pytest.raises(MalformedAnswer) as refused:
        parse(spoil(CHROMIUM))
    assert refused.value.what == what


def test_no_text_raises_anything_else() -> None:
    rng = random.Random(4)
    lines = CHROMIUM.split("\r\n")
    accepted = 0
    for _ in range(3000):
        text = list(lines)
        for _ in range(rng.randrange(1, 4)):
            i = rng.randrange(len(text))
            match rng.randrange(5):
                case 0:
                    del text[i]
                case 1:
                    text.insert(i, rng.choice(lines))
                case 2:
                    text[i] = text[i][: rng.randrange(len(text[i]) + 1)]
                case 3:
                    text[i] += rng.choice((" ", "\n", "\x00", "0" * 40, ":", "a=ssrc:", " 1 2"))
                case 4:
                    text[i] = "".join(chr(rng.randrange(32, 127)) for _ in range(rng.randrange(40)))
        try:
            parse("\r\n".join(text))
            accepted += 1
        except MalformedAnswer:
            continue
    assert 0 < accepted < 3000


def own(index: int, pattern: str, replacement: str) -> str:
    """Chromium's answer with one of its own m-lines changed."""
    parts = re.split(r"(?m)^(?=m=)", CHROMIUM)
    changed = re.sub(pattern, replacement, parts[1 + index])
    assert changed != parts[1 + index]
    return "".join([*parts[: 1 + index], changed, *parts[2 + index :]])
