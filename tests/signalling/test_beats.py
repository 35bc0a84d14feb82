"""The plane's clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import islice
from time import monotonic
from typing import cast

import pytest

from signalling import beats, rtcp
from signalling.answer import Published
from signalling.connection import Connection
from signalling.path import Path
from signalling.plan import PeerId
from signalling.profile import TrackKind
from signalling.track import KEY_FRAME_GAP, Track
from tests.signalling.stage import BOTH, ROOM, stage, until
from tests.signalling.wire import Wire


async def test_a_long_beat_is_cut_into_pieces_and_loses_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, turns = 0.0, 0
    monkeypatch.setattr(beats, "monotonic", lambda: clock)

    async def media() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(media())
    await asyncio.sleep(0)
    done: list[int] = []
    waited, longest = 0, 0.0
    began = clock
    async for number in beats.in_pieces(range(30)):
        if turns > waited:
            waited, began = turns, clock
        done.append(number)
        clock += 0.0002
        longest = max(longest, clock - began)
    other.cancel()
    assert done == list(range(30))
    assert longest < beats.PIECE + 0.0002
    assert turns >= 14


def test_people_are_looked_at_together_and_what_is_done_once_a_second_is_not_done_for_all_at_once() -> None:
    phases: list[int] = []
    for _ in range(7 * beats.TOGETHER):
        phases.append(beats.phase(phases))
    groups = [phase % beats.TENTH for phase in phases]
    full = beats.TENTH * beats.TOGETHER
    assert groups[:full] == [n // beats.TOGETHER for n in range(full)]
    assert Counter(groups) == dict.fromkeys(range(beats.TENTH), len(phases) // beats.TENTH)
    assert len({phase % beats.PER_SECOND for phase in phases[: beats.TOGETHER]}) > 5


async def test_whoever_comes_back_takes_a_beat_that_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beats, "TOGETHER", 2)
    async with stage() as s:
        people = [PeerId(f"p{n}") for n in range(6)]

        def groups() -> list[int]:
            connections = [s.plane._peers[person].connection for person in people if person in s.plane._peers]
            return sorted(each.phase % beats.TENTH for each in connections if each is not None)

        for _ in range(3):
            for person in people:
                await s.plane.offer(ROOM, person)
            assert groups() == [0, 0, 1, 1, 2, 2]


async def test_a_beat_that_comes_late_says_by_how_much() -> None:
    late: list[float] = []
    before = monotonic()
    async for beat, now, by in beats.Beats().each(lambda _: 1):
        assert beat == len(late) + 1
        assert now >= before
        late.append(by)
        before = now
        if beat == 3:
            await asyncio.sleep(0.3)
        if beat == 6:
            break
    assert 0.2 < late[3] < 2
    assert all(each < 0.2 for each in islice(late, 3))


async def test_a_beat_in_which_nothing_is_due_is_left_out_unless_it_is_wanted_after_all() -> None:
    clock = beats.Beats()
    came: list[int] = []
    began = monotonic()
    async for beat, now, _ in clock.each(lambda _: 5):
        came.append(beat)
        assert now >= began + beat * beats.TICK, "no beat comes before its time"
        if len(came) == 2:
            asyncio.get_running_loop().call_soon(clock.hurry)
        if len(came) == 3:
            clock.hurry()  # before it was asked what is due: that says it all
        if len(came) == 4:
            break
    assert came[:2] == [5, 10]
    assert 10 < came[2] < 15
    assert came[3] == came[2] + 5, "and after that one they are left out again"


async def test_for_what_is_missing_a_beat_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as s:
        ana, _ = await s.join("ana"), await s.join("ben")
        connection = s.plane._peers[PeerId("ana")].connection
        assert connection is not None
        losses = connection.tracks[TrackKind.AUDIO].losses
        await ana.send(ana.say())
        between: list[int] = []
        look = connection.tick

        def looked_at(now: float, beat: int) -> None:
            if losses.missing:
                between.append(beat % beats.TENTH)
            look(now, beat)
            losses.missing.clear()

        monkeypatch.setattr(connection, "tick", looked_at)
        for n in range(20):
            await asyncio.sleep(0.03 + n * 0.007)
            ana.say()  # which is lost
            await ana.send(ana.say())
            await until(lambda n=n: len(between) > n)  # type: ignore[misc]
        assert sum(beat > 0 for beat in between) > 5
        await until(lambda: len(ana.reports(rtcp.Nack)) == 20)


def test_for_a_key_frame_that_may_not_be_asked_for_yet_a_beat_is_not_left_out() -> None:
    hurried: list[bool] = []
    asked = Wire()
    picture = Track(
        Published(TrackKind.HIGH, 200, 201, nack=True, transport_cc=True),
        cast("Path", asked),
        lambda: hurried.append(True),
    )
    picture.want_key_frame(10.0)
    assert (len(asked.rtcp), len(hurried)) == (1, 0)
    picture.want_key_frame(10.0 + KEY_FRAME_GAP / 2)
    assert (len(asked.rtcp), len(hurried)) == (1, 1)


async def test_on_a_full_core_a_beat_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, turns = 0.0, 0
    monkeypatch.setattr(beats, "monotonic", lambda: clock)

    async def media() -> None:
        nonlocal clock, turns
        while True:
            await asyncio.sleep(0)
            turns += 1
            clock += 0.05

    other = asyncio.create_task(media())
    await asyncio.sleep(0)
    async for _ in beats.in_pieces(range(30)):
        clock += 0.0002
    other.cancel()
    assert turns <= 2


def due(connection: Connection) -> int:
    """In how many beats of a second there is something to do."""
    return sum(connection.until_due(beat) == 0 for beat in range(beats.PER_SECOND))


async def test_a_connection_is_looked_at_in_each_beat_only_while_something_cannot_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with stage() as s:
        for name in ("ana", "ben"):
            await s.join(name)
        ana = s.plane._peers[PeerId("ana")].connection
        assert ana is not None
        assert due(ana) == 10
        s.plan({"ben": {"ana": BOTH}})
        assert due(ana) == 10, "a voice that is silent is no reason"
        low = ana.tracks[TrackKind.LOW]
        hurried: list[bool] = []
        monkeypatch.setattr(low, "_hurry", lambda: hurried.append(True))
        low.wake(monotonic())
        assert due(ana) == 50, "somebody waits for the picture"
        assert hurried == [True]
        s.plan({})
        assert due(ana) == 10
        ana.tracks[TrackKind.AUDIO].losses.gap(5, 6, monotonic())
        assert due(ana) == 50, "a packet is missing"
        await s.plane.close(PeerId("ana"))
        await until(lambda: not ana.tracks)
        assert due(ana) == 10
