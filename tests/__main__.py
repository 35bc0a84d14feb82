"""Every test, in three processes: `python -m tests`, with options for pytest behind it.

Two runs go on beside the one that is shown.  The room's tests only compute, for three minutes; others mostly wait.
Both have a lower priority, so that nobody who is timed waits for them.  Of those that wait, what needs browsers comes
last: when the room's are through, and mostly before the six browsers of a circle take all that the machine has.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

BESIDE: Final = {
    ("tests/room",): 19,
    (
        "tests/realtime",
        "tests/doctor",
        "tests/signalling/test_thin_line.py",
        "tests/e2e/test_line_history.py",
        "tests/e2e/test_sleep.py",
        "tests/e2e/test_unreachable.py",
    ): 5,
}
"""What is run beside, in this order -> how nice it is to the others."""
_NOTHING: Final = 5
"""What pytest says when its options leave it no test."""


def main(told: list[str]) -> int:
    """The exit code."""
    pytest = [sys.executable, "-m", "pytest", *told]
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C goes to all of them as well, and they end in order
    with ExitStack() as stack:
        runs, said = [], []
        for paths, nice in BESIDE.items():
            said.append(stack.enter_context(tempfile.TemporaryFile("w+")))
            # a cache of its own, or one would forget what failed in another
            cache = f"cache_dir=.pytest_cache/{Path(paths[0]).name}"
            command = ["nice", "-n", str(nice), *pytest, *paths, "-o", cache]
            runs.append(subprocess.Popen(command, stdout=said[-1], stderr=subprocess.STDOUT))
        elsewhere = [f"--ignore={path}" for paths in BESIDE for path in paths]
        runs.append(subprocess.Popen([*pytest, "tests", *elsewhere]))

        def end(*_: object) -> None:
            for run in runs:
                run.terminate()

        signal.signal(signal.SIGTERM, end)
        codes = [run.wait() for run in runs]
        for paths, file in zip(BESIDE, said, strict=True):
            file.seek(0)
            print(f"== meanwhile: {' '.join(paths)}", file.read(), sep="\n")
    return next((code for code in codes if code not in (0, _NOTHING)), min(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
