"""Data directories that are full, cannot be written to, or are open to others.

A full disk and a read-only one are real ones: a small file system in a mount namespace of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.doctor.disk import disk
from server.doctor.findings import Finding, State
from tests.app import ROOT
from tests.doctor.case import broken, case, only, wants_attention
from tests.folder import contents

LOOK = """
import asyncio, dataclasses, json, sys
from pathlib import Path
from server.doctor.disk import disk
from tests.doctor.case import case
print(json.dumps([dataclasses.asdict(found) for found in asyncio.run(disk(case(Path(sys.argv[1]))))]))
"""


def on_a_file_system(folder: Path, size: str, *after: str) -> Finding:
    """What is found when the data directory is a file system of this size, to which something was done."""
    (folder / "data").mkdir()
    steps = " && ".join([f"mount -t tmpfs -o size={size} tmpfs {folder / 'data'}", *after, 'exec "$0" "$@"'])
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", steps, sys.executable, "-c", LOOK, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    return Finding(**{**found, "state": State(found["state"])})


async def test_a_good_one_is_as_it_was_afterwards(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    found = await only(disk, case(tmp_path))
    assert found.state is State.OK
    assert " ms." in found.says
    assert contents(tmp_path / "data") == {}


async def test_one_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    found = await only(disk, case(tmp_path))
    assert found.state is State.OK
    assert "can be made" in found.says
    assert contents(tmp_path) == {}


def test_a_full_one(tmp_path: Path) -> None:
    fill = f"(dd if=/dev/zero of={tmp_path}/data/all bs=4096 2>/dev/null; true)"
    assert broken(on_a_file_system(tmp_path, "256k", fill), "is full", "Make room")


def test_one_with_little_room(tmp_path: Path) -> None:
    assert broken(on_a_file_system(tmp_path, "20m"), "only 20 MB free")


def test_one_that_will_be_full_one_day(tmp_path: Path) -> None:
    assert wants_attention(on_a_file_system(tmp_path, "300m"), "300 MB free")


def test_one_that_cannot_be_written_to(tmp_path: Path) -> None:
    read_only = f"mount -o remount,ro {tmp_path / 'data'}"
    assert broken(on_a_file_system(tmp_path, "2g", read_only), "Read-only file system", "TALKINGPIECE_DATA_DIR")


async def test_root_does_not_speak_for_the_programs_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    if os.getuid() == 0:
        os.chown(tmp_path / "data", 65534, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert wants_attention(await only(disk, case(tmp_path)), "I am root", "as that user")


async def test_a_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert broken(await only(disk, case(tmp_path)), "is no folder")


@pytest.mark.parametrize("name", ["journal.key", "talkingpiece.sqlite3"])
async def test_secrets_that_others_can_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_text("")
    (tmp_path / "data" / name).chmod(0o640)
    assert wants_attention(await only(disk, case(tmp_path)), "Others on this machine can read", name, "chmod 600")
