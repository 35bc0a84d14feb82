"""What lies in a folder: taken twice, it shows that nothing was changed."""

from __future__ import annotations

import stat
from pathlib import Path


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """File -> its bytes and when it was last written.  What is no plain file counts as empty."""
    return {path.name: (_bytes(path), path.stat().st_mtime_ns) for path in folder.iterdir()}


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if stat.S_ISREG(path.stat().st_mode) else b""
