"""A private PostgreSQL 15 for the tests: Debian's binaries, its own directory and socket, gone when the run is over.

`server()` is what the `postgres` fixtures of the suites stand on.  It listens on a unix socket only, trusts whoever can
reach that, and does not fsync unless asked to: what the tests kill is our process, never the machine.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]  # it ships no types

BINARIES = Path("/usr/lib/postgresql/15/bin")

_SETTINGS = {"listen_addresses": "", "max_connections": "60"}
_FORGETFUL = {"fsync": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """A running server.  `stop` and `start` are for the tests of a database that goes away."""

    directory: Path
    user: str
    settings: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _free: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Returns when it accepts connections."""
        settings = [part for key, value in self.settings.items() for part in ("-c", f"{key}={value}")]
        log = (self.directory / "log").open("ab")
        # If the test run itself is killed, the kernel stops the server: nothing is left on the machine.
        self.process = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig",
                "QUIT",
                str(BINARIES / "postgres"),
                "-D",
                "data",
                "-k",
                str(self.directory),
                *settings,
            ],
            cwd=self.directory,
            stdout=log,
            stderr=log,
            **_as(self.user),
        )
        log.close()
        self._await_answer()

    def stop(self) -> None:
        """Immediately, as in a crash: connections just end."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=20)
            self.process = None

    async def create(self) -> str:
        """An empty database; returns the URL that `Database.open` takes."""
        if not self._free:
            self._free.append(f"t{uuid4().hex}")
            await self._administer(f"CREATE DATABASE {self._free[-1]}")
        return f"postgresql://{self.user}@/{self._free.pop()}?host={self.directory}"

    async def drop(self, url: str) -> None:
        """Throw out whoever is still connected, and keep the database, emptied, for the next `create`.

        Making a new one takes a hundred times as long (0.1 to 0.3 s).
        """
        name = self._name(url)
        await self._administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        await self._administer(f"ALTER DATABASE {name} RESET ALL")
        connection = await self.connect(url)
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await connection.close()
        self._free.append(name)

    async def connect(self, url: str) -> Any:
        """A plain connection of our own to a database of `create`, past everything that the program does."""
        return await asyncpg.connect(host=str(self.directory), user=self.user, database=self._name(url))

    @staticmethod
    def _name(url: str) -> str:
        return url.split("@/", 1)[1].split("?", 1)[0]

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(host=str(self.directory), user=self.user, database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _await_answer(self) -> None:
        assert self.process is not None
        question = [str(BINARIES / "pg_isready"), "-q", "-h", str(self.directory)]
        for _ in range(1000):
            if self.process.poll() is not None:
                break
            if subprocess.run(question, check=False).returncode == 0:
                return
            time.sleep(0.02)
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.directory / 'log').read_text()[-2000:]}")


@contextlib.contextmanager
def server(*, durable: bool = False) -> Iterator[Postgres]:
    """Set one up, yield it, take it away.  About 1.5 s.  `durable`: with fsync, for measurements."""
    if not (BINARIES / "initdb").exists():
        raise RuntimeError(
            "PostgreSQL 15 is needed.  Type: sudo apt-get update && sudo apt-get install -y postgresql-15"
        )
    # Not pytest's tmp_path: a unix socket's name may have 107 bytes, and another user must be able to reach it.
    directory = Path(tempfile.mkdtemp(prefix="tp-pg-"))
    user = _unprivileged()
    shutil.chown(directory, user)
    running = Postgres(directory, user, _SETTINGS if durable else {**_SETTINGS, **_FORGETFUL})
    try:
        subprocess.run(
            [str(BINARIES / "initdb"), "-D", "data", "-A", "trust", "-U", user, "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            cwd=directory,
            check=True,
            capture_output=True,
            **_as(user),
        )
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _unprivileged() -> str:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as(user: str) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
