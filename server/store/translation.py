"""The one place where the errors of two drivers, of SQLAlchemy and of the system become the store's own."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import exc

from server.store.errors import Conflict, StoreDown, StoreFault

_OUR_MISTAKES = ("22", "42", "SQLITE_ERROR", "SQLITE_MISMATCH", "SQLITE_RANGE", "SQLITE_TOOBIG")
"""Codes (SQLSTATE by class) that a statement of ours is to blame for; everything else is the database's trouble."""


@contextlib.contextmanager
def errors_translated() -> Iterator[None]:
    """Raises `Conflict`, `StoreFault` or `StoreDown` for whatever the database raises; other errors pass through.

    `from None`: the original's message may quote values ("Key (email)=(...) already exists"), and a traceback goes to
    the log.
    """
    try:
        yield
    except exc.IntegrityError as error:
        raise Conflict(_reason(error)) from None
    except exc.DBAPIError as error:
        if _code(error.orig).startswith(_OUR_MISTAKES):
            raise StoreFault(f"{_reason(error)} in {error.statement}") from None
        raise StoreDown(_reason(error)) from None
    except (exc.TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, OSError) as error:
        raise StoreDown(_reason(error)) from None


def _reason(error: Exception) -> str:
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    return f"{type(origin).__name__} {_code(origin)}".rstrip()


def _code(error: BaseException | None) -> str:
    return getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or ""
