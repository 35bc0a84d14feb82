"""Accounts of facilitators.  The first is made with a one-time set-up token that the program prints when it starts.

Passwords are argon2id, hashed in two threads at most: each hash takes 19 MiB and about 20 ms, and neither the memory
nor the processor may be taken from the media by people who hammer on the sign-in page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, exists, insert, select, update

from server.store import schema, text
from server.store.database import Database
from server.store.errors import BadText, SetupRefused
from server.store.schema import account, setup
from server.store.tokens import AccountId, digest, new_id, new_token

SETUP_TTL = timedelta(hours=24)

_OWASP = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP Password Storage Cheat Sheet: argon2id, m=19 MiB, t=2, p=1."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Account:
    id: AccountId
    label: str
    """What other people read: the account's e-mail address is never shown to anybody (R17)."""
    email: str
    created_at: datetime


class Accounts:
    def __init__(self, database: Database, hasher: PasswordHasher = _OWASP) -> None:
        """`hasher` sets the price of a guess; hashes of another price are renewed when their owner signs in."""
        self._database = database
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
        self._decoy = self._threads.submit(hasher.hash, new_token())

    def close(self) -> None:
        """Let the two threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    # ---- the first account ------------------------------------------------------------------------------------------

    async def needs_setup(self) -> bool:
        """True until there is an account."""
        return not await self._database.read(_any)

    async def issue_setup(self, *, now: datetime, ttl: timedelta = SETUP_TTL) -> str:
        """A new set-up token; an older one is worthless from now on.  Raises `SetupRefused` if there is an account."""
        token = new_token()
        row = {"slot": 1, "token_hash": digest(token), "expires_at": now + ttl}

        def replace(connection: Connection) -> None:
            if _any(connection):
                raise SetupRefused
            connection.execute(delete(setup))
            connection.execute(insert(setup), row)

        await self._database.write(replace)
        return token

    async def create_first(self, token: str, *, label: str, email: str, password: str, now: datetime) -> Account:
        """Make the first account and use up the token, or neither.

        Raises `SetupRefused`, and `BadText` for a label, an address or a password that will not do; the token is still
        good after that.
        """
        hashed = digest(token)
        good = (setup.c.token_hash == hashed, setup.c.expires_at > now)
        known = select(exists().where(*good))
        # Looked at first, so that rubbish does not cost 20 ms of hashing.
        if hashed is None or not await self._database.read(lambda connection: connection.scalar(known)):
            raise SetupRefused
        address = text.email(email)
        made = Account(AccountId(new_id()), text.label(label), address, now)
        chosen = text.new_password(password, address)
        secret = await self._in_thread(lambda: self._hasher.hash(chosen))
        opener = {"account": made.id, "hash": secret, "changed_at": now}

        def use_up(connection: Connection) -> None:
            if connection.execute(delete(setup).where(*good)).rowcount != 1 or _any(connection):
                raise SetupRefused
            connection.execute(insert(account), asdict(made))
            connection.execute(insert(schema.password), opener)

        await self._database.write(use_up)
        return made

    # ---- signing in -------------------------------------------------------------------------------------------------

    async def get(self, id: AccountId) -> Account | None:  # noqa: A002  # it is the row's name
        query = select(account).where(account.c.id == id)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        return Account(**row._mapping) if row else None

    async def check_password(self, email: str, password: str, *, now: datetime) -> Account | None:
        """The account that this address and password open, or None, after the same work whichever of them is wrong.

        An address that nobody has is checked against a decoy, so that the time tells nobody who has an account here.
        """
        try:
            address, given = text.email(email), text.password(password)
        except BadText:
            address, given = "", ""  # no account has it
        query = select(account, schema.password.c.hash).join(schema.password).where(account.c.email == address)
        row = await self._database.read(lambda connection: connection.execute(query).one_or_none())
        matches = await self._in_thread(lambda: self._matches(row.hash if row else self._decoy.result(), given))
        if row is None or not matches:
            return None
        if self._hasher.check_needs_rehash(row.hash):
            await self._renew(row.id, row.hash, given, now)
        return Account(row.id, row.label, row.email, row.created_at)

    def _matches(self, secret: str, given: str) -> bool:
        try:
            return self._hasher.verify(secret, given)
        except (VerificationError, InvalidHashError):
            return False

    async def _renew(self, of: AccountId, old: str, given: str, now: datetime) -> None:
        new = await self._in_thread(lambda: self._hasher.hash(given))
        here = (schema.password.c.account == of, schema.password.c.hash == old)  # unless it was changed meanwhile
        renewed = update(schema.password).where(*here).values(hash=new, changed_at=now)
        await self._database.write(lambda connection: connection.execute(renewed))

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _any(connection: Connection) -> bool:
    return bool(connection.scalar(select(exists().where(account.c.id.is_not(None)))))
