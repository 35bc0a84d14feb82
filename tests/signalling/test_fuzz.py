"""A short run of every attack by changed input; `tests/bench/bench_fuzz.py` is the long one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from signalling import MalformedAnswer, connection, forward
from signalling.losses import LARGEST_GAP, OLDEST, Losses
from signalling.path import silence_libraries
from tests.signalling.fuzz_media import Media
from tests.signalling.fuzz_stun import stun_target
from tests.signalling.fuzz_targets import CHROMIUM, Answers, Feedback, Headers, Reports
from tests.signalling.fuzzing import Target, attack
from tests.signalling.stage import ROOM, stage
from tests.signalling.wire import Bench

SEED = 1


@pytest.mark.parametrize(
    ("target", "cases"),
    [(Answers, 1500), (Reports, 20_000), (Feedback, 4000), (Headers, 20_000), (Media, 20_000)],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
async def test_changed_input_breaks_nothing(target: type[Target], cases: int) -> None:
    await attack(target(), seed=SEED, cases=cases)


async def test_changed_stun_breaks_nothing() -> None:
    silence_libraries()
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    async with stun_target() as target:
        await attack(target, seed=SEED, cases=15_000)
    assert not faults


async def test_the_attack_finds_what_is_broken() -> None:
    class Careless(Reports):
        def attempt(self, data: bytes) -> None:
            super().attempt(data)
            assert not (len(data) > 9 and data[9] == 255)

    with pytest.raises(AssertionError, match=r"Careless, seed 1, case \d+"):
        await attack(Careless(), seed=SEED, cases=20_000)


async def test_an_answer_that_is_refused_changes_nothing() -> None:
    async with stage() as s:
        offer = await s.plane.offer(ROOM, "eve")  # type: ignore[arg-type]
        refused = 0

        class Given(Answers):
            def attempt(self, data: bytes) -> None:
                nonlocal refused
                known = s.plane._peers["eve"].connection  # type: ignore[index]
                assert known is not None
                with pytest.raises(MalformedAnswer):
                    known.answer(data.decode() + "x")
                refused += 1
                assert known.state is connection.State.OFFERED
                assert not known.tracks
                assert known._connecting is None

        await attack(Given(), seed=SEED, cases=300)
        assert refused == 300
        await s.plane.answer("eve", offer.generation, CHROMIUM.decode())  # type: ignore[arg-type]


def test_what_is_skipped_on_purpose_costs_no_memory() -> None:
    """199 numbers with each packet: a thousand packets between two beats."""
    losses = Losses()
    for n in range(1000):
        losses.gap(n * 200 + 1, (n + 1) * 200, 0.0)
    assert len(losses.missing) < OLDEST + LARGEST_GAP


def test_what_a_leap_left_in_the_history_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would go out under a number that is still to come: two plaintexts under one AES-GCM nonce."""
    monkeypatch.setattr(forward, "protect", lambda *_: 0)
    monkeypatch.setattr(forward, "unprotect", lambda *_: 0)
    bench = Bench()
    bench.open()
    for seq in (10, 11, 12, 12 + 0x7FF0, 12 + 0xFFE0):
        bench.voice(seq & 0xFFFF)
    behind = bench.sent()[1][1]  # 65,505 numbers ago, or 31 ahead: by 16 bits that is the same
    sent = len(bench.viewer.sent)
    assert bench.sound.resend(bench.sent()[-1][1], 0.0)
    assert not bench.sound.resend(behind, 0.0)
    assert len(bench.viewer.sent) == sent + 1
