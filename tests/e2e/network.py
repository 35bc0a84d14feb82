"""A network of the tests' own, with lines that can be made bad: one namespace for the program, one for each line.

The test itself steps into the program's namespace, the hub, and with it whatever it starts; there loopback is
loopback, and the program is also reached at `HUB` from the other end of each line.  It needs root and /dev/net/tun,
and says so where they are missing.  What a killed test has left behind is cleared away by the next one.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from tests.e2e.shuttle import NETNS, Impairment, step_back, step_into

HUB = "10.99.0.1"
CLEAR = Impairment()
_PREFIX = "tptest"
_ROOT = Path(__file__).parents[2]


class Network:
    def __init__(self, lines: int) -> None:
        self.hub = f"{_PREFIX}-{os.getpid()}-hub"
        self.lines = [f"{_PREFIX}-{os.getpid()}-{number}" for number in range(1, lines + 1)]
        self._shuttle: asyncio.subprocess.Process | None = None
        self._last = dict.fromkeys(self.lines, 2)

    async def set_up(self) -> None:
        await _clear_away()
        for namespace in (self.hub, *self.lines):
            await _ip("netns", "add", namespace)
            await _ip("-n", namespace, "link", "set", "lo", "up")
        await _ip("-n", self.hub, "addr", "add", f"{HUB}/32", "dev", "lo")
        self._shuttle = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.shuttle", self.hub, *self.lines),
            cwd=_ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        await self._is_told("ready")
        for number, line in enumerate(self.lines, start=1):
            await _ip("-n", line, "link", "set", "line", "up", "mtu", "1400")
            await self._come_by(line)
            await _ip("-n", self.hub, "link", "set", f"line{number}", "up", "mtu", "1400")
            await _ip("-n", self.hub, "route", "add", f"10.99.{number}.0/24", "dev", f"line{number}", "src", HUB)

    async def take_down(self) -> None:
        if self._shuttle is not None:
            assert self._shuttle.stdin is not None
            self._shuttle.stdin.close()
            await self._shuttle.wait()
        for namespace in _namespaces(f"{os.getpid()}"):
            await _ip("netns", "del", namespace)

    async def impair(self, line: str, up: Impairment = CLEAR, down: Impairment = CLEAR) -> None:
        """From now on this line does this to what comes from it (`up`) and what goes to it (`down`)."""
        assert self._shuttle is not None
        assert self._shuttle.stdin is not None
        order = {"line": line, "up": asdict(up), "down": asdict(down)}
        self._shuttle.stdin.write(json.dumps(order).encode() + b"\n")
        await self._is_told("done")

    async def change_address(self, line: str) -> None:
        """As from Wi-Fi to mobile: the old address is gone, there is a new one."""
        old = self._address(line)
        self._last[line] += 1
        await _ip("-n", line, "addr", "del", f"{old}/32", "dev", "line")
        await self._come_by(line)

    async def _come_by(self, line: str) -> None:
        await _ip("-n", line, "addr", "add", f"{self._address(line)}/32", "dev", "line")
        await _ip("-n", line, "route", "replace", "default", "dev", "line")

    def _address(self, line: str) -> str:
        return f"10.99.{self.lines.index(line) + 1}.{self._last[line]}"

    async def _is_told(self, word: str) -> None:
        assert self._shuttle is not None
        assert self._shuttle.stdout is not None
        said = await asyncio.wait_for(self._shuttle.stdout.readline(), 15)
        assert said.decode().strip() == word, f"the shuttle says {said!r}"

    def started_in(self, namespace: str, program: str, folder: Path) -> Path:
        """A command that starts `program` in this namespace."""
        command = folder / f"{Path(program).name}-{namespace}"
        command.write_text(f'#!/bin/sh\nexec ip netns exec {namespace} {program} "$@"\n')
        command.chmod(0o755)
        return command


async def _clear_away() -> None:
    """The namespaces of tests that are no more; those of another run on this machine stay."""
    for namespace in _namespaces("*"):
        if not _runs(namespace.split("-")[1]):
            await _ip("netns", "del", namespace)


def _runs(process: str) -> bool:
    return Path("/proc", process).exists()


def _namespaces(process: str) -> list[str]:
    return [path.name for path in Path(NETNS).glob(f"{_PREFIX}-{process}-*")]


def _require() -> None:
    assert os.geteuid() == 0, "Tests of bad lines make network namespaces, which only root may do."
    assert Path("/dev/net/tun").exists(), (
        "Tests of bad lines need /dev/net/tun (in a container: --device /dev/net/tun)."
    )


async def _ip(*words: str) -> None:
    child = await asyncio.create_subprocess_exec("ip", *words, stderr=asyncio.subprocess.PIPE)
    _, said = await child.communicate()
    assert child.returncode == 0, f"ip {' '.join(words)}: {said.decode().strip()}"


@asynccontextmanager
async def network(lines: int) -> AsyncIterator[Network]:
    """Up to 250 lines; the caller's thread is in the hub while this is open."""
    _require()
    net = Network(lines)
    try:
        await net.set_up()
        home = step_into(net.hub)
        try:
            yield net
        finally:
            step_back(home)
    finally:
        await net.take_down()
