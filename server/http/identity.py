"""Who sends this request: a signed-in account, or a person of a meeting, by the session behind their cookie."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from server.http import cookies
from server.http.calm import Calm
from server.http.edge import EDGE
from server.http.forms import Form, read_form
from server.http.origin import CSRF_FIELD, csrf_token, is_csrf_token
from server.room.ids import PersonId
from server.store import Account, AccountId, SessionKind

_MANY = 12
"""Cookies of people in one browser: a browser that restores its windows keeps them for weeks."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    account: Account
    token: str
    """The session's, from the cookie."""

    @property
    def csrf(self) -> str:
        return csrf_token(self.token)


class SignInFirst(Exception):
    """The page is behind an account, and nobody is signed in."""


async def signed_in(request: web.Request) -> SignedIn | None:
    edge = request.app[EDGE]
    token = request.cookies.get(cookies.account_cookie(secure=edge.secure), "")
    session = await edge.sessions.find(token, now=edge.clock.now())
    if session is None or session.kind is not SessionKind.ACCOUNT:
        return None
    account = await edge.accounts.get(AccountId(session.subject))
    return SignedIn(account, token) if account else None


async def must_be_signed_in(request: web.Request) -> SignedIn:
    """Raises `SignInFirst`."""
    who = await signed_in(request)
    if who is None:
        raise SignInFirst
    return who


async def form_of(request: web.Request) -> tuple[SignedIn, Form]:
    """The account and the form that it sent from one of its own pages.  Raises `SignInFirst`, `Calm("stale_form")`."""
    form = await read_form(request)
    who = await must_be_signed_in(request)
    if not is_csrf_token(form[CSRF_FIELD], who.token):
        raise Calm("stale_form")
    return who, form


async def is_here(request: web.Request, person: PersonId) -> bool:
    """This browser has come in as this person before, and that still holds."""
    edge = request.app[EDGE]
    token = request.cookies.get(cookies.person_cookie(person, secure=edge.secure), "")
    session = await edge.sessions.find(token, now=edge.clock.now())
    return session is not None and session.kind is SessionKind.PERSON and session.subject == person


async def go_out(request: web.Request, account: AccountId, response: web.StreamResponse) -> None:
    """End every session by which this browser is in as a person of this account.

    A room that is open in another window stays open until its line ends: signing out must not take the facilitator
    from a meeting.  But nobody comes in here as them again.
    """
    edge = request.app[EDGE]
    for person, token in cookies.people(request, secure=edge.secure).items():
        known = await edge.meetings.person(person)
        if known is not None and known.account == account and await is_here(request, person):
            await edge.sessions.close(token)
            cookies.take(response, cookies.person_cookie(person, secure=edge.secure), secure=edge.secure)


async def _forget_the_over(request: web.Request, response: web.StreamResponse) -> None:
    """Take the cookies of sessions that have ended, before there are more of them than a request may carry."""
    edge = request.app[EDGE]
    people = cookies.people(request, secure=edge.secure)
    for person in people if len(people) >= _MANY else ():
        if not await is_here(request, person):
            cookies.take(response, cookies.person_cookie(person, secure=edge.secure), secure=edge.secure)


async def come_in(request: web.Request, person: PersonId, response: web.StreamResponse) -> None:
    """Give this browser a session as this person, unless it has one: a second click must not make a second device."""
    if await is_here(request, person):
        return
    edge = request.app[EDGE]
    await _forget_the_over(request, response)
    session = await edge.sessions.open(SessionKind.PERSON, person, edge.person_session, now=edge.clock.now())
    assert session.token is not None
    cookies.give(response, cookies.person_cookie(person, secure=edge.secure), session.token, secure=edge.secure)
