"""The real program in a real meeting, and Prometheus asks."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509

from server.http.routes import ROUTES
from tests.app import ROOT, RunningApp
from tests.http.site import Visitor
from tests.live import live
from tests.metrics.meeting import meeting, misbehave
from tests.metrics.scrape import Scrape, metrics_port, scrape
from tests.signalling.processes import children
from tests.turn_tls import certificate

TOKEN = "0123456789abcdef" * 4
MEETING = "talkingpiece_meetings"
WORKERS = pytest.mark.parametrize("workers", ["0", "2"], ids=["in the program", "in workers"])


def program(folder: Path, **settings: str) -> RunningApp:
    return RunningApp(folder / "data", METRICS_PORT="0", **settings)


async def until(app: RunningApp, so: Callable[[Scrape], bool]) -> Scrape:
    """Scrape until it is so: workers tell of their packets five times a second."""
    async with asyncio.timeout(10):
        while not so(seen := await scrape(app)):  # noqa: ASYNC110  # nobody tells when to look
            await asyncio.sleep(0.1)
    return seen


@WORKERS
async def test_a_meeting_is_seen_in_the_figures(tmp_path: Path, workers: str) -> None:
    with program(tmp_path, MEDIA_WORKERS=workers) as app:
        before = await scrape(app)
        assert before.value(MEETING, phase="under_way") == before.value("talkingpiece_people_connected") == 0
        assert before.value("talkingpiece_media_workers", state="ready") == int(workers)
        async with meeting(app) as pair:
            await misbehave(app, pair)
            dropped = "talkingpiece_media_packets_dropped_total"
            seen = await until(app, lambda seen: seen.value(dropped, reason="undeclared") >= 7)
            assert seen.value(MEETING, phase="under_way") == 1
            assert seen.value("talkingpiece_meetings_stalled") == 0
            assert seen.value("talkingpiece_people_connected") == 2
            assert seen.value("talkingpiece_sockets_open") == 2
            assert seen.value("talkingpiece_people_media", line="good") == 2
            received = seen.value("talkingpiece_media_packets_received_total")
            assert received >= 10
            assert 10 <= seen.value("talkingpiece_media_packets_forwarded_total") <= received
            assert seen.value(dropped, reason="undeclared") == 7
            assert seen.value(dropped, reason="unauthentic") == 0
            assert seen.value("talkingpiece_commands_total", outcome="done") == 7
            assert seen.value("talkingpiece_commands_total", outcome="refused") == 1
            assert seen.value("talkingpiece_commands_total", outcome="malformed") == 1
            assert seen.value("talkingpiece_commands_total", outcome="fault") == 0
            assert seen.value("talkingpiece_journal_append_duration_seconds_count") >= 7
            assert 0 < seen.value("talkingpiece_journal_append_duration_seconds_sum") < 10
            requests = "talkingpiece_http_requests_total"
            assert seen.value(requests, method="POST", route="/join", status="303") == 2
            assert seen.value(requests, method="GET", route="none", status="404") == len(pair.secrets)
            assert seen.value(requests, method="other", route="none", status="405") == 1
            assert seen.value("talkingpiece_event_loop_lag_seconds_count") > 10
            assert seen.value("talkingpiece_meeting_freezes_total") == 0
            spent = [sample for sample in seen.samples if sample.name == "talkingpiece_media_worker_cpu_seconds_total"]
            assert len(spent) == int(workers)
            assert all(sample.value > 0 for sample in spent)
            await pair.ruth.client.disconnect()
            frozen = await until(app, lambda seen: seen.value(MEETING, phase="frozen") == 1)
            assert frozen.value("talkingpiece_meeting_freezes_total") == 1
            assert frozen.value("talkingpiece_people_connected") == 1
            assert frozen.value(requests, method="GET", route="/live/", status="101") == 1
            assert frozen.value("talkingpiece_media_packets_received_total") >= received


async def test_what_a_lost_worker_has_carried_stays_counted(tmp_path: Path) -> None:
    with program(tmp_path, MEDIA_WORKERS="1") as app:
        async with meeting(app) as pair:
            pair.media[1].stop_sending()
            await asyncio.sleep(0.5)  # what it has counted is told five times a second
            received = (await scrape(app)).value("talkingpiece_media_packets_received_total")
            (worker,) = children(app.pid)
            os.kill(worker, signal.SIGKILL)
            lost = "talkingpiece_media_workers_lost_total"
            await until(app, lambda seen: seen.value(lost, fate="died") == 1)
            seen = await until(app, lambda seen: seen.value("talkingpiece_media_workers", state="ready") == 1)
            assert seen.value("talkingpiece_media_packets_received_total") == received


async def test_a_restart_and_the_end_of_it_are_counted(tmp_path: Path) -> None:
    with program(tmp_path) as app:
        async with meeting(app) as pair:
            places = pair.places
            app.restart()
        async with live(app, places[0]) as ruth:
            await ruth.until(lambda told: told.of("view"))
            seen = await scrape(app)
            assert seen.value("talkingpiece_meeting_restarts_total") == 1
            assert seen.value("talkingpiece_meeting_recoveries_total") == 0
            assert (await ruth.give("pause"))["ok"]
            seen = await scrape(app)
            assert seen.value("talkingpiece_meeting_recoveries_total") == 1
            assert seen.value("talkingpiece_meeting_freezes_total") == 0


async def test_a_journal_that_cannot_write_is_seen(tmp_path: Path) -> None:
    with program(tmp_path) as app:
        async with meeting(app) as pair:
            file = app.data / "talkingpiece.sqlite3"
            file.rename(app.data / "elsewhere")
            assert (await pair.june.give("send_signal", signal="not_safe"))["code"] == "stalled"
            seen = await scrape(app)
            assert seen.value("talkingpiece_meetings_stalled") == 1
            assert seen.value("talkingpiece_journal_append_failures_total") >= 1
            assert seen.value("talkingpiece_commands_total", outcome="stalled") == 1
            (app.data / "elsewhere").rename(file)
            await until(app, lambda seen: seen.value("talkingpiece_meetings_stalled") == 0)


ROUTES_SEEN = {re.sub(r":(?:[^{}]|\{[^}]*\})+\}", "}", route.path) for route in ROUTES} | {"/live/", "none"}
WORDS: dict[str, set[str]] = {
    "phase": {"scheduled", "doors_open", "under_way", "paused", "frozen", "closing", "ended"},
    "line": {"good", "poor", "lost"},
    "outcome": {"done", "refused", "busy", "stalled", "fault", "malformed", "too_many"},
    "reason": {"strange", "undeclared", "unauthentic", "malformed", "repeated", "probes", "excess"},
    "fate": {"died", "silent", "disobedient", "deaf"},
    "state": {"ready", "starting"},
    "route": ROUTES_SEEN,
    "method": {"GET", "HEAD", "POST", "other"},
}
FORMS = {
    "le": r"[0-9.]+|\+Inf",
    "status": r"\d{3}",
    "worker": r"\d",
    "generation": r"\d",
    "version": r"[0-9.]+",
    "major": r"\d+",
    "minor": r"\d+",
    "patchlevel": r"\d+",
    "implementation": r"\w+",
}


@WORKERS
async def test_no_label_holds_anything_of_anybody(tmp_path: Path, workers: str) -> None:
    with program(tmp_path, MEDIA_WORKERS=workers) as app:
        async with meeting(app) as pair:
            await misbehave(app, pair)
            await pair.ruth.client.disconnect()
            seen = await until(app, lambda seen: seen.value(MEETING, phase="frozen") == 1)
    for name, value in seen.labels():
        assert value in WORDS[name] if name in WORDS else re.fullmatch(FORMS[name], value), (name, value)
        with pytest.raises(ValueError, match="does not appear"):
            ipaddress.ip_address(value if "." in value and name != "le" else "none")
    assert [secret for secret in pair.secrets if secret.lower() in seen.text.lower()] == []
    assert "Philippa" not in seen.text


async def test_without_the_setting_nothing_is_open_and_the_pages_never_tell(tmp_path: Path) -> None:
    with RunningApp(tmp_path / "quiet") as app:
        assert [line for line in app.log() if line["event"] == "metrics_open"] == []
        assert len(listening(app.pid)) == 1
    with program(tmp_path) as app:
        assert len(listening(app.pid)) == 2
        visitor = Visitor(app.url, app.url)
        async with visitor.http:
            assert (await visitor.get("/metrics")).status == 404


def listening(pid: int) -> set[str]:
    """The TCP sockets on which a process listens, by their inodes."""
    tables = (Path(f"/proc/{pid}/net/tcp").read_text() + Path(f"/proc/{pid}/net/tcp6").read_text()).splitlines()
    open_ = {row.split()[9] for row in tables if row.split()[3] == "0A"}
    own = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}
    return {inode for inode in open_ if f"socket:[{inode}]" in own}


async def test_with_a_token_only_who_shows_it_reads(tmp_path: Path) -> None:
    with program(tmp_path, METRICS_HOST="0.0.0.0", METRICS_TOKEN=TOKEN) as app:
        url = f"http://127.0.0.1:{metrics_port(app)}/metrics"
        async with aiohttp.ClientSession() as http:
            for shown in ("", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", "Bearer \u00fc", "Bearer "):
                async with http.get(url, headers={"Authorization": shown} if shown else {}) as answer:
                    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
                    assert "talkingpiece_" not in await answer.text()
        assert (await scrape(app, {"Authorization": f"Bearer {TOKEN}"})).value("talkingpiece_people_connected") == 0
        assert TOKEN not in app.log_text()


def test_figures_for_other_machines_need_a_token(tmp_path: Path) -> None:
    done = program(tmp_path, METRICS_HOST="0.0.0.0").command(PORT="0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "TALKINGPIECE_METRICS_TOKEN is needed where TALKINGPIECE_METRICS_HOST is not 127.0.0.1." in done.stderr


def test_a_port_for_figures_that_is_taken_is_told_in_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = RunningApp(tmp_path / "data", METRICS_PORT=str(port)).command(PORT="0")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"Port {port} of 127.0.0.1 for figures cannot be used (")
    assert "Traceback" not in done.stderr


async def test_the_document_names_every_figure(tmp_path: Path) -> None:
    rows = re.findall(r"^\| (`.*?`) \| ", (ROOT / "server/metrics/README.md").read_text(), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"talkingpiece_\w+", row)}
    pem, key = certificate(tmp_path, "localhost")
    with program(tmp_path, TLS_CERTIFICATE=str(pem), TLS_KEY=str(key)) as app:
        seen = await scrape(app)
    expiry = x509.load_pem_x509_certificate(pem.read_bytes()).not_valid_after_utc.timestamp()
    assert seen.value("talkingpiece_certificate_expiry_timestamp_seconds") == expiry
    ours = set(re.findall(r"^# HELP (talkingpiece_\w+)", seen.text, re.MULTILINE))
    assert told == ours
