"""The one media profile that is offered to everybody: payload types, header extensions, clocks, sizes.

Fixed numbers are what makes forwarding cheap: a packet keeps its payload type and its extensions from publisher to
subscriber, so that sequence number, timestamp and SSRC are all that is ever rewritten.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

OPUS: Final = 111
VP8: Final = 96
RTX: Final = 97

AUDIO_LEVEL: Final = 2
ABS_SEND_TIME: Final = 3
TRANSPORT_CC: Final = 5

EXTENSION_URIS: Final = {
    AUDIO_LEVEL: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    ABS_SEND_TIME: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    TRANSPORT_CC: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
}

AUDIO_CLOCK: Final = 48000
VIDEO_CLOCK: Final = 90000
OPUS_FRAME: Final = 960
"""Samples in one Opus packet of 20 ms."""
VOICE: Final = 24_000
"""bit/s of a voice: with its headers 47 kbit/s on the wire, so that one goes through a line of 60."""
OPUS_SILENCE: Final = b"\xf8\xff\xfe"
"""One Opus frame of 20 ms of silence (RFC 6716: CELT, fullband, mono)."""

HISTORY: Final = 512
"""Packets of a track that are kept for retransmission; a power of two."""

SLOT_PAIRS: Final = 11
"""Others that one person can hear and see.  Always the same number: it must not tell how many people there are."""

SERVER_SSRC: Final = 1
"""Sender of the server's own RTCP about what it receives."""


class TrackKind(StrEnum):
    """What a person publishes: one voice and one picture in two layers."""

    AUDIO = "audio"
    HIGH = "high"
    LOW = "low"

    @property
    def media(self) -> str:
        return "audio" if self is TrackKind.AUDIO else "video"

    @property
    def payload_type(self) -> int:
        return OPUS if self is TrackKind.AUDIO else VP8

    @property
    def clock(self) -> int:
        return AUDIO_CLOCK if self is TrackKind.AUDIO else VIDEO_CLOCK


OWN_TRACKS: Final = (TrackKind.AUDIO, TrackKind.HIGH, TrackKind.LOW)
"""The person's own m-lines, in their order in the offer."""
