"""What outlives the process, opened as the settings say: the store, the journal's key, and where the program is opened.

The command line uses it beside the running server, so nothing of the pages or of the media is imported here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from server.settings import Settings
from server.store import Accounts, Database, Journal, Links, Meetings, Sessions, StoreDown, StoreError

_KEY_FILE = "journal.key"
_ADDRESS_FILE = "address"


def in_words(error: StoreError) -> str:
    """What the person at the terminal is told.  Nothing of what was being stored is in it."""
    if isinstance(error, StoreDown):
        return f"The database does not answer ({error.reason}). Nothing was changed."
    return f"The program cannot work with this database: {error}."


@dataclass(frozen=True, slots=True)
class Store:
    """What is kept, opened."""

    database: Database
    journal: Journal
    meetings: Meetings
    links: Links
    accounts: Accounts
    sessions: Sessions


class KeyMissing(StoreError):
    """There is a journal, and the key that seals it is gone: with another one nothing of it could be read."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"the journal's key is missing: put {file} back, or set TALKINGPIECE_JOURNAL_KEY")


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The store of these settings.  Several processes may have it open; the command line uses it beside the server."""
    database = await Database.open(settings.database)
    try:
        accounts = Accounts(database)
        try:
            key, made = journal_key(settings)
            journal = Journal(database, key)
            if made and await journal.streams():
                (settings.data_dir / _KEY_FILE).unlink()
                raise KeyMissing(settings.data_dir / _KEY_FILE)
            yield Store(database, journal, Meetings(database, journal), Links(database), accounts, Sessions(database))
        finally:
            accounts.close()
    finally:
        await database.close()


def journal_key(settings: Settings) -> tuple[bytes, bool]:
    """The key that seals the journal: from the settings, or from a file that only we may read, made when it is missing.

    Also whether it was made just now.  Two processes that start at the same moment get the same key: the file appears
    whole or not at all.
    """
    if given := settings.journal_key.get_secret_value():
        return given.encode(), False
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = settings.data_dir / _KEY_FILE
    missing = not file.exists()
    if missing:
        made = settings.data_dir / f".{_KEY_FILE}.{secrets.token_hex(8)}"
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
        made.unlink()
    return file.read_bytes(), missing


def found_key(settings: Settings) -> bytes | None:
    """The key that seals the journal, if there is one.  Raises OSError when it may not be read."""
    if given := settings.journal_key.get_secret_value():
        return given.encode()
    try:
        return (settings.data_dir / _KEY_FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def secret_files(settings: Settings) -> list[Path]:
    """What nobody but the program's user may read."""
    files = [settings.data_dir / _KEY_FILE]
    if not settings.database_url:
        files.append(Path(settings.database.removeprefix("sqlite:///")))
    return [file for file in files if file.exists()]


def address(settings: Settings) -> str:
    """Where the running program is opened, as it noted in the data directory; else what these settings say."""
    with contextlib.suppress(OSError):
        return (settings.data_dir / _ADDRESS_FILE).read_text("utf-8").strip()
    return settings.origin


@contextlib.contextmanager
def address_noted(settings: Settings) -> Iterator[None]:
    """So that `talkingpiece practice` makes links to this program, whatever port it has taken."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = settings.data_dir / _ADDRESS_FILE
    file.write_text(f"{settings.origin}\n", "utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
