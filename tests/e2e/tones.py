"""One tone and one colour for each person, and from the peaks that a page hears back to the people.

Tones are at least 200 Hz apart and none is a multiple of another: a distorted tone's overtone must not name somebody
else.  At 48 kHz a bin of the page's FFT is 5.9 Hz wide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NEAR = 25
"""Hz between a peak and the tone that it is taken for."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What a person sends, as long as anything lets them."""

    name: str
    hz: int
    colour: str
    """#rrggbb"""

    @property
    def rgb(self) -> tuple[int, int, int]:
        return int(self.colour[1:3], 16), int(self.colour[3:5], 16), int(self.colour[5:7], 16)


_COLOURS = ("#cc0000", "#00aa00", "#0000cc", "#aaaa00", "#00aaaa", "#aa00aa", "#808080", "#ff8800")
_TONES = (410, 620, 870, 1090, 1310, 1510, 1930, 2290)


def voices(names: Iterable[str]) -> dict[str, Voice]:
    """A voice of their own for up to eight people."""
    given = {name: Voice(name, hz, colour) for name, hz, colour in zip(names, _TONES, _COLOURS, strict=False)}
    assert set(given) == set(names)
    return given


def heard(peaks: Iterable[float], everybody: Iterable[Voice]) -> frozenset[str]:
    """Whose tones these peaks are; a peak that is nobody's is named by its frequency, so that no test overlooks it."""
    people = list(everybody)
    names = set()
    for peak in peaks:
        nearest = min(people, key=lambda voice: abs(voice.hz - peak))
        names.add(nearest.name if abs(nearest.hz - peak) <= NEAR else f"{peak} Hz")
    return frozenset(names)
