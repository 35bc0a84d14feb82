"""The database, opened for reading only: does it answer, is it ours, is it whole, can the journal still be believed?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server import kept
from server.doctor.case import Case
from server.doctor.findings import Finding, attention, broken, ok
from server.settings import PREFIX
from server.store import StoreDown, StoreError
from server.store.examination import Examined, Schema, examine

ABOUT = "database"
APART = timedelta(seconds=30)
_BACKUP = "Put the last backup back (database and key together), and keep the damaged one aside."


async def database(case: Case) -> list[Finding]:
    given = case.settings
    try:
        key = kept.found_key(given)
        found = await examine(given.database, key)
    except StoreDown as down:
        return [
            broken(
                ABOUT,
                f"It does not answer ({down.reason}).",
                f"Look at {PREFIX}DATABASE_URL, at the database itself, and whether this user may read it.",
            )
        ]
    except (StoreError, ValueError) as fault:
        return [broken(ABOUT, f"It cannot be used: {fault}.", f"Look at {PREFIX}DATABASE_URL.")]
    except OSError as fault:
        return [broken(ABOUT, f"The journal's key cannot be read ({fault.strerror}).", "Run me as the program's user.")]
    return _judged(found, key)


def _judged(found: Examined, key: bytes | None) -> list[Finding]:
    match found.schema:
        case Schema.NONE:
            return [ok(ABOUT, "It is empty: the first start makes its tables.")]
        case Schema.NEWER:
            return [
                broken(
                    ABOUT,
                    f"A newer version has written it ({found.revision}); this one does not start with it.",
                    "Install that version again, or put back the backup from before the update.",
                )
            ]
        case Schema.OLDER:
            older = [
                attention(
                    ABOUT,
                    f"It is of an older version ({found.revision}); the next start brings it up.",
                    "Make a backup first: there is no way back without one.",
                )
            ]
        case Schema.CURRENT:
            older = []
    if found.damage:
        return [broken(ABOUT, f"It is damaged: {found.damage}.", _BACKUP)]
    if key is None and found.facts:
        return [
            broken(
                ABOUT,
                "There is a journal, and the key that seals it is gone: no meeting can be opened.",
                f"Put journal.key back, or set {PREFIX}JOURNAL_KEY.",
            )
        ]
    if found.broken:
        stream, seq = found.broken[0]
        more = f", and {len(found.broken) - 1} more" if len(found.broken) > 1 else ""
        return [
            broken(
                ABOUT,
                f"The journal of meeting {stream} is not what was written, from fact {seq} on{more}.",
                "Is it the right key? Otherwise somebody or something changed it. " + _BACKUP,
            )
        ]
    return [
        *older,
        *_durable(found),
        *_in_time(found),
        ok(
            ABOUT,
            "It answers, and its journals are whole and sealed by our key "
            f"(meetings: {found.streams}, facts: {found.facts}).",
        ),
    ]


def _durable(found: Examined) -> list[Finding]:
    if found.durable:
        return []
    return [
        broken(
            ABOUT,
            "PostgreSQL runs with fsync=off or full_page_writes=off: a power cut can destroy it.",
            "Set both to on in postgresql.conf.",
        )
    ]


def _in_time(found: Examined) -> list[Finding]:
    apart = abs(found.clock - datetime.now(UTC)) if found.clock is not None else timedelta()
    if apart < APART:
        return []
    return [
        attention(
            ABOUT,
            f"Its clock and this machine's are {round(apart.total_seconds())} s apart.",
            "Let a time service keep both.",
        )
    ]
