"""The offer as text."""

from __future__ import annotations

from signalling.offer import Credentials, SlotSources, offer_sdp
from signalling.profile import SLOT_PAIRS

CREDENTIALS = Credentials("ufrag", "p" * 22, "sha-256 AB:CD", ("1 1 udp 2 192.0.2.1 5000 typ host",))
OFFER = offer_sdp(CREDENTIALS, [SlotSources(100 + i, 200 + i, 300 + i) for i in range(SLOT_PAIRS)])
HEAD, *SECTIONS = OFFER.split("m=")


def test_the_transport_stands_once_and_the_candidates_on_the_first_m_line() -> None:
    for attribute in ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:actpass"):
        assert OFFER.count(attribute) == HEAD.count(attribute) == 1
    assert OFFER.count("a=candidate:1 1 udp 2 192.0.2.1 5000 typ host\r\n") == 1
    assert "a=candidate" in SECTIONS[0]
    assert "a=end-of-candidates" in SECTIONS[0]


def test_three_own_m_lines_and_then_the_slots_in_one_bundle() -> None:
    assert [s[:5] for s in SECTIONS] == ["audio", "video", "video"] + ["audio", "video"] * SLOT_PAIRS
    assert all("a=recvonly" in s for s in SECTIONS[:3])
    assert all("a=sendonly" in s for s in SECTIONS[3:])
    assert "a=group:BUNDLE " + " ".join(str(i) for i in range(3 + 2 * SLOT_PAIRS)) + "\r\n" in HEAD
    for mid, section in enumerate(SECTIONS):
        assert f"a=mid:{mid}\r\n" in section


def test_a_slot_pair_is_one_stream_with_one_cname_and_every_ssrc_declared() -> None:
    for i in range(SLOT_PAIRS):
        sound, picture = SECTIONS[3 + 2 * i], SECTIONS[4 + 2 * i]
        assert f"a=msid:slot{i} slot{i}a\r\n" in sound
        assert f"a=msid:slot{i} slot{i}v\r\n" in picture
        assert f"a=ssrc:{100 + i} cname:slot{i}\r\n" in sound
        assert f"a=ssrc-group:FID {200 + i} {300 + i}\r\n" in picture
        assert f"a=ssrc:{200 + i} cname:slot{i}\r\na=ssrc:{300 + i} cname:slot{i}\r\n" in picture


def test_repeats_of_a_voice_stay_identical_because_nothing_in_them_changes() -> None:
    """Neither transport-wide numbers nor a send time on audio (nonce reuse, see offer.py); MID nowhere."""
    for section in SECTIONS:
        if section.startswith("audio"):
            assert section.count("a=extmap:") == 1
            assert "ssrc-audio-level" in section
            assert "a=rtcp-fb:111 nack\r\n" in section
            assert "transport-cc" not in section
        assert "sdes:mid" not in section


def test_estimates_travel_to_whoever_sends() -> None:
    for section in SECTIONS[1:3]:
        assert "a=rtcp-fb:96 transport-cc" in section
        assert "goog-remb" not in section
    for section in SECTIONS[4::2]:
        assert "a=rtcp-fb:96 goog-remb" in section
        assert "transport-cc" not in section


def test_every_line_ends_as_the_standard_says() -> None:
    assert OFFER.endswith("\r\n")
    assert OFFER.count("\n") == OFFER.count("\r\n")
    assert "\r\n\r\n" not in OFFER
