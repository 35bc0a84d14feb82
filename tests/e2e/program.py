"""The real program as a child process on a data directory of its own, behind a line that a test can cut."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

from server.settings import PREFIX
from tests.e2e.line import Line, line

ROOT = Path(__file__).parents[2]
SLOW = 30.0
"""Seconds within which the program must say where it listens, on a machine that is busy."""


class Program:
    def __init__(self, data: Path, way: Line, settings: Mapping[str, str]) -> None:
        self.line = way
        self.database = data / "talkingpiece.sqlite3"
        self.said: list[str] = []
        """Everything that it has printed and logged since the first start, line by line."""
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | {
            "PORT": str(way.to_port),
            f"{PREFIX}DATA_DIR": str(data),
            f"{PREFIX}PUBLIC_URL": self.url,
            f"{PREFIX}MEDIA_PORT": "0",
            "PYTHONUNBUFFERED": "1",
            **{f"{PREFIX}{name}": value for name, value in settings.items()},
        }
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """What browsers call it: the line's address."""
        return f"http://localhost:{self.line.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def setup_link(self) -> str:
        return self._find(r"http://\S+/setup#\S+")

    def _find(self, pattern: str) -> str:
        found = re.search(pattern, "\n".join(self.said))
        assert found is not None, "\n".join(self.said[-30:])
        return found[0]

    async def practice(self) -> Mapping[str, str]:
        """A new practice meeting in the running program: role -> link."""
        made = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server", "practice", "--json"),
            cwd=ROOT,
            env=self._environ,
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await made.communicate()
        assert made.returncode == 0
        links: Mapping[str, str] = json.loads(printed)["links"]
        return links

    async def start(self) -> None:
        """Returns when it answers."""
        begun = len(self.said)
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server"),
            cwd=ROOT,
            env=self._environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reading = asyncio.create_task(self._read(self._process))
        until = monotonic() + SLOW
        while not await self._answers():
            assert self._process.returncode is None, "\n".join(self.said[begun:])
            assert monotonic() < until, "\n".join(self.said[begun:])
            await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.line.to_port)
            writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            status = await reader.readline()
            writer.close()
        except OSError:
            return False
        return b" 200 " in status

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for printed in process.stdout:
            self.said.append(printed.decode().rstrip("\n"))

    async def kill(self) -> None:
        """As the kernel does it: no goodbye (kill -9)."""
        assert self._process is not None
        assert self._reading is not None
        self._process.kill()
        await self._process.wait()
        await self._reading

    async def stop(self) -> int:
        """Asked nicely; returns its exit status."""
        assert self._process is not None
        assert self._reading is not None
        if self._process.returncode is None:
            self._process.terminate()
        status = await asyncio.wait_for(self._process.wait(), 15)
        await self._reading
        return status


def free_port() -> int:
    """A TCP port that nobody has now; the same one is used again when the program is started again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def program(data: Path, *, at: str = "127.0.0.1", **settings: str) -> AsyncIterator[Program]:
    """`at` is the address to which browsers come; `settings` are variables by their names without the prefix."""
    async with line(at) as way:
        way.to_port = free_port()
        running = Program(data, way, {"MEDIA_ADDRESSES": at} | settings)
        await running.start()
        try:
            yield running
        finally:
            status = await running.stop()
        assert status == 0, "\n".join(running.said[-30:])
