"""The one offer, as text.

The server offers once for each connection and the browser answers once: the person's own three m-lines (audio, high
and low picture), then a pool of slot pairs for what they hear and see of others.  Whoever comes, leaves, passes the
piece or changes rooms only re-points slots.  Transport attributes stand once, at session level; the candidates on the
first m-line, which carries the whole BUNDLE.

Three choices that look odd and are not:
* transport-cc is offered on the own *video* m-lines only.  A browser repeats a lost Opus packet with a new
  transport-wide number in the header; under AES-GCM that would be a second plaintext under one nonce.  Without the
  extension the repeat is the identical packet.
* abs-send-time is on video only, for the same reason: the server rewrites it on each send, and resends audio
  identically.
* there is no MID extension.  Every SSRC is declared, and a publisher's MID would misroute at the subscriber.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signalling.profile import (
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    EXTENSION_URIS,
    OPUS,
    OWN_TRACKS,
    RTX,
    TRANSPORT_CC,
    VOICE,
    VP8,
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the browser is to answer.  `generation` names the connection in everything that follows."""

    generation: str
    sdp: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the other side needs to reach and to authenticate this transport."""

    ufrag: str
    password: str
    fingerprint: str
    """As in the attribute: `sha-256 AB:CD:...`."""
    candidates: tuple[str, ...]
    """As in the attribute, without `candidate:`."""


@dataclass(frozen=True, slots=True)
class SlotSources:
    """The fixed SSRCs of one slot pair."""

    audio: int
    video: int
    video_rtx: int


def offer_sdp(credentials: Credentials, slots: Sequence[SlotSources]) -> str:
    """The offer for a connection with `slots`; slot pair i has stream id `sloti` and m-lines 3+2i and 4+2i."""
    count = len(OWN_TRACKS) + 2 * len(slots)
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE " + " ".join(str(mid) for mid in range(count)),
        "a=msid-semantic: WMS *",
        f"a=ice-ufrag:{credentials.ufrag}",
        f"a=ice-pwd:{credentials.password}",
        f"a=fingerprint:{credentials.fingerprint}",
        "a=setup:actpass",
    ]
    for mid, kind in enumerate(OWN_TRACKS):
        lines += _m_line(kind.media, mid, "recvonly")
        if mid == 0:
            lines += [f"a=candidate:{candidate}" for candidate in credentials.candidates]
            lines.append("a=end-of-candidates")
    for index, sources in enumerate(slots):
        name = f"slot{index}"
        mid = len(OWN_TRACKS) + 2 * index
        lines += _m_line("audio", mid, "sendonly")
        lines += [f"a=msid:{name} {name}a", f"a=ssrc:{sources.audio} cname:{name}"]
        lines += _m_line("video", mid + 1, "sendonly")
        lines += [
            f"a=msid:{name} {name}v",
            f"a=ssrc-group:FID {sources.video} {sources.video_rtx}",
            f"a=ssrc:{sources.video} cname:{name}",
            f"a=ssrc:{sources.video_rtx} cname:{name}",
        ]
    return "\r\n".join(lines) + "\r\n"


def _m_line(media: str, mid: int, direction: str) -> list[str]:
    audio = media == "audio"
    ours = direction == "recvonly"
    lines = [
        f"m={media} 9 UDP/TLS/RTP/SAVPF {OPUS if audio else f'{VP8} {RTX}'}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]
    extensions = (AUDIO_LEVEL,) if audio else (ABS_SEND_TIME, TRANSPORT_CC) if ours else (ABS_SEND_TIME,)
    lines += [f"a=extmap:{number} {EXTENSION_URIS[number]}" for number in extensions]
    if audio:
        return [
            *lines,
            f"a=rtpmap:{OPUS} opus/48000/2",
            f"a=fmtp:{OPUS} minptime=10;useinbandfec=1;usedtx=1;maxaveragebitrate={VOICE}",
            f"a=rtcp-fb:{OPUS} nack",
        ]
    # The estimate travels where it is needed: TWCC towards publishers, REMB from subscribers.
    feedback = ("nack", "nack pli", "ccm fir", "transport-cc" if ours else "goog-remb")
    return [
        *lines,
        f"a=rtpmap:{VP8} VP8/90000",
        *(f"a=rtcp-fb:{VP8} {name}" for name in feedback),
        f"a=rtpmap:{RTX} rtx/90000",
        f"a=fmtp:{RTX} apt={VP8}",
    ]
