"""The data directory: is there room, may we write, and how long does a write take to be safe?"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import statistics
import time
from pathlib import Path

from server import kept
from server.doctor.case import Case
from server.doctor.findings import Finding, attention, broken, ok
from server.settings import PREFIX

ABOUT = "disk"
LITTLE, TOO_LITTLE = 1 << 30, 50 << 20
"""Bytes."""
SLOW = 0.1
"""Seconds: everything that people do waits for one such write, and from two on meetings stand still."""
_WRITES = 11


async def disk(case: Case) -> list[Finding]:
    folder = case.settings.data_dir.absolute()
    try:
        there = folder.is_dir()
        if not there and folder.exists():
            return [broken(ABOUT, f"{folder} is no folder.", f"{PREFIX}DATA_DIR should name one.")]
        if not there:
            parent = next(p for p in folder.parents if p.exists())
            if not os.access(parent, os.W_OK | os.X_OK):
                return [_forbidden(folder, "its parent may not be written to")]
        where = folder if there else parent
        room = _free(where)
        took = _safe_write(folder) if there else None
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            return [
                broken(
                    ABOUT,
                    f"{folder} is full: nothing can be recorded.",
                    "Make room, then meetings go on by themselves.",
                )
            ]
        return [_forbidden(folder, fault.strerror or "it cannot be used")]
    found = [
        *_room(folder, room),
        *(_speed(folder, took) if took is not None else ()),
        *_privacy(folder, case),
        *_whose(where),
    ]
    if found:
        return found
    if took is None:
        return [ok(ABOUT, f"{folder} is not there yet and can be made; {_size(room)} free.")]
    return [ok(ABOUT, f"{folder} has {_size(room)} free, and a write is safe after {took * 1000:.1f} ms.")]


def _forbidden(folder: Path, why: str) -> Finding:
    return broken(
        ABOUT,
        f"{folder} cannot be written to ({why}).",
        "Run me as the program's user, and give the folder to that user: chown -R (in a container: the volume); "
        f"or set {PREFIX}DATA_DIR.",
    )


def _free(folder: Path) -> int:
    """Bytes that are free to us; nothing if no more files can be made."""
    about = os.statvfs(folder)
    return 0 if about.f_files and not about.f_favail else about.f_bavail * about.f_frsize


def _safe_write(folder: Path) -> float:
    """Seconds until a small write is on the disk, the median of a few, in a file that is gone afterwards."""
    file = folder / f".doctor.{secrets.token_hex(8)}"
    times = []
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(_WRITES):
            began = time.monotonic()
            os.write(descriptor, secrets.token_bytes(4096))
            os.fsync(descriptor)
            times.append(time.monotonic() - began)
    finally:
        os.close(descriptor)
        file.unlink()
    return statistics.median(times)


def _room(folder: Path, free: int) -> list[Finding]:
    cure = "Make room: when the disk is full, nothing can be recorded and meetings stand still."
    if free < TOO_LITTLE:
        return [broken(ABOUT, f"{folder} has only {_size(free)} free.", cure)]
    if free < LITTLE:
        return [attention(ABOUT, f"{folder} has {_size(free)} free.", cure)]
    return []


def _speed(folder: Path, took: float) -> list[Finding]:
    if took < SLOW:
        return []
    return [
        attention(
            ABOUT,
            f"A write to {folder} is safe only after {took * 1000:.0f} ms; everything that people do waits for one.",
            "Put it on a disk of this machine (no network share), or look what else writes to it.",
        )
    ]


def _privacy(folder: Path, case: Case) -> list[Finding]:
    open_ = []
    with contextlib.suppress(OSError):
        open_ = [file for file in kept.secret_files(case.settings) if stat.S_IMODE(file.stat().st_mode) & 0o077]
    if not open_:
        return []
    names = " ".join(str(file) for file in open_)
    return [attention(ABOUT, f"Others on this machine can read {names}.", f"chmod 600 {names}")]


def _whose(folder: Path) -> list[Finding]:
    """Root may do everything, and so sees nothing of what the program's own user may not."""
    owner = folder.stat().st_uid
    if os.geteuid() != 0 or owner == 0:
        return []
    return [
        attention(
            ABOUT,
            f"I am root, and {folder} belongs to user {owner}: what that user may write there I cannot see.",
            "Run me as that user.",
        )
    ]


def _size(bytes_: int) -> str:
    return f"{bytes_ / (1 << 30):.1f} GB" if bytes_ >= 1 << 30 else f"{bytes_ / (1 << 20):.0f} MB"
