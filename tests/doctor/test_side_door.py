"""The door into the running program: who may use it, what it opens, and that it shuts by itself."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from server.doctor import side_door as module
from server.doctor.findings import State
from server.doctor.media import _through
from server.doctor.side_door import FILE, LISTENER, ROOM, SPEAKER, Door, OnPlane, Refused, side_door
from server.settings import Settings
from signalling.caller import Caller
from tests.signalling.stage import ROOM as MEETING
from tests.signalling.stage import stage, stage_of_workers, until


async def test_a_voice_goes_through_it_and_nothing_is_left(tmp_path: Path) -> None:
    async with stage() as s, side_door(tmp_path, 8080, s.plane):
        door = Door(tmp_path)
        assert await door.knock() == 8080
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
        callers = []
        for peer in (SPEAKER, LISTENER):
            callers.append(Caller(["127.0.0.1"]))
            generation, sdp = await door.offer(peer, None)
            await door.answer(peer, generation, await callers[-1].answer(sdp))
            await callers[-1].connect(10)
        await callers[0].say()
        await until(lambda: s.plane.counters.received == 1)
        await door.open()
        await callers[0].say()
        await until(lambda: callers[1].heard == 1)
        await door.end()
        assert s.plane.generation(SPEAKER) is s.plane.generation(LISTENER) is None
        for caller in callers:
            await caller.close()
    assert not (tmp_path / FILE).exists()
    assert await Door(tmp_path).knock() is None


async def test_who_is_heard_from_one_address_only_is_not_heard_from_another(tmp_path: Path) -> None:
    async with stage() as s, side_door(tmp_path, 8080, s.plane):
        door, caller = Door(tmp_path), Caller(["127.0.0.1"])
        generation, sdp = await door.offer(SPEAKER, ["203.0.113.5"])
        await door.answer(SPEAKER, generation, await caller.answer(sdp))
        with pytest.raises((ConnectionError, TimeoutError)):
            await caller.connect(1)
        await caller.close()


async def test_what_the_plane_refuses_is_told_by_its_code(tmp_path: Path) -> None:
    async with stage() as s, side_door(tmp_path, 8080, s.plane):
        door = Door(tmp_path)
        with pytest.raises(Refused, match="stale_generation"):
            await door.answer(SPEAKER, "nothing", "v=0")
        generation, _ = await door.offer(SPEAKER, None)
        with pytest.raises(Refused, match="malformed_answer"):
            await door.answer(SPEAKER, generation, "v=0")


async def test_each_worker_can_be_tried_however_full_it_is(tmp_path: Path) -> None:
    async with stage_of_workers(2) as s, side_door(tmp_path, 8080, s.plane):
        await s.join("ana")
        busy = s.plane.home_of(MEETING)
        door = Door(tmp_path)
        assert await door.workers() == 2
        for worker in (0, 1, 1, 0):
            await door.begin(worker)
            await door.offer(SPEAKER, None)
            assert s.plane.home_of(ROOM) == worker
        await door.end()
        await s.plane.confirmed(ROOM)
        assert s.plane.home_of(ROOM) is None
        assert s.plane.home_of(MEETING) == busy
        with pytest.raises(Refused, match="no_such_worker"):
            await door.begin(2)


async def test_a_worker_that_cannot_be_kept_alive_is_not_taken_for_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage_of_workers(2) as s, side_door(tmp_path, 8080, s.plane):
        door = Door(tmp_path)
        await door.begin(1)
        monkeypatch.setattr(type(s.plane.homes[1]), "failing", property(lambda home: home is s.plane.homes[1]))
        with pytest.raises(Refused, match="restarting"):
            await door.offer(SPEAKER, None)
        finding = await _through(door, Settings(), None, 1, 2)
        assert finding.state is State.BROKEN
        assert "to worker 2 of 2: that process does not stay alive" in finding.says


async def test_a_trial_that_was_begun_and_left_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.2)
    async with stage_of_workers(2) as s:
        trial = OnPlane(s.plane)
        await trial.begin(1)
        assert s.plane.home_of(ROOM) == 1
        await until(lambda: s.plane.home_of(ROOM) is None)


async def test_of_two_doctors_at_once_one_is_told(tmp_path: Path) -> None:
    async with stage_of_workers(2) as s:
        trial = OnPlane(s.plane)
        await trial.begin(0)
        await trial.offer(SPEAKER, None)
        begun = asyncio.create_task(trial.begin(1))
        await asyncio.sleep(0)
        await trial.offer(SPEAKER, None)
        with pytest.raises(Refused, match="busy"):
            await begun
        await trial.end()


async def test_a_trial_that_nobody_ends_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.2)
    async with stage() as s:
        trial = OnPlane(s.plane)
        generation, _ = await trial.offer(SPEAKER, None)
        await until(lambda: SPEAKER not in s.plane._peers)
        with pytest.raises(Refused, match="stale_generation"):
            await trial.answer(SPEAKER, generation, "v=0")
        with pytest.raises(Refused, match="over"):
            await trial.open()
        assert ROOM not in s.plane._plans
        await trial.offer(SPEAKER, None)  # and another one can begin


async def test_the_door_of_a_program_that_was_killed_is_nobody(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / FILE))
    assert await Door(tmp_path).knock() is None
    async with stage() as s, side_door(tmp_path, 8080, s.plane):
        assert await Door(tmp_path).knock() == 8080


async def test_a_folder_can_be_as_deep_as_it_likes(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30) / ("longer" * 20)
    async with stage() as s, side_door(deep, 8080, s.plane):
        assert await Door(deep).knock() == 8080


async def test_where_no_door_can_be_made_the_program_runs_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    async with stage() as s, side_door(tmp_path / "data", 8080, s.plane):
        assert await Door(tmp_path / "data").knock() is None
