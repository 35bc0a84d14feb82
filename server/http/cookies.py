"""The names and attributes of our cookies.

One for the signed-in facilitator and one for each person of a meeting, so that several windows of one browser can be
different people.  All of them end with the browser session (R20), are out of reach of scripts and of other sites, and
under https carry the `__Host-` prefix, which keeps sister domains from planting one.
"""

from __future__ import annotations

from aiohttp import web

from server.room.ids import PersonId

_ACCOUNT = "tp_account"


def account_cookie(*, secure: bool) -> str:
    return f"__Host-{_ACCOUNT}" if secure else _ACCOUNT


def person_cookie(person: PersonId, *, secure: bool) -> str:
    return f"__Host-tp_{person}" if secure else f"tp_{person}"


def give(response: web.StreamResponse, name: str, token: str, *, secure: bool) -> None:
    response.set_cookie(name, token, path="/", httponly=True, secure=secure, samesite="Strict")


def take(response: web.StreamResponse, name: str, *, secure: bool) -> None:
    response.del_cookie(name, path="/", httponly=True, secure=secure, samesite="Strict")
