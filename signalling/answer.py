"""The answer, read as text from somebody who may be hostile.

Only what the server acts on is read: the transport's credentials and, from the person's own three m-lines (found by
their position; Firefox puts `a=ssrc` on the slots too), which SSRCs they send and which feedback they kept.
Candidates are ignored: the server learns addresses from authenticated connectivity checks alone, so nobody can point
it at a third party.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from signalling.errors import MalformedAnswer
from signalling.profile import EXTENSION_URIS, OWN_TRACKS, RTX, TRANSPORT_CC, TrackKind

MAX_LENGTH = 64 * 1024
"""Characters.  Chromium's answer to 11 slot pairs has 13,400."""

_LINE = re.compile(r"[a-z]=[\x20-\x7e]*")
_ICE_CHARS = re.compile(r"[A-Za-z0-9+/]+")
_SHA_256 = re.compile(r"(?i:sha-256) ((?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})")
_M_LINE = re.compile(r"m=(audio|video) (\d{1,5}) UDP/TLS/RTP/SAVPF((?: \d{1,3})+)")
_SSRC = re.compile(r"ssrc:(\d{1,10}) ")
_TRANSPORT_CC = re.compile(rf"extmap:{TRANSPORT_CC}(?:/\w+)? {re.escape(EXTENSION_URIS[TRANSPORT_CC])}")
_FID = re.compile(r"ssrc-group:FID (\d{1,10}) (\d{1,10})")


@dataclass(frozen=True, slots=True)
class Published:
    """What the person will send on one of their own m-lines."""

    kind: TrackKind
    ssrc: int
    rtx_ssrc: int | None
    nack: bool
    """The answer promises that lost packets are repeated."""
    transport_cc: bool
    """Packets carry transport-wide numbers, and feedback about them is understood."""


@dataclass(frozen=True, slots=True)
class Answer:
    ufrag: str
    password: str
    fingerprint: str
    """The SHA-256 value, `AB:CD:...`."""
    dtls_client: bool
    """The other side opens the DTLS handshake."""
    published: Mapping[TrackKind, Published]


@dataclass(slots=True)
class _Section:
    media: str = ""
    port: int = 0
    formats: tuple[int, ...] = ()
    attributes: list[str] = field(default_factory=list)

    def value(self, name: str) -> str | None:
        return next((a[len(name) + 1 :] for a in self.attributes if a.startswith(name + ":")), None)


def parse_answer(text: str, *, slot_pairs: int) -> Answer:
    """Read an answer to `offer_sdp`.  Raises `MalformedAnswer`; never anything else, whatever the text."""
    session, sections = _sections(text)
    media = [s.media for s in sections]
    if media != [k.media for k in OWN_TRACKS] + ["audio", "video"] * slot_pairs:
        raise MalformedAnswer("m_lines")
    first = sections[0]

    def transport(name: str) -> str:
        value = first.value(name) or session.value(name)
        if value is None:
            raise MalformedAnswer(name.replace("-", "_"))
        return value

    ufrag, password = transport("ice-ufrag"), transport("ice-pwd")
    if not _ICE_CHARS.fullmatch(ufrag) or not 4 <= len(ufrag) <= 256:
        raise MalformedAnswer("ice_ufrag")
    if not _ICE_CHARS.fullmatch(password) or not 22 <= len(password) <= 256:
        raise MalformedAnswer("ice_pwd")
    fingerprint = _SHA_256.fullmatch(transport("fingerprint"))
    if fingerprint is None:
        raise MalformedAnswer("fingerprint")
    setup = transport("setup")
    if setup not in ("active", "passive"):
        raise MalformedAnswer("setup")
    published = {}
    for kind, section in zip(OWN_TRACKS, sections, strict=False):
        own = _published(kind, section)
        if own is not None:
            published[kind] = own
    ssrcs = [s for p in published.values() for s in (p.ssrc, p.rtx_ssrc) if s is not None]
    if len(set(ssrcs)) != len(ssrcs):
        raise MalformedAnswer("ssrc")
    return Answer(ufrag, password, fingerprint[1], setup == "active", published)


def _sections(text: str) -> tuple[_Section, list[_Section]]:
    if len(text) > MAX_LENGTH:
        raise MalformedAnswer("length")
    if not text.startswith("v=0"):
        raise MalformedAnswer("version")
    session = current = _Section()
    sections: list[_Section] = []
    for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n"):
        if not _LINE.fullmatch(line):
            raise MalformedAnswer("line")
        if line.startswith("m="):
            match = _M_LINE.fullmatch(line)
            if match is None:
                raise MalformedAnswer("m_lines")
            current = _Section(match[1], int(match[2]), tuple(int(f) for f in match[3].split()))
            sections.append(current)
        elif line.startswith("a="):
            current.attributes.append(line[2:])
    return session, sections


def _published(kind: TrackKind, section: _Section) -> Published | None:
    """None when the person declined this m-line; it stays declined for the life of the connection."""
    sends = "sendonly" in section.attributes or "sendrecv" in section.attributes
    if section.port == 0 or not sends or kind.payload_type not in section.formats:
        return None
    rtx: int | None = None
    group = section.value("ssrc-group")
    if group is not None and kind is not TrackKind.AUDIO:
        match = _FID.fullmatch("ssrc-group:" + group)
        if match is None:
            raise MalformedAnswer("ssrc_group")
        ssrc = int(match[1])
        rtx = int(match[2]) if RTX in section.formats else None
    else:
        match = next((m for a in section.attributes if (m := _SSRC.match(a + " "))), None)
        if match is None:
            return None
        ssrc = int(match[1])
    if not (0 < ssrc < 1 << 32 and (rtx is None or 0 < rtx < 1 << 32)):
        raise MalformedAnswer("ssrc")
    feedback = {f"rtcp-fb:{kind.payload_type} {name}" for name in ("nack", "transport-cc")}
    kept = feedback.intersection(a.rstrip() for a in section.attributes)
    numbered = any(_TRANSPORT_CC.fullmatch(a) for a in section.attributes)
    return Published(
        kind,
        ssrc,
        rtx,
        nack=f"rtcp-fb:{kind.payload_type} nack" in kept,
        transport_cc=numbered and f"rtcp-fb:{kind.payload_type} transport-cc" in kept,
    )
