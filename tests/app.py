"""The real program as a process of its own, on a free port and a data directory that nobody else has."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from server.settings import PREFIX

ROOT = Path(__file__).parents[1]
PATIENCE = 30.0
"""Seconds in which the program must have started or stopped, on a machine that is busy."""


class RunningApp:
    """Use it as a context manager, or call `start` and `stop`.

    `settings` are environment variables by their names without the prefix: `RunningApp(tmp_path, LOG_LEVEL="debug")`.
    """

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.port = 0
        self._out = data.with_name(f"{data.name}.out")
        self._err = data.with_name(f"{data.name}.err")
        ours = {f"{PREFIX}{name}": value for name, value in settings.items()}
        theirs = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        private = {"DATA_DIR": str(data), "MEDIA_ADDRESSES": "127.0.0.1", "MEDIA_PORT": "0"}
        self.environ = theirs | {f"{PREFIX}{name}": value for name, value in private.items()} | ours
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RunningApp:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()

    @property
    def url(self) -> str:
        """Where browsers open it, without a slash at the end."""
        return f"http://localhost:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when it is open.  The first start takes a free port, later ones the same."""
        assert self._process is None, "it is running"
        printed = len(self.printed())
        with self._out.open("ab") as out, self._err.open("ab") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server"],
                cwd=ROOT,
                env=self.environ | {"PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        until = time.monotonic() + PATIENCE
        while not (found := re.search(r"https?://localhost:(\d+)\n", self.printed()[printed:])):
            assert self._process.poll() is None, self.log_text()
            assert time.monotonic() < until, self.log_text()
            time.sleep(0.02)
        self.port = int(found[1])

    def stop(self) -> int:
        """Ask it to stop, as a container engine does; returns its exit status."""
        assert self._process is not None
        self._process.terminate()
        status = self._process.wait(PATIENCE)
        self._process = None
        return status

    def kill(self) -> None:
        """End it as the kernel does, without a goodbye (kill -9)."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE)
        self._process = None

    def restart(self) -> None:
        """Kill it and start it again on the same port and data."""
        self.kill()
        self.start()

    def practice(self) -> dict[str, Any]:
        """Make a practice meeting beside the running program: {"meeting": id, "links": {role: url}}."""
        made: dict[str, Any] = json.loads(self.command("practice", "--json").stdout)
        return made

    def command(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the program on the same data directory, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "server", *arguments],
            cwd=ROOT,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def printed(self) -> str:
        """What the person at the terminal has read since the first start."""
        return self._out.read_text() if self._out.exists() else ""

    def log_text(self) -> str:
        """Everything that was logged since the first start."""
        return self._err.read_text() if self._err.exists() else ""

    def log(self) -> list[Mapping[str, Any]]:
        """The same, line by line; a line that is no JSON fails."""
        return [json.loads(line) for line in self.log_text().splitlines()]
