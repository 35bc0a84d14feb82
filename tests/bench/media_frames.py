"""Real VP8 and Opus, encoded once: for a server that decodes what it gets."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction

import av
from aiortc.codecs.opus import OpusEncoder
from aiortc.codecs.vpx import Vp8Encoder

PICTURES = 15
"""Frames a second."""
_WIDTH, _HEIGHT, _BITRATE, _SECONDS = 320, 240, 250_000, 4


def vp8_frames() -> Sequence[Sequence[bytes]]:
    """A texture that moves; the first frame is a key frame."""
    encoder, frames = Vp8Encoder(), []
    encoder.target_bitrate = _BITRATE
    noise = bytes((x * x * 7 + x * 13) >> 3 & 0xFF for x in range(8192))
    for n in range(PICTURES * _SECONDS):
        frame = av.VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
        for number, plane in enumerate(frame.planes):
            rows = plane.buffer_size // plane.line_size
            plane.update(b"".join(noise[(y + n * (3 - number)) % 4000 :][: plane.line_size] for y in range(rows)))
        frame.pts, frame.time_base = n * 90_000 // PICTURES, Fraction(1, 90_000)
        frames.append(encoder.encode(frame, n == 0)[0])
    return frames


def opus_frames() -> Sequence[Sequence[bytes]]:
    """A tone of two seconds."""
    encoder, frames = OpusEncoder(), []
    for n in range(50 * 2):
        frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
        frame.planes[0].update(struct.pack("<1920h", *[(k * 37 + n * 11) % 3000 - 1500 for k in range(1920)]))
        frame.sample_rate, frame.pts, frame.time_base = 48_000, n * 960, Fraction(1, 48_000)
        if payloads := encoder.encode(frame)[0]:
            frames.append(payloads)
    return frames
