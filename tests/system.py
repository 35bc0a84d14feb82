"""The Debian packages that the tests stand on: installs what is missing as root, otherwise names it in one line.

`python -m tests.system` is a step of `make test`, so nothing is skipped silently.  It imports the standard library
only, because `python tests/system.py venv` runs before the environment exists.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

Probe = Callable[[], bool]


def _has_ensurepip() -> bool:
    return subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0


VENV: Mapping[str, Probe] = {"python3-venv": _has_ensurepip}
"""What `python3 -m venv` needs where Debian has split it from Python."""

TESTS: Mapping[str, Probe] = {
    "chromium": lambda: Path("/usr/bin/chromium").exists(),
    "firefox-esr": lambda: Path("/usr/bin/firefox-esr").exists(),
    "postgresql": lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    "coturn": lambda: shutil.which("turnserver") is not None,
    "haproxy": lambda: shutil.which("haproxy") is not None,
    "iproute2": lambda: shutil.which("ip") is not None,
    "fonts-dejavu-core": lambda: Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").exists(),
}
"""Package -> is it here?  Real browsers, the second database, a TURN server and the door that it shares with the
pages, networks to put them in and bad lines to make, and letters for the browsers to draw."""

PEERS: Mapping[str, Probe] = {
    "janus": lambda: shutil.which("janus") is not None,
    "util-linux": lambda: shutil.which("taskset") is not None and shutil.which("prlimit") is not None,
}
"""What the benchmarks measure against, and what gives each its core."""


def ensure(packages: Mapping[str, Probe], *, root: bool) -> int:
    """Install the packages whose probe says no; returns an exit status and never leaves anything out unsaid."""
    missing = [name for name, here in packages.items() if not here()]
    if not missing:
        return 0
    names = " ".join(missing)
    if not root or shutil.which("apt-get") is None:
        print(f"Missing: {names}.  Type: sudo apt-get update && sudo apt-get install -y {names}", file=sys.stderr)
        return 1
    print(f"== installing {names}", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
        done = subprocess.run(
            ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", *command],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            print("\n".join(done.stdout.splitlines()[-20:]), file=sys.stderr)
            print(f"apt-get {command[0]} failed; {names} could not be installed.", file=sys.stderr)
            return 1
    still = [name for name in missing if not packages[name]()]
    if still:
        print(f"Installed, and yet not where it belongs: {' '.join(still)}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    wanted = {"venv": VENV, "peers": PEERS}.get(" ".join(sys.argv[1:]), TESTS)
    sys.exit(ensure(wanted, root=os.geteuid() == 0))
