"""Janus (Debian's package) as a private peer of the benchmarks: its configuration, its process, its VideoRoom.

Started with a configuration of its own in a temporary folder and one of this machine's addresses, so nothing needs to
be set up and nothing of the machine's own Janus is touched.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiortc import RTCCertificate
from aiortc.sdp import SessionDescription

from tests.bench.media_end import End
from tests.bench.media_line import Line, Stream

_PLUGINS = "audiobridge duktape echotest lua nosip recordplay sip streaming textroom videocall voicemail"
_TRANSPORTS = "http mqtt nanomsg pfunix rabbitmq"
_LIBRARIES = "/usr/lib/*/janus"
_UP_WITHIN = 10.0


@contextmanager
def janus(folder: Path, address: str, *, event_loops: int, core: int) -> Iterator[tuple[int, int]]:
    """(process id, WebSocket port).  `event_loops` 0: Janus' default, a thread for each handle."""
    port = _free_port()
    _configure(folder, address, port, event_loops)
    with (folder / "janus.log").open("wb") as log:
        process = subprocess.Popen(
            ["prlimit", "--nofile=20000:20000", "taskset", "-c", str(core), "janus", "-F", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_open(port, process)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(60)  # it takes its time where many people were


def _configure(folder: Path, address: str, port: int, event_loops: int) -> None:
    (library,) = Path("/").glob(_LIBRARIES.lstrip("/"))
    loops = f"event_loops = {event_loops}" if event_loops else ""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "janus.jcfg").write_text(
        f"""general: {{
            configs_folder = "{folder}"
            plugins_folder = "{library}/plugins"
            transports_folder = "{library}/transports"
            events_folder = "{library}/events"
            loggers_folder = "{library}/loggers"
            debug_level = 2
            session_timeout = 0
            {loops}
        }}
        media: {{ ipv6 = false  rtp_port_range = "40000-48000" }}
        nat: {{ ice_lite = false  ice_tcp = false  ice_enforce_list = "{address}" }}
        plugins: {{ disable = "{_libraries(_PLUGINS)}" }}
        transports: {{ disable = "{_libraries(_TRANSPORTS)}" }}
        events: {{ broadcast = false }}
        """
    )
    (folder / "janus.transport.websockets.jcfg").write_text(
        f"""general: {{ json = "compact"  ws = true  ws_port = {port}  ws_ip = "127.0.0.1"  wss = false }}
        admin: {{ admin_ws = false }}
        """
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


def _libraries(names: str) -> str:
    return ",".join(f"libjanus_{name}.so" for name in names.split())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _UP_WITHIN
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("Janus did not start; its log is beside its configuration")


class VideoRoom:
    """Janus' signalling, as far as a load needs it."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, address: str) -> None:
        self._ws = ws
        self._address = address
        self._numbers = itertools.count(1)
        self._asked: dict[str, asyncio.Future[Any]] = {}
        self._session = 0
        self._certificate = RTCCertificate.generateCertificate()

    async def start(self) -> None:
        self._reading = asyncio.create_task(self._read())
        self._session = (await self._ask(janus="create"))["data"]["id"]

    async def room(self, people: int, streams: Sequence[Mapping[str, int]]) -> tuple[list[Line], list[Line]]:
        """A room in which everybody gets everything of everybody else: (publishers' lines, subscribers').

        `streams` says for each person what they publish: {"audio": rate, "audio_size": ..., "video": ..., ...}.
        """
        room = secrets.randbelow(1 << 30)
        handle = await self._attach()
        create = {"request": "create", "room": room, "publishers": people, "bitrate": 0, "fir_freq": 0}
        await self._message(handle, create | {"audiocodec": "opus", "videocodec": "vp8", "notify_joining": False})
        lines, feeds = [], []
        for sends in streams:
            line, feed = await self._publish(room, sends)
            lines.append(line)
            feeds.append(feed)
        return lines, [await self._subscribe(room, [f for f in feeds if f is not own]) for own in feeds]

    async def _publish(self, room: int, sends: Mapping[str, int]) -> tuple[Line, int]:
        handle, end = await self._attach(), End(self._certificate, self._address)
        joined = await self._message(handle, {"request": "join", "ptype": "publisher", "room": room})
        await end.gather()
        audio, video = secrets.randbits(31) + 2, secrets.randbits(31) + 2
        offer = end.sdp([("audio", "0", audio), ("video", "1", video)], "actpass")
        answer = await self._message(handle, {"request": "publish"}, {"type": "offer", "sdp": offer})
        await end.connect(SessionDescription.parse(answer["jsep"]["sdp"]), offerer=True)
        line = end.line()
        line.sends = [
            Stream(audio, sends["audio"], sends["audio_size"], is_video=False),
            Stream(video, sends["video"], sends["video_size"], is_video=True),
        ]
        return line, int(joined["plugindata"]["data"]["id"])

    async def _subscribe(self, room: int, feeds: Sequence[int]) -> Line:
        handle, end = await self._attach(), End(self._certificate, self._address)
        await end.gather()
        join = {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed} for feed in feeds]}
        offer = SessionDescription.parse((await self._message(handle, join))["jsep"]["sdp"])
        answer = end.sdp([(m.kind, m.rtp.muxId, 0) for m in offer.media], "active")
        await self._message(handle, {"request": "start"}, {"type": "answer", "sdp": answer})
        await end.connect(offer, offerer=False)
        line = end.line()
        line.hears = [m.ssrc[0].ssrc for m in offer.media if m.ssrc]
        return line

    async def _attach(self) -> int:
        asked = {"janus": "attach", "session_id": self._session, "plugin": "janus.plugin.videoroom"}
        return int((await self._ask(**asked))["data"]["id"])

    async def _message(self, handle: int, body: Mapping[str, object], jsep: object = None) -> Any:
        asked = {"janus": "message", "session_id": self._session, "handle_id": handle, "body": body}
        return await self._ask(**asked | ({"jsep": jsep} if jsep else {}))

    async def _ask(self, **message: Any) -> Any:
        number = str(next(self._numbers))
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        await self._ws.send_json(message | {"transaction": number})
        answer = await asyncio.wait_for(asked, 15)
        del self._asked[number]
        if answer["janus"] == "error" or "error" in answer.get("plugindata", {}).get("data", {}):
            raise RuntimeError(answer)
        return answer

    async def _read(self) -> None:
        async for told in self._ws:
            message = told.json()
            asked = self._asked.get(message.get("transaction"))
            if asked is not None and not asked.done() and message["janus"] != "ack":
                asked.set_result(message)
