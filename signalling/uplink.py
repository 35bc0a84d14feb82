"""What one person sends: how it arrives, and what their browser is told of that once or ten times a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from signalling import rtcp, twcc
from signalling.congestion import LOSSY_ABOVE, Congestion
from signalling.forward import Inlet
from signalling.path import Path
from signalling.profile import TrackKind
from signalling.track import Track

MANY: Final = 5
"""Packets of which a publisher is told within 0.1 s; of fewer, a small picture's, within 0.2 s."""


class Uplink:
    """One for each connection, from its answer on."""

    def __init__(self, path: Path, tracks: Mapping[TrackKind, Track], inlet: Inlet) -> None:
        self.inlet = inlet
        self.tracks = tuple(tracks.values())
        self.loss: float | None = None
        """The share of the worst track that did not come in the last second."""
        self.jitter: float | None = None
        """Of the voice, in s."""
        self._path = path
        self._picture = next((track.ssrc for track in self.tracks if track.is_video), 0)
        self._feedbacks = 0
        self._congestion = Congestion(LOSSY_ABOVE)

    def tell_arrivals(self, least: int = 1) -> None:
        """Transport-wide feedback, if there are so many packets to tell of."""
        arrivals = self.inlet.arrivals
        if len(arrivals) < least:
            return
        body = twcc.build(arrivals, self._feedbacks)
        arrivals.clear()
        self._feedbacks += 1
        self._path.send_rtcp(rtcp.transport_feedback(self._picture, body))

    def report(self, now: float) -> bytes:
        """A receiver report, empty while nothing comes; to be called once a second."""
        self.loss = self.jitter = None
        blocks = []
        for track in self.tracks:
            track.measure()
            block = track.report_block(now)
            if block is None:
                continue
            self._congestion.reported(block)
            self.loss = max(self.loss or 0.0, block.fraction_lost / 256)
            if track.kind is TrackKind.AUDIO:
                self.jitter = block.jitter / track.clock
                block = track.strained(block)
            blocks.append(block)
        return rtcp.receiver_report(blocks) if blocks else b""

    @property
    def lossy(self) -> bool:
        """See `Congestion.lossy`."""
        return self._congestion.lossy

    def lost(self) -> float | None:
        """The share lost in a full queue in the last second (`Congestion.lost`); to be called once a second."""
        return self._congestion.lost(self._path.queued)
