"""Who takes part in the media benchmark: rooms of load clients, connected to one of the servers."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiortc import RTCCertificate
from aiortc.sdp import SessionDescription

from signalling import Layer
from tests.bench.janus import VideoRoom
from tests.bench.media_end import End
from tests.bench.media_frames import PICTURES, opus_frames, vp8_frames
from tests.bench.media_line import BUFFER, Bare, Film, Line, Stream
from tests.signalling.client import Client


@dataclass(frozen=True, slots=True)
class Job:
    target: str
    """"ours", "janus", "relay" or "floor"."""
    address: str
    port: int
    """Of the server's control line; the floor has none."""
    pid: int
    """Of the server; the floor is started here."""
    rooms: int
    size: int = 6
    circle: bool = False
    """A circle as the product runs it: a voice for whom it is, one high picture, the others small."""
    audio: int = 50
    audio_size: int = 160
    video: int = 60
    video_size: int = 1000
    low: int = 9
    low_size: int = 875
    """What Chromium sends of a small picture, as `web/client/media/connection.ts` limits it: 8.5 packets a second."""
    core: int = 0
    """Of the server."""
    warm: float = 2.0
    seconds: float = 5.0
    step: float = 0.005
    """Seconds between two looks of the load at what is due: what falls due between them comes as one burst."""
    probe: bool = False
    """One more pair, whose packets are timed."""


class Ours:
    def __init__(self, job: Job, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._job, self._reader, self._writer = job, reader, writer

    async def ask(self, **message: Any) -> Any:
        self._writer.write(json.dumps(message).encode() + b"\n")
        return json.loads(await self._reader.readline())

    async def room(self, name: str, size: int) -> list[Line]:
        job = self._job
        people = [f"{name}.{n}" for n in range(size)]
        lines = []
        for number, person in enumerate(people):
            client = Client(address=job.address)
            generation, sdp = await self.ask(offer=[name, person])
            await self.ask(answer=[person, generation, await client.answer(sdp)])
            await client.connect()
            line = Line(client._gatherer._connection, client.dtls)
            assert client.voice is not None
            assert client.high is not None
            assert client.low is not None
            voice = Stream(client.voice.ssrc, job.audio, job.audio_size, is_video=False)
            high = Stream(client.high.ssrc, job.video, job.video_size, is_video=True)
            low = Stream(client.low.ssrc, job.low, job.low_size, is_video=True)
            if job.circle:
                # what the browsers are asked for (`wanted`), and all that they send: the voices of the two who may be
                # heard, everybody's low layer, the holder's high one
                line.sends = [[voice, low, high], [voice, low], [low]][min(number, 2)]
            else:
                line.sends = [voice, high]
            line.hears = [ssrc for ssrc, (_, kind) in client.slot_of.items() if kind != "rtx"][: 2 * (size - 1)]
            lines.append(line)
        await self.ask(plan=[name, self._plan(people)])
        return lines

    def _plan(self, people: Sequence[str]) -> Mapping[str, Mapping[str, tuple[bool, Layer]]]:
        """viewer -> publisher -> (audio, layer).  In a circle the first holds the floor and the second leads."""

        def flow(number: int) -> tuple[bool, Layer]:
            if not self._job.circle:
                return True, Layer.HIGH
            return number < 2, Layer.HIGH if number == 0 else Layer.LOW

        return {viewer: {of: flow(n) for n, of in enumerate(people) if of != viewer} for viewer in people}


async def _relayed(job: Job) -> list[Line]:
    """Everybody publishes real frames, since MediaRelay decodes them."""
    sound, pictures = opus_frames(), vp8_frames()
    reader, writer = await asyncio.open_connection("127.0.0.1", job.port, limit=1 << 20)
    lines, certificate = [], RTCCertificate.generateCertificate()
    for room in range(job.rooms):
        for _ in range(job.size):
            end, audio, video = End(certificate, job.address), random.getrandbits(31), random.getrandbits(31)
            await end.gather()
            others = range(2, 2 * job.size, 2)
            slots = [(kind, str(n + i), 0) for n in others for i, kind in enumerate(("audio", "video"))]
            offer = end.sdp([("audio", "0", audio), ("video", "1", video), *slots], "actpass")
            writer.write(json.dumps({"join": [str(room), offer]}).encode() + b"\n")
            answer = SessionDescription.parse(json.loads(await reader.readline()))
            await end.connect(answer, offerer=True)
            line = end.line()
            line.sends = [
                Film(audio, 50, 0, is_video=False, frames=sound, clock=48_000),
                Film(video, PICTURES, 0, is_video=True, frames=pictures, clock=90_000),
            ]
            line.hears = [m.ssrc[0].ssrc for m in answer.media[2:] if m.ssrc]
            lines.append(line)
    return lines


def _floor(job: Job) -> tuple[list[Line], subprocess.Popen[str]]:
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(job.rooms * job.size)]
    for sock in socks:
        sock.bind((job.address, 0))
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    names = [sock.getsockname() for sock in socks]
    rooms = [names[first : first + job.size] for first in range(0, len(names), job.size)]
    server = subprocess.Popen(
        ["taskset", "-c", str(job.core), sys.executable, "-m", "tests.bench.media_floor"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(json.dumps({"host": job.address, "rooms": rooms}) + "\n")
    server.stdin.flush()
    port = int(server.stdout.readline())
    lines: list[Line] = []
    for sock in socks:
        sock.connect((job.address, port))
        line = Bare(None, None)
        line.sock = sock
        line.sends = [
            Stream(random.getrandbits(31), job.audio, job.audio_size, is_video=False),
            Stream(random.getrandbits(31), job.video, job.video_size, is_video=True),
        ]
        line.hears = [1]
        lines.append(line)
    return lines, server


async def _conferenced(job: Job, stack: AsyncExitStack) -> list[Line]:
    """Janus; its session lasts as long as the WebSocket, which `stack` closes."""
    http = await stack.enter_async_context(aiohttp.ClientSession())
    ws = await stack.enter_async_context(
        http.ws_connect(f"ws://127.0.0.1:{job.port}", protocols=["janus-protocol"], autoping=True)
    )
    janus = VideoRoom(ws, job.address)
    await janus.start()
    one = {"audio": job.audio, "audio_size": job.audio_size, "video": job.video, "video_size": job.video_size}
    lines = []
    for _ in range(job.rooms):
        publishers, subscribers = await janus.room(job.size, [one] * job.size)
        lines += publishers + subscribers
    return lines


async def _ours(job: Job) -> tuple[list[Line], list[Line]]:
    ours = Ours(job, *await asyncio.open_connection("127.0.0.1", job.port, limit=1 << 20))
    lines = [line for n in range(job.rooms) for line in await ours.room(f"r{n}", job.size)]
    return lines, await ours.room("probe", 2) if job.probe else []


async def everybody(job: Job, stack: AsyncExitStack) -> tuple[list[Line], list[Line], int]:
    """(all lines, the two of the probe, the server's process id)"""
    match job.target:
        case "ours":
            return *await _ours(job), job.pid
        case "janus":
            return await _conferenced(job, stack), [], job.pid
        case "relay":
            return await _relayed(job), [], job.pid
        case _:
            lines, server = _floor(job)
            stack.callback(server.terminate)
            return lines, [], server.pid


def fanout(job: Job, stream: Stream, first: bool, second: bool) -> int:
    """To how many people a packet goes."""
    others = job.size - 1
    if not job.circle or job.target != "ours":
        return others
    if not stream.is_video:
        return others if first or second else 0
    return (others if stream.rate == job.video else 0) if first else others
