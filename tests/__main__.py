"""Every test, in two processes: `python -m tests`, with what pytest is to be told besides.

Those of the room only compute, and those that talk to servers and browsers mostly wait; so the first run beside the
others, at the lowest priority, so that nobody who is timed waits for them.  That saves three minutes of 25.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

PURE = "tests/room"


def main(told: list[str]) -> int:
    """The exit code."""
    pytest = [sys.executable, "-m", "pytest", *told]
    with tempfile.TemporaryFile("w+") as said:
        beside = subprocess.Popen(
            ["nice", "-n", "19", *pytest, PURE, "-p", "no:cacheprovider"], stdout=said, stderr=subprocess.STDOUT
        )
        try:
            others = subprocess.run([*pytest, "tests", f"--ignore={PURE}"], check=False).returncode
            pure = beside.wait()
        finally:
            beside.kill()
            beside.wait()
        said.seek(0)
        print(f"== meanwhile: {PURE}", said.read(), sep="\n")
    return others or pure


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
