"""Every test, in two processes: `python -m tests`, with options for pytest behind it.

Those of the room only compute, and those that talk to servers and browsers mostly wait; so the first run beside the
others, at the lowest priority, so that nobody who is timed waits for them.  Alone they take three minutes.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from typing import Final

PURE: Final = "tests/room"
_NOTHING: Final = 5
"""What pytest says when its options leave it no test."""


def main(told: list[str]) -> int:
    """The exit code."""
    pytest = [sys.executable, "-m", "pytest", *told]
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C goes to both as well, and they end in order
    with tempfile.TemporaryFile("w+") as said:
        pure = subprocess.Popen(
            ["nice", "-n", "19", *pytest, PURE, "-p", "no:cacheprovider"], stdout=said, stderr=subprocess.STDOUT
        )
        others = subprocess.Popen([*pytest, "tests", f"--ignore={PURE}"])
        both = others, pure

        def end(*_: object) -> None:
            for each in both:
                each.terminate()

        signal.signal(signal.SIGTERM, end)
        codes = [each.wait() for each in both]
        said.seek(0)
        print(f"== meanwhile: {PURE}", said.read(), sep="\n")
    return next((code for code in codes if code not in (0, _NOTHING)), min(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
