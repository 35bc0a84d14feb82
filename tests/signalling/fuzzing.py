"""Hostile input made from good input, and the search for what it breaks.

A `Target` is given input after input and raises when a promise is broken.  Inputs are changed copies of those that
reached a new pair of lines in the modules under test (found in a short traced run, as AFL does it), so that the changes
begin deep inside.  Everything follows from the seed: the same seed and number of cases gives the same inputs.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter, thread_time
from types import CodeType, FrameType, ModuleType
from typing import Any, Final

LONGEST_CASE: Final = 0.25
"""CPU seconds; the longest good input takes a hundredth of it."""
_REST_EVERY: Final = 250
_EDGES: Final = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 63, 64, 127, 128, 191, 192, 200, 207, 223, 254, 255)
_WORDS: Final = (0, 1, 2, 0x7F, 0xFF, 0x100, 0x7FFF, 0x8000, 0xBEDE, 0xFFFE, 0xFFFF)


class Target:
    """What is attacked."""

    seeds: Sequence[bytes] = ()
    modules: Sequence[ModuleType] = ()
    """Reaching new lines in these makes an input worth keeping."""

    def change(self, rng: random.Random, corpus: Sequence[bytes]) -> bytes:
        """The next input."""
        return changed(rng, rng.choice(corpus), corpus)

    def attempt(self, data: bytes) -> None:
        """Raises whatever must not be raised, and AssertionError for a broken promise."""
        raise NotImplementedError

    async def rest(self) -> None:
        """Called every so often: what was put off is done."""
        await asyncio.sleep(0)


@dataclass
class Found:
    cases: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    """CPU seconds of the slowest case."""
    kept: int = 0
    """Inputs that reached new lines."""

    def __str__(self) -> str:
        return (
            f"{self.cases:,} cases, {self.cases / self.seconds:,.0f} a second, "
            f"slowest {1000 * self.slowest:.1f} ms, {self.kept} inputs that reached something new"
        )


async def attack(target: Target, *, seed: int, cases: int, traced: int = 1000) -> Found:
    """`cases` inputs, `traced` of them to find out where changes lead.

    Raises AssertionError, which says how to repeat it.
    """
    rng = random.Random(seed)
    corpus, found = list(target.seeds), Found()
    lines = _Lines(target.modules)
    start = perf_counter()
    for case in range(cases):
        data = target.seeds[case] if case < len(target.seeds) else target.change(rng, corpus)
        began = thread_time()
        try:
            if case < traced and target.modules:
                with lines:
                    target.attempt(data)
                if lines.new and case >= len(target.seeds):
                    corpus.append(data)
            else:
                target.attempt(data)
                found.slowest = max(found.slowest, thread_time() - began)
                assert thread_time() - began < LONGEST_CASE, "it took too long"
        except Exception as fault:
            raise AssertionError(
                f"{type(target).__name__}, seed {seed}, case {case}: {fault!r} by {data[:2000]!r}"
            ) from fault
        if case % _REST_EVERY == 0:
            await target.rest()
    found.cases, found.seconds = cases, perf_counter() - start
    found.kept = len(corpus) - len(target.seeds)
    return found


@dataclass
class _Lines:
    """Which pairs of consecutive lines were run."""

    modules: Iterable[ModuleType]
    seen: set[tuple[CodeType, int, int]] = field(default_factory=set)
    new: bool = False

    def __post_init__(self) -> None:
        self._files = {module.__file__ for module in self.modules}

    def __enter__(self) -> None:
        self.new = False
        sys.settrace(self._called)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in self._files:
            return None
        before = 0

        def line(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal before
            if event == "line":
                pair = frame.f_code, before, frame.f_lineno
                before = frame.f_lineno
                if pair not in self.seen:
                    self.seen.add(pair)
                    self.new = True
            return line

        return line


def changed(rng: random.Random, data: bytes, corpus: Sequence[bytes], most: int = 1500) -> bytes:
    """A copy of `data` with a few changes of the kinds that break parsers."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        _change(rng, out, corpus)
    return bytes(out[:most])


def _change(rng: random.Random, out: bytearray, corpus: Sequence[bytes]) -> None:
    size = len(out)
    at = rng.randrange(size) if size else 0
    match rng.randrange(10):
        case 0 if size:
            out[at] ^= 1 << rng.randrange(8)
        case 1 if size:
            out[at] = rng.choice(_EDGES)
        case 2 if size > 1:  # a length or a number
            at = min(at, size - 2)
            out[at : at + 2] = rng.choice(_WORDS).to_bytes(2, "big")
        case 3 if size > 1:
            at = min(at, size - 2)
            word = int.from_bytes(out[at : at + 2], "big") + rng.choice((-2, -1, 1, 2, 4))
            out[at : at + 2] = (word & 0xFFFF).to_bytes(2, "big")
        case 4:
            del out[at:]
        case 5:
            del out[at : at + rng.choice((1, 2, 4, 8, 24))]
        case 6:
            out[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8, 24)))
        case 7:  # a piece once more
            piece = out[at : at + rng.choice((4, 8, 24, 100))]
            out[at:at] = piece * rng.choice((1, 2, 10))
        case 8 if corpus:  # one input's head on another's tail
            other = rng.choice(corpus)
            cut = rng.randrange(len(other) + 1)
            out[at:] = other[cut:]
        case _:
            out += bytes(rng.choice((0, 1, 255)) for _ in range(rng.choice((1, 4, 40))))


_LINES: Final = (
    "v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=video 0 UDP/TLS/RTP/SAVPF 96 97", "m=application 9 UDP/DTLS/SCTP x",
    "a=sendonly", "a=sendrecv", "a=inactive", "a=setup:active", "a=setup:actpass", "a=setup:passive", "a=ice-ufrag:",
    "a=ssrc:0 cname:x", "a=ssrc:4294967296 cname:x", "a=ssrc:7", "a=ssrc-group:FID 7 7", "a=ssrc-group:FID 7",
    "a=ssrc-group:SIM 1 2 3", "a=extmap:5", "a=ice-pwd:short", "a=fingerprint:sha-1 AA", "a=candidate:", "a=", "",
    "a=" + "x" * 5000, "z=\u0663", "a=ssrc:\u0663\u0663 x", "a=rtcp-fb:111 nack", "a=rtcp-fb:96 transport-cc ",
)  # fmt: skip
_NUMBERS: Final = ("0", "1", "9", "65536", "4294967295", "4294967296", "99999999999", "-1", "1e3", "")
_LONGEST_TEXT: Final = 100_000
"""Well beyond what is read at all."""


def changed_text(rng: random.Random, data: bytes, corpus: Sequence[bytes]) -> bytes:
    """An SDP with lines that went, came, moved, and were written differently."""
    lines = data.decode("utf-8", "replace").split("\r\n")
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at = rng.randrange(len(lines))
        match rng.randrange(9):
            case 0:
                del lines[at : at + rng.choice((1, 1, 1, 2, 20))]
            case 1:
                lines.insert(at, rng.choice(_LINES))
            case 2:
                lines.insert(rng.randrange(len(lines)), lines[at])
            case 3:
                lines[at] = rng.choice(_LINES)
            case 4:  # one number
                words = lines[at].replace(":", " : ").split(" ")
                places = [i for i, word in enumerate(words) if word.isdigit()]
                if places:
                    words[rng.choice(places)] = rng.choice(_NUMBERS)
                    lines[at] = " ".join(words).replace(" : ", ":")
            case 5:
                line = lines[at]
                cut = rng.randrange(len(line) + 1)
                lines[at] = line[:cut] + chr(rng.choice((0, 9, 10, 13, 32, 65, 126, 127, 0x663, 0x1F600))) + line[cut:]
            case 6:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
            case 7:  # a piece many times
                lines[at:at] = lines[at : at + rng.choice((1, 5, 20))] * rng.choice((2, 30))
            case _:
                other = rng.choice(corpus).decode("utf-8", "replace").split("\r\n")
                lines[at:] = other[rng.randrange(len(other)) :]
        if not lines or sum(map(len, lines)) > _LONGEST_TEXT:
            break
    return rng.choice(("\r\n", "\r\n", "\r\n", "\n")).join(lines)[:_LONGEST_TEXT].encode()
