"""What became of a process, by its id."""

from __future__ import annotations

from pathlib import Path


def ended(pid: int) -> bool:
    """It runs no more: it is gone, or only waits to be collected by its parent."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in ("Z", "X")
