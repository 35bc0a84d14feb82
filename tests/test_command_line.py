"""The command line, as a person at a terminal and as a container engine use it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

from server.environment import table
from tests.app import PATIENCE, RunningApp


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with RunningApp(tmp_path_factory.mktemp("app") / "data") as running:
        yield running


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_the_first_start_prints_everything_that_a_newcomer_needs(app: RunningApp) -> None:
    told = app.printed()
    assert f"Talking Piece is open at  {app.url}\n" in told
    assert re.search(rf"^  {app.url}/setup#[\w-]{{43}}$", told, re.MULTILINE)
    people = re.findall(rf"^  (\w+) +([a-z ]+?) +{app.url}/join#[\w-]{{43}}$", told, re.MULTILINE)
    assert people == [
        ("Ruth", "facilitator"),
        ("June", "person harmed"),
        ("Amira", "supporter"),
        ("Dan", "person responsible"),
    ]
    assert max(len(line) for line in told.splitlines()) <= 120
    assert "\x1b" not in told
    assert get(f"{app.url}/health") == (200, '{"status": "ok"}')


def test_practice_prints_json_and_nothing_else(app: RunningApp) -> None:
    done = app.command("practice", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
    made = json.loads(done.stdout)
    assert list(made) == ["meeting", "links"]
    assert list(made["links"]) == ["facilitator", "victim", "offender", "supporter"]
    for link in made["links"].values():
        assert re.fullmatch(rf"{app.url}/join#[\w-]{{43}}", link), "the running program's address, without being told"
    assert len(set(made["links"].values())) == 4
    assert app.practice()["meeting"] != made["meeting"]


def test_practice_for_people_prints_a_line_for_each(app: RunningApp) -> None:
    done = app.command("practice")
    assert done.returncode == 0
    assert len(re.findall(r"/join#", done.stdout)) == 4
    done = app.command("practice", "--json", TALKINGPIECE_PRACTICE="false")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Practice meetings are switched off here (TALKINGPIECE_PRACTICE).\n"


def test_the_running_program_knows_a_practice_meeting_at_once(app: RunningApp) -> None:
    token = app.practice()["links"]["victim"].partition("#")[2]
    request = urllib.request.Request(f"{app.url}/join", f"token={token}".encode(), {"Origin": app.url})
    with pytest.raises(urllib.error.HTTPError) as answer:  # urllib does not follow a 303 with a cookie of its own
        urllib.request.build_opener(_NoRedirect).open(request, timeout=10)
    assert answer.value.code == 303
    assert answer.value.headers["Location"].startswith("/room/")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def test_the_settings_are_listed_with_their_defaults(app: RunningApp) -> None:
    done = app.command("settings")
    assert (done.returncode, done.stderr) == (0, "")
    for row in table():
        assert re.search(rf"^{row.name}\b", done.stdout, re.MULTILINE)
        assert row.help.split()[-1] in done.stdout
    assert "TALKINGPIECE_HOST  (default: 127.0.0.1)" in done.stdout


def test_the_version(app: RunningApp) -> None:
    assert app.command("version").stdout == f"{version('talkingpiece')}\n"


def test_a_misspelt_setting_stops_every_command_before_anything_happens(tmp_path: Path) -> None:
    app = RunningApp(tmp_path / "data", HOTS="0.0.0.0")
    for command in ((), ("run",), ("practice", "--json"), ("setup-link",)):
        done = app.command(*command)
        assert (done.returncode, done.stdout) == (2, "")
        assert "TALKINGPIECE_HOTS is not a setting. Did you mean TALKINGPIECE_HOST?" in done.stderr
        assert "Traceback" not in done.stderr
    assert not app.data.exists()


def test_a_port_that_is_taken_is_told_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = RunningApp(tmp_path / "data").command(PORT=str(port))
    assert done.returncode == 2
    assert done.stderr.startswith(f"Port {port} of 127.0.0.1 cannot be used (")
    assert "Traceback" not in done.stderr


def test_a_media_port_that_is_taken_is_told_in_words(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = RunningApp(tmp_path / "data", MEDIA_PORT=str(port)).command(PORT="0")
    assert done.returncode == 2
    assert done.stderr.startswith(f"UDP port {port} for sound and pictures cannot be used (Address already in use)")
    assert "Traceback" not in done.stderr


def test_a_database_that_does_not_answer_is_told_in_words_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://somebody:geheim@127.0.0.1:1/none"
    for command in ((), ("practice", "--json"), ("setup-link",)):
        done = RunningApp(tmp_path / "data", DATABASE_URL=url).command(*command, PORT="0")
        assert (done.returncode, done.stdout) == (2, "")
        assert "The database does not answer" in done.stderr
        assert "geheim" not in done.stderr
        assert "Traceback" not in done.stderr


def test_a_lost_key_is_told_and_none_is_made_in_its_place(tmp_path: Path) -> None:
    app = RunningApp(tmp_path / "data")
    assert app.command("practice", "--json", PORT="8080").returncode == 0
    key = tmp_path / "data/journal.key"
    lost = key.read_bytes()
    key.unlink()
    done = app.command("practice", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"the journal's key is missing: put {key} back" in done.stderr
    assert not key.exists()
    key.write_bytes(lost)
    assert app.command("practice", "--json").returncode == 0


def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).write_text("no certificate\n")
    pair = {"TLS_CERTIFICATE": str(tmp_path / "c.pem"), "TLS_KEY": str(tmp_path / "k.pem")}
    done = RunningApp(tmp_path / "data", **pair).command(PORT="0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("The certificate or its key cannot be used: ")
    assert "Traceback" not in done.stderr


def test_over_https_it_says_so(tmp_path: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    files = ["-keyout", str(tmp_path / "k.pem"), "-out", str(tmp_path / "c.pem")]
    subprocess.run([*made, *files, "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    pair = {"TLS_CERTIFICATE": str(tmp_path / "c.pem"), "TLS_KEY": str(tmp_path / "k.pem")}
    with RunningApp(tmp_path / "data", **pair) as app:
        trusted = ssl.create_default_context(cafile=str(tmp_path / "c.pem"))
        with urllib.request.urlopen(f"https://localhost:{app.port}/join", context=trusted, timeout=10) as answer:
            assert answer.status == 200
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
            assert f"connect-src 'self' wss://127.0.0.1:{app.port}" in answer.headers["Content-Security-Policy"]


def test_what_it_keeps_only_its_own_user_can_read(app: RunningApp) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in app.data.iterdir()}
    assert modes["journal.key"] == 0o600
    assert {mode & 0o077 for name, mode in modes.items() if name != "address"} == {0}
    assert len((app.data / "journal.key").read_bytes()) == 32


def test_a_setup_link_until_there_is_an_account_and_the_newest_one_counts(tmp_path: Path) -> None:
    with RunningApp(tmp_path / "data") as app:
        link = app.command("setup-link").stdout.strip()
        printed = re.search(r"http\S+/setup#(\S+)", app.printed())
        assert printed
        for token, status in ((printed[1], 404), (link.partition("#")[2], 303)):
            form = f"token={token}&label=Ruth&email=ruth%40example.org&password=four+quiet+words+here"
            request = urllib.request.Request(f"{app.url}/setup", form.encode(), {"Origin": app.url})
            with pytest.raises(urllib.error.HTTPError) as answer:
                urllib.request.build_opener(_NoRedirect).open(request, timeout=10)
            assert answer.value.code == status
        done = app.command("setup-link")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "There is an account already: sign in with it on the first page.\n"
        read = len(app.printed())
        app.stop()
        app.start()
        assert "/setup#" not in app.printed()[read:]
        assert "/join#" not in app.printed()[read:]
        assert "talkingpiece practice" in app.printed()[read:]


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_asked_to(tmp_path: Path, name: signal.Signals) -> None:
    environ = {
        **os.environ,
        "PORT": "0",
        "TALKINGPIECE_MEDIA_PORT": "0",
        "TALKINGPIECE_DATA_DIR": str(tmp_path / "data"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "server"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "Ctrl-C" in line:
            break
    began = time.monotonic()
    process.send_signal(name)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0, log
    assert time.monotonic() - began < 10
    assert [json.loads(line)["event"] for line in log.splitlines()] == ["started", "stopping", "stopped"]
    assert not (tmp_path / "data/address").exists()


def test_the_port_is_taken_before_what_takes_long_to_load(tmp_path: Path) -> None:
    """Who comes back after a restart is not refused meanwhile."""
    watched = """
import os, sys

def at(event, _):
    if event == "socket.bind":
        print(sorted(sys.modules.keys() & {"aiohttp", "aiortc", "jinja2", "socketio", "sqlalchemy"}), flush=True)
        os._exit(0)

sys.addaudithook(at)
from server.__main__ import main
main([])
"""
    environ = RunningApp(tmp_path / "data").environ | {"PORT": "0"}
    done = subprocess.run(
        [sys.executable, "-c", watched], env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_who_comes_while_it_starts_is_answered(tmp_path: Path) -> None:
    with RunningApp(tmp_path / "data") as app, ThreadPoolExecutor() as beside:
        app.kill()
        answer = beside.submit(comes_when_the_port_is_open, app.port)
        app.start()
        assert answer.result(PATIENCE).startswith(b"HTTP/1.1 200 ")


def comes_when_the_port_is_open(port: int) -> bytes:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
                line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return line.recv(1000)
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.005)


def test_killed_and_started_again_it_is_at_the_same_place(tmp_path: Path) -> None:
    with RunningApp(tmp_path / "data") as app:
        url, key = app.url, (app.data / "journal.key").read_bytes()
        app.restart()
        assert app.url == url
        assert get(f"{url}/health")[0] == 200
        assert (app.data / "journal.key").read_bytes() == key
