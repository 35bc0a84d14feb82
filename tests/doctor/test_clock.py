"""Clocks that are absurd, jump, or are behind what has happened; and what cannot be known is said."""

from __future__ import annotations

import itertools
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.doctor import clock as module
from server.doctor.clock import clock
from server.doctor.findings import State
from tests.doctor.case import broken, case, only, wants_attention


async def test_it_never_says_that_the_time_is_right(tmp_path: Path) -> None:
    found = await only(clock, case(tmp_path))
    assert found.state is not State.BROKEN
    assert "only you can see" in found.says or "I cannot know" in found.says


@pytest.mark.parametrize("kept", [True, False, None])
async def test_a_time_service_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool | None) -> None:
    monkeypatch.setattr(module, "_kept", lambda: kept)
    found = await only(clock, case(tmp_path))
    if kept is False:
        assert wants_attention(found, "No time service keeps it", "timedatectl")
    else:
        assert ("A time service keeps it" in found.says) is (kept is True)


async def test_a_file_from_the_future(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "talkingpiece.sqlite3"
    file.write_text("")
    later = time.time() + 3 * 86400 + 60
    os.utime(file, (later, later))
    assert broken(await only(clock, case(tmp_path)), "behind a file in the data directory by 72 h")


@pytest.mark.parametrize("name", ["BORN", "ABSURD"])
async def test_a_year_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    days = timedelta(days=365 if name == "BORN" else -365)
    monkeypatch.setattr(module, name, datetime.now(UTC) + days)
    assert broken(await only(clock, case(tmp_path)), "cannot be", "time service")


async def test_a_jump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wall = itertools.count(time.time(), 60)
    monkeypatch.setattr(time, "time", lambda: next(wall))
    assert broken(await only(clock, case(tmp_path)), "jumped while I looked")
