"""`talkingpiece doctor` as somebody types it: before the first start, beside the running program, in a meeting."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.app import PATIENCE, ROOT, RunningApp
from tests.doctor.case import doctor
from tests.folder import contents
from tests.metrics.meeting import meeting
from tests.turn import free_port

ABOUTS = ["settings", "pages port", "media port", "address", "clock", "disk", "database", "media"]


def test_before_the_first_start_it_looks_and_leaves_nothing(tmp_path: Path) -> None:
    app = RunningApp(tmp_path / "data", MEDIA_PORT=str(free_port()))
    app.port = free_port()
    found = doctor(app)
    assert list(found) == ABOUTS
    assert {about for about, (one,) in found.items() if one["state"] == "broken"} == set()
    assert "was not asked, because the program does not run" in found["address"][0]["says"]
    assert "A voice passed directly" in found["media"][0]["says"]
    assert not app.data.exists()


@pytest.mark.parametrize("workers", ["0", "2"], ids=["in the program", "in workers"])
def test_beside_the_running_program_everything_is_seen_and_nothing_changed(tmp_path: Path, workers: str) -> None:
    with RunningApp(tmp_path / "data", MEDIA_PORT=str(free_port()), MEDIA_WORKERS=workers) as app:
        app.practice()
        before = contents(app.data)
        found = doctor(app)
        assert list(found) == ABOUTS
        states = {about: {one["state"] for one in of} for about, of in found.items() if about != "clock"}
        assert states == {about: {"ok"} for about in ABOUTS if about != "clock"}, found
        assert "leads to the program, for pages and for live messages" in found["address"][0]["says"]
        said = [one["says"] for one in found["media"]]
        assert all("when its gate was opened and not before" in each for each in said)
        ways = ["directly to worker 1 of 2", "directly to worker 2 of 2"] if workers == "2" else ["directly"]
        assert [each for each in ways if f"A voice passed {each}, " in "\n".join(said)] == ways
        assert len(said) == len(ways)
        # a reader marks its place in the write-ahead log's index, and nowhere else
        after = contents(app.data)
        assert after.keys() == before.keys()
        assert {name for name in after if after[name] != before[name]} <= {"talkingpiece.sqlite3-shm"}
        assert app.stop() == 0


async def test_a_meeting_does_not_notice(tmp_path: Path) -> None:
    with RunningApp(tmp_path / "data", MEDIA_PORT=str(free_port())) as app:
        async with meeting(app) as pair:
            told = [len(person.told) for person in (pair.ruth, pair.june)]
            pair.media[0].rtp.clear()
            found = await asyncio.to_thread(doctor, app)
            assert found["media"][0]["state"] == "ok"
            heard = pair.media[0].rtp
            assert len(heard) > 50
            assert all((b.seq - a.seq) & 0xFFFF == 1 for a, b in pairwise(heard)), "not one packet is missing"
            assert [len(person.told) for person in (pair.ruth, pair.june)] == told


def test_another_program_on_our_ports_is_not_taken_for_ours(tmp_path: Path) -> None:
    with RunningApp(tmp_path / "theirs", MEDIA_PORT=str(free_port())) as theirs:
        ours = RunningApp(tmp_path / "ours", MEDIA_PORT=theirs.environ["TALKINGPIECE_MEDIA_PORT"])
        ours.port = theirs.port
        found = doctor(ours)
        assert "a Talking Piece that works elsewhere" in found["pages port"][0]["says"]
    for about in ("pages port", "media port", "media"):
        assert found[about][0]["state"] == "broken", found[about]
        assert found[about][0]["cure"]


def test_settings_that_are_not_those_of_the_running_program_are_seen(tmp_path: Path) -> None:
    with RunningApp(tmp_path / "data", MEDIA_PORT=str(free_port())) as app:
        found = doctor(app, TALKINGPIECE_MEDIA_PORT=str(free_port()))
        assert "nothing listens at UDP port" in found["media port"][0]["says"]
        found = doctor(app, TALKINGPIECE_PUBLIC_URL="http://meet.example.org")
        assert "no camera and no microphone" in found["settings"][0]["says"]


def test_what_is_misspelt_is_told_like_everything_else(tmp_path: Path) -> None:
    app = RunningApp(tmp_path / "data", HOTS="0.0.0.0", MEDIA_PORT="many")
    done = app.command("doctor")
    assert (done.returncode, done.stderr) == (1, "")
    first, *_, last = done.stdout.splitlines()
    assert first.startswith(
        "broken     settings     TALKINGPIECE_HOTS is not a setting. Did you mean TALKINGPIECE_HOST?"
    )
    assert last == "1 thing is broken, 0 want attention."
    told = json.loads(app.command("doctor", "--json").stdout)
    assert told["ok"] is False


def test_lines_come_one_by_one_and_a_person_sees_what_is_looked_at(tmp_path: Path) -> None:
    app = RunningApp(tmp_path / "data", MEDIA_PORT=str(free_port()))
    done = app.command("doctor", PORT=str(free_port()))
    assert (done.returncode, done.stderr) == (0, ""), "no progress where nobody sees it"
    lines = done.stdout.splitlines()
    assert [line[11:23].strip() for line in lines[:-2]] == ABOUTS
    assert lines[-1].startswith("Nothing is broken")

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "doctor"],
        cwd=ROOT,
        env=app.environ | {"PORT": str(free_port()), "COLUMNS": "70"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    with open(ours, "rb", buffering=0) as terminal:
        try:
            while more := terminal.read(4096):
                seen += more
        except OSError:
            pass  # the other end is closed
    assert process.wait(PATIENCE) == 0
    screen = seen.decode()
    assert "\r\x1b[KLooking at the disk ...\r\x1b[Kok         disk" in screen
    shown = [line.rpartition("\x1b[K")[2].rstrip() for line in screen.split("\n")]
    assert max(map(len, shown)) < 70
    assert all(line.startswith(("ok", "attention", "Nothing", " " * 24)) or not line for line in shown)
