"""A door into the running program for the doctor: a Unix socket in the data directory, for its own user only.

Through it two callers that are no people (`signalling.caller`) get a connection of the program's own media plane, in a
room that no meeting can have, so that what is tried is what people use: its port, its process or worker, its gate.  One
trial at a time, of half a minute at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import aiohttp
from aiohttp import web

from signalling.errors import Restarting, SignallingError
from signalling.plan import Flow, MediaPlan, PeerId, RoomId
from signalling.workers import Workers

FILE: Final = "doctor.sock"
PATIENCE: Final = 5.0
LONGEST: Final = 30.0
"""Seconds of a trial."""
ROOM: Final = RoomId("doctor")
SPEAKER, LISTENER = PeerId("doctor.speaker"), PeerId("doctor.listener")


class Offered(Protocol):
    @property
    def generation(self) -> str: ...
    @property
    def sdp(self) -> str: ...


class Plane(Protocol):
    """Of `MediaPlane` and `Workers`, what a trial needs."""

    async def offer(self, room: RoomId, peer: PeerId, only_from: frozenset[str] | None = None) -> Offered: ...
    async def answer(self, peer: PeerId, generation: str, sdp: str) -> None: ...
    def set_plan(self, room: RoomId, plan: MediaPlan) -> None: ...
    async def confirmed(self, room: RoomId) -> None: ...
    def forget_room(self, room: RoomId) -> None: ...


class Refused(Exception):
    """The plane refused a step of a trial; `str()` is its code."""


class Trial(Protocol):
    """Two callers on a plane.  Raises `Refused`."""

    async def workers(self) -> int:
        """How many processes carry media; 1 where the program does it itself."""
        ...

    async def begin(self, worker: int) -> None:
        """The callers are to come to this one, from 0."""
        ...

    async def offer(self, peer: PeerId, only_from: Sequence[str] | None) -> tuple[str, str]:
        """Returns the generation and the SDP."""
        ...

    async def answer(self, peer: PeerId, generation: str, sdp: str) -> None: ...

    async def open(self) -> None:
        """From now on the listener hears the speaker."""
        ...

    async def end(self) -> None: ...


class OnPlane:
    """A trial on a plane of this process."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._worker = 0
        self._over: asyncio.TimerHandle | None = None

    async def workers(self) -> int:
        return len(self._plane.homes) if isinstance(self._plane, Workers) else 1

    async def begin(self, worker: int) -> None:
        if not 0 <= worker < await self.workers():
            raise Refused("no_such_worker")
        await self.end()
        if isinstance(self._plane, Workers):
            await self._plane.confirmed(ROOM)
            if not self._plane.place(ROOM, worker):
                raise Refused("busy")  # another doctor was quicker
        self._worker = worker
        self._begin_to_end()

    async def offer(self, peer: PeerId, only_from: Sequence[str] | None) -> tuple[str, str]:
        if self._over is None:
            self._begin_to_end()
        with _refusals():
            offer = await self._plane.offer(ROOM, peer, None if only_from is None else frozenset(only_from))
            if isinstance(self._plane, Workers) and self._plane.home_of(ROOM) != self._worker:
                raise Restarting  # that worker cannot be kept alive, and the plane took another one
        return offer.generation, offer.sdp

    async def answer(self, peer: PeerId, generation: str, sdp: str) -> None:
        with _refusals():
            await self._plane.answer(peer, generation, sdp)

    async def open(self) -> None:
        if self._over is None:  # nobody would shut this gate again
            raise Refused("over")
        self._plane.set_plan(ROOM, {LISTENER: {SPEAKER: Flow(audio=True)}})
        await self._plane.confirmed(ROOM)

    async def end(self) -> None:
        if self._over is not None:
            self._over.cancel()
        self._forget()

    def _begin_to_end(self) -> None:
        self._over = asyncio.get_running_loop().call_later(LONGEST, self._forget)

    def _forget(self) -> None:
        self._over = None
        self._plane.forget_room(ROOM)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except SignallingError as refused:
        raise Refused(refused.code) from None


# ---- in the program -------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def side_door(folder: Path, port: int, plane: Plane) -> AsyncIterator[None]:
    """Open inside the block.  `port` is where the pages are.  Where no such socket can be made there is no door."""
    trial = OnPlane(plane)

    async def here(_: web.Request) -> web.Response:
        return web.json_response({"port": port, "workers": await trial.workers()})

    async def step(request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json()
        try:
            match request.match_info["step"]:
                case "begin":
                    await trial.begin(int(asked["worker"]))
                case "offer":
                    generation, sdp = await trial.offer(PeerId(asked["peer"]), asked["only_from"])
                    return web.json_response({"generation": generation, "sdp": sdp})
                case "answer":
                    await trial.answer(PeerId(asked["peer"]), asked["generation"], asked["sdp"])
                case "open":
                    await trial.open()
                case "end":
                    await trial.end()
                case _:
                    raise web.HTTPNotFound
        except Refused as refused:
            return web.json_response({"code": str(refused)}, status=409)
        return web.json_response({})

    app = web.Application()
    app.router.add_get("/", here)
    app.router.add_post("/{step}", step)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        with contextlib.suppress(OSError):
            await web.SockSite(runner, _listening(folder)).start()
        yield
    finally:
        await trial.end()
        await runner.cleanup()
        with contextlib.suppress(OSError):
            (folder / FILE).unlink()


def _listening(folder: Path) -> socket.socket:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)  # of a program that was killed
    made = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with _short(folder) as path:
            made.bind(path)
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A name for the socket that fits into the 108 bytes that the kernel has for it, however deep the folder is."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{FILE}"
    finally:
        os.close(descriptor)


# ---- outside of it --------------------------------------------------------------------------------------------------


class Door:
    """The same from outside: a trial on the running program's plane."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def knock(self) -> int | None:
        """The port of the pages; None if nobody is there."""
        try:
            if not stat.S_ISSOCK((self._folder / FILE).stat().st_mode):
                return None
            return int((await self._ask("GET", "/"))["port"])
        except (OSError, aiohttp.ClientError, TimeoutError, KeyError, ValueError):
            return None

    async def workers(self) -> int:
        return int((await self._ask("GET", "/"))["workers"])

    async def begin(self, worker: int) -> None:
        await self._ask("POST", "/begin", worker=worker)

    async def offer(self, peer: PeerId, only_from: Sequence[str] | None) -> tuple[str, str]:
        told = await self._ask("POST", "/offer", peer=peer, only_from=None if only_from is None else list(only_from))
        return told["generation"], told["sdp"]

    async def answer(self, peer: PeerId, generation: str, sdp: str) -> None:
        await self._ask("POST", "/answer", peer=peer, generation=generation, sdp=sdp)

    async def open(self) -> None:
        await self._ask("POST", "/open")

    async def end(self) -> None:
        await self._ask("POST", "/end")

    async def _ask(self, method: str, path: str, **body: object) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        with _short(self._folder) as socket_:
            async with (
                aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket_), timeout=timeout) as http,
                http.request(method, f"http://doctor{path}", json=body) as answer,
            ):
                told: dict[str, Any] = await answer.json()
        if answer.status == 409:
            raise Refused(told["code"])
        answer.raise_for_status()
        return told
