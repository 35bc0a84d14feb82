"""How the schema came to be: numbered steps, each with its way back, run when the database is opened.

To add one: write `versions/000N_what_it_does.py` by hand.  The tests hold the sum of all steps equal to `schema`, and
run each one up and down with rows in the tables.

Steps run in one transaction, on SQLite with foreign keys off: changing a table there means copying it, and dropping the
old copy would cascade into whatever refers to it.
"""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from server.store.errors import StoreFault, StoreNewer

_LOCK = 0x7A1C_1457_AB1E
"""PostgreSQL's advisory lock for "somebody is migrating"; any number will do."""
_moving = threading.Lock()
"""Alembic keeps the connection that it works on in a global: two moves of one process would mix theirs up."""


def config() -> Config:
    """Alembic's configuration, from the installed package and without a file."""
    here = Config()
    here.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return here


def newest() -> str:
    """The revision that this version of the program works with."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head


def known() -> frozenset[str]:
    """Every revision that this version of the program knows a way from."""
    return frozenset(step.revision for step in ScriptDirectory.from_config(config()).walk_revisions())


def bring_up(connection: Connection) -> None:
    """Bring the schema to `newest`.  Raises `StoreNewer` if the data comes from a later version of the program."""
    current = revision(connection)
    connection.rollback()
    if current != newest():
        move(connection, newest())


def move(connection: Connection, target: str) -> None:
    """Up or down to `target` ("base" for nothing at all), all steps or none.  One at a time in a process."""
    sqlite = connection.dialect.name == "sqlite"
    if not _moving.acquire(blocking=False):
        raise RuntimeError("two migrations at once in one process")
    try:
        if sqlite:
            _foreign_keys(connection, "OFF")
        with connection.begin():
            if not sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _move(connection, target)
            if sqlite and connection.execute(text("PRAGMA foreign_key_check")).first():
                raise StoreFault("a migration left a row that refers to nothing")
    finally:
        _moving.release()
        if sqlite:
            _foreign_keys(connection, "ON")


def _foreign_keys(connection: Connection, state: str) -> None:
    """Outside any transaction, on the driver's own connection: inside one SQLite ignores it."""
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys = {state}")
    cursor.close()


def revision(connection: Connection) -> str | None:
    """Where the data stands; None where nothing was ever made."""
    return MigrationContext.configure(connection).get_current_revision()


def _move(connection: Connection, target: str) -> None:
    here = config()
    here.attributes["connection"] = connection
    steps = ScriptDirectory.from_config(here)
    current = revision(connection)
    if current is not None and current not in known():
        raise StoreNewer(f"the data is at {current}, this program knows {newest()}")
    behind = {step.revision for step in steps.iterate_revisions(current, "base")} if current else set()
    down = target == "base" or target in behind
    (command.downgrade if down else command.upgrade)(here, target)
