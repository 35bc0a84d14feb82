"""The first account by a one-time token, and signing in."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters

from server.store import Account, Accounts, BadText, Database, SetupRefused
from tests.store.conftest import NOW
from tests.store.tables import change, rows

PASSWORD = "correct horse battery"
HOUR = timedelta(hours=1)


async def _first(accounts: Accounts, token: str, email: str = "Fay@Example.org") -> Account:
    return await accounts.create_first(token, label=" Fay ", email=email, password=PASSWORD, now=NOW)


async def test_the_first_account_is_made_once(accounts: Accounts) -> None:
    assert await accounts.needs_setup()
    token = await accounts.issue_setup(now=NOW)
    fay = await _first(accounts, token)
    assert (fay.label, fay.email, fay.created_at) == ("Fay", "fay@example.org", NOW)
    assert await accounts.get(fay.id) == fay
    assert not await accounts.needs_setup()
    with pytest.raises(SetupRefused):
        await _first(accounts, token, "otis@example.org")
    with pytest.raises(SetupRefused):
        await accounts.issue_setup(now=NOW)


async def test_a_set_up_token_is_good_for_a_while_and_only_the_newest(accounts: Accounts) -> None:
    old = await accounts.issue_setup(now=NOW - 25 * HOUR)
    with pytest.raises(SetupRefused):
        await _first(accounts, old)
    replaced = await accounts.issue_setup(now=NOW)
    newest = await accounts.issue_setup(now=NOW)
    for worthless in (old, replaced, newest[:-1], "", "\ud800"):
        with pytest.raises(SetupRefused):
            await _first(accounts, worthless)
    await _first(accounts, newest)


async def test_a_slip_of_the_pen_does_not_use_up_the_token(accounts: Accounts) -> None:
    token = await accounts.issue_setup(now=NOW)
    for changed, field in (({"label": ""}, "label"), ({"email": "fay"}, "email"), ({"password": "short"}, "password")):
        with pytest.raises(BadText) as bad:
            await accounts.create_first(
                token, **{"label": "Fay", "email": "f@example.org", "password": PASSWORD, **changed}, now=NOW
            )
        assert bad.value.field == field
    await _first(accounts, token)


async def test_of_several_who_use_the_token_at_once_one_gets_the_account(
    accounts: Accounts, url: str, database: Database
) -> None:
    second = await Database.open(url)
    others = Accounts(second)
    token = await accounts.issue_setup(now=NOW)
    outcomes = await asyncio.gather(
        *(_first(each, token, f"f{n}@example.org") for n, each in enumerate((accounts, others) * 3)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Account"] + ["SetupRefused"] * 5
    assert await rows(database, "SELECT count(*) FROM account") == [(1,)]
    others.close()
    await second.close()


async def test_a_password_opens_its_account_and_no_other_does(accounts: Accounts) -> None:
    fay = await _first(accounts, await accounts.issue_setup(now=NOW))
    assert await accounts.check_password(" FAY@example.org", PASSWORD, now=NOW) == fay
    for email, password in (
        ("fay@example.org", PASSWORD + "!"),
        ("fay@example.org", PASSWORD.upper()),
        ("fay@example.org", ""),
        ("fay@example.org", PASSWORD + "\x00"),
        ("fay@example.org", "\ud800" * 12),
        ("fay@example.org", "x" * 100_000),
        ("otis@example.org", PASSWORD),
        ("fay", PASSWORD),
        ("", ""),
        ("' OR 1=1 --", PASSWORD),
        ("fay@example.org\x00", PASSWORD),
    ):
        assert await accounts.check_password(email, password, now=NOW) is None


class Watched(PasswordHasher):
    """argon2 at a low price, which notes the price of each check, the thread it ran in, and how many ran at once."""

    def __init__(self, together: int = 1) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.checks: list[Parameters] = []
        self.threads: set[str] = set()
        self.most = 0
        self._running = 0
        self._together = threading.Barrier(together)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # argon2's own name
        self._running += 1
        self.most = max(self.most, self._running)
        self._together.wait(timeout=10)
        self.checks.append(extract_parameters(str(hash)))
        self.threads.add(threading.current_thread().name)
        try:
            return super().verify(hash, password)
        finally:
            self._running -= 1


async def test_an_unknown_address_costs_the_same_work_as_a_wrong_password(database: Database) -> None:
    """Otherwise the time would tell who has an account here: one check of 20 ms, or none."""
    watched = Watched()
    accounts = Accounts(database, watched)
    await _first(accounts, await accounts.issue_setup(now=NOW))
    for email in ("fay@example.org", "otis@example.org", "no address"):
        assert await accounts.check_password(email, "a wrong password", now=NOW) is None
    assert await accounts.check_password("fay@example.org", "\x00", now=NOW) is None
    assert len(watched.checks) == 4
    assert len(set(map(str, watched.checks))) == 1
    accounts.close()


async def test_passwords_are_checked_two_at_a_time_and_never_in_the_loops_thread(database: Database) -> None:
    """The loop carries the media.  Each check waits for a second one beside it: one thread would wait for ever."""
    watched = Watched(together=2)
    accounts = Accounts(database, watched)
    attempts = (accounts.check_password("fay@example.org", f"a wrong password {n}", now=NOW) for n in range(20))
    assert await asyncio.gather(*attempts) == [None] * 20
    assert watched.most == 2
    assert watched.threads == {"argon2_0", "argon2_1"}
    accounts.close()


async def test_a_hash_of_another_price_is_renewed_when_its_owner_signs_in(
    accounts: Accounts, database: Database
) -> None:
    cheap = Accounts(database, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    await _first(cheap, await cheap.issue_setup(now=NOW))
    cheap.close()

    async def price() -> tuple[int, int, int]:
        [(secret,)] = await rows(database, "SELECT hash FROM password")
        found = extract_parameters(secret)
        return found.time_cost, found.memory_cost, found.parallelism

    assert await accounts.check_password("fay@example.org", "a wrong password", now=NOW) is None
    assert await price() == (1, 8, 1)
    assert await accounts.check_password("fay@example.org", PASSWORD, now=NOW + HOUR) is not None
    assert await price() == (2, 19 * 1024, 1)
    assert await accounts.check_password("fay@example.org", PASSWORD, now=NOW) is not None


async def test_a_damaged_hash_opens_nothing(accounts: Accounts, database: Database) -> None:
    await _first(accounts, await accounts.issue_setup(now=NOW))
    await change(database, "UPDATE password SET hash = 'not a hash'")
    assert await accounts.check_password("fay@example.org", PASSWORD, now=NOW) is None
