"""What a process is doing, by its id."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def ended(pid: int) -> bool:
    """It runs no more: it is gone, or only waits to be collected by its parent."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in ("Z", "X")


def children(pid: int) -> list[int]:
    """Those that run."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            if entry.name.isdigit() and int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return [child for child in found if not ended(child)]


def udp_ports(pid: int) -> set[int]:
    """The UDP ports at which a process listens (IPv4)."""
    sockets = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            sockets.add(os.readlink(entry))
    lines = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    return {int(line[1].partition(":")[2], 16) for line in lines if f"socket:[{line[9]}]" in sockets}


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
