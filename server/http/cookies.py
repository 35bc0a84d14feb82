"""The names and attributes of our cookies.

One for the signed-in facilitator and one for each person of a meeting, so that several windows of one browser can be
different people.  All of them end with the browser session (R20), are out of reach of scripts and of other sites, and
under https carry the `__Host-` prefix, which keeps sister domains from planting one.
"""

from __future__ import annotations

from aiohttp import web

from server.room.ids import PersonId

_ACCOUNT = "account"


def account_cookie(*, secure: bool) -> str:
    return f"{_beginning(secure)}{_ACCOUNT}"


def person_cookie(person: PersonId, *, secure: bool) -> str:
    return f"{_beginning(secure)}{person}"


def people(request: web.Request, *, secure: bool) -> dict[PersonId, str]:
    """Everybody whom this browser says it has come in as: person -> token.  Nothing of it has been checked."""
    beginning = _beginning(secure)
    found = {
        name.removeprefix(beginning): token for name, token in request.cookies.items() if name.startswith(beginning)
    }
    return {PersonId(name): token for name, token in found.items() if name != _ACCOUNT}


def _beginning(secure: bool) -> str:
    return "__Host-tp_" if secure else "tp_"


def give(response: web.StreamResponse, name: str, token: str, *, secure: bool) -> None:
    response.set_cookie(name, token, path="/", httponly=True, secure=secure, samesite="Strict")


def take(response: web.StreamResponse, name: str, *, secure: bool) -> None:
    response.del_cookie(name, path="/", httponly=True, secure=secure, samesite="Strict")
