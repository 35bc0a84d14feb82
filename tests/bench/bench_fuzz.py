"""Changed input by the million, for `make bench`: every reader of hostile bytes, with real keys where there are keys.

FUZZ_SEED=7 python -m pytest tests/bench/bench_fuzz.py -o python_files='bench_*.py' -s -q

Without FUZZ_SEED the seed is new each time.  It is printed, and a failure names it and the case.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from signalling.path import silence_libraries
from tests.signalling.fuzz_media import Media
from tests.signalling.fuzz_stun import stun_target
from tests.signalling.fuzz_targets import Answers, Feedback, Headers, Reports
from tests.signalling.fuzzing import Target, attack

ROUNDS = 10
MOST_GROWTH = 20_000_000
"""Bytes of memory between the first round and the last."""


@asynccontextmanager
async def _pure(made: Callable[[], Target]) -> AsyncIterator[Target]:
    yield made()


@pytest.mark.parametrize(
    ("opened", "cases"),
    [
        (lambda: _pure(Answers), 100_000),
        (lambda: _pure(Reports), 250_000),
        (lambda: _pure(Feedback), 100_000),
        (lambda: _pure(Headers), 200_000),
        (lambda: _pure(Media), 250_000),
        (stun_target, 200_000),
    ],
    ids=["answers", "reports", "feedback", "headers", "media", "stun"],
)
async def test_changed_input(opened: Callable[[], AbstractAsyncContextManager[Target]], cases: int) -> None:
    silence_libraries()
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    seed = int(os.environ.get("FUZZ_SEED") or secrets.randbits(32))
    sizes = []
    for number in range(ROUNDS):
        async with opened() as target:
            found = await attack(target, seed=seed + number, cases=cases // ROUNDS)
        gc.collect()
        sizes.append(_resident())
        print(f"\n{type(target).__name__}, seed {seed + number}: {found}, {sizes[-1] / 1e6:.0f} MB", end="", flush=True)
    growth = sizes[-1] - sizes[0]
    print(f"\nmemory grew by {growth / 1e6:.1f} MB from the first round to the last")
    assert not faults
    assert growth < MOST_GROWTH


def _resident() -> int:
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
