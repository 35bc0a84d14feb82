"""Setting up the first account, signing in and out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from aiohttp import hdrs, web

from server.http import attempts, cookies
from server.http.calm import Calm
from server.http.edge import EDGE
from server.http.forms import Form, Told, read_form, sentence
from server.http.identity import SignedIn, form_of, go_out
from server.http.origin import CSRF_FIELD, SAFE
from server.http.pages import see_other
from server.http.plan_form import rows_of
from server.http.planning import PLANNING, planning_page
from server.store import Account, BadText, SessionKind, SetupRefused

_KEPT = "kept-"
_OUR_PAGES = re.compile(r"/(?:meetings/[A-Za-z0-9_-]{1,64})?\Z")


async def setup_page(request: web.Request) -> web.Response:
    """GET /setup: as with a link, the token is in the fragment."""
    edge = request.app[EDGE]
    if not await edge.accounts.needs_setup():
        raise Calm("set_up_done")
    return edge.pages.page("setup.html", form=Form({}), errors=Told())


async def setup(request: web.Request) -> web.Response:
    """POST /setup: the one-time token and the first account's data for an account, signed in."""
    edge = request.app[EDGE]
    edge.attempts.count(attempts.SET_UP, edge.attempts.caller(request))
    form = await read_form(request)
    try:
        account = await edge.accounts.create_first(
            form.secret("token").strip(),
            label=form["label"],
            email=form["email"],
            password=form.secret("password"),
            now=edge.clock.now(),
        )
    except BadText as bad:
        return edge.pages.page("setup.html", status=422, form=form, errors=Told({bad.field: sentence(bad)}))
    except SetupRefused:
        if not await edge.accounts.needs_setup():
            raise Calm("set_up_done") from None
        raise Calm("set_up_unknown") from None
    return await _open_session(request, account, lambda _: see_other("/"))


async def sign_in_page(request: web.Request) -> web.Response:
    """What stands in the place of every page behind an account while nobody is signed in.

    Whoever was signed out while they planned a meeting finds it again: what they typed travels along.
    """
    if request.method in SAFE:
        return _sign_in(request, 200, Form({}), Told(), _ours(request.path), {})
    sent = await read_form(request)
    kept, after = {}, _ours(request.path.partition("/people")[0].removesuffix("/enter"))
    told = "You were signed out in the meantime. Nothing was changed. Please sign in and do it again."
    if request.path == PLANNING:
        kept = {f"{_KEPT}{name}": value for name, value in sent.items() if name != CSRF_FIELD}
        told = "You were signed out in the meantime. Sign in, and what you wrote is here again."
    return _sign_in(request, 403, Form({}), Told({"": told}), after, kept)


async def sign_in(request: web.Request) -> web.Response:
    """POST /sign-in."""
    edge = request.app[EDGE]
    form = await read_form(request)
    after = _ours(form["next"])
    kept = {name: value for name, value in form.items() if name.startswith(_KEPT)}
    caller, account_key = edge.attempts.caller(request), form["email"].lower()
    try:
        edge.attempts.count(attempts.SIGN_IN, caller)
        edge.attempts.count_for_account(account_key, caller)
    except Calm as calm:
        told = Told({"": f"{calm.words.heading}. {calm.words.what} {calm.words.then}"})
        response = _sign_in(request, calm.words.status, form, told, after, kept)
        response.headers[hdrs.RETRY_AFTER] = str(calm.retry_after)
        return response
    account = await edge.accounts.check_password(form["email"], form.secret("password"), now=edge.clock.now())
    if account is None:
        told = Told({"": "This address and this password do not open an account here. Please try again."})
        return _sign_in(request, 422, form, told, after, kept)
    edge.attempts.was_right(account_key, caller)
    if kept:
        again = Form({name.removeprefix(_KEPT): value for name, value in kept.items()})
        return await _open_session(request, account, lambda who: planning_page(request, who, again, rows_of(again)))
    return await _open_session(request, account, lambda _: see_other(after))


def _sign_in(
    request: web.Request, status: int, form: Form, errors: Told, after: str, kept: Mapping[str, str]
) -> web.Response:
    pages = request.app[EDGE].pages
    return pages.page("sign_in.html", status=status, form=form, errors=errors, next=after, kept=kept)


async def sign_out(request: web.Request) -> web.Response:
    """POST /sign-out: ends the session here and now, and whatever it has opened in this browser."""
    edge = request.app[EDGE]
    who, _ = await form_of(request)
    await edge.sessions.close(who.token)
    response = see_other("/")
    await go_out(request, who.account.id, response)
    cookies.take(response, cookies.account_cookie(secure=edge.secure), secure=edge.secure)
    return response


async def _open_session(
    request: web.Request, account: Account, answer: Callable[[SignedIn], web.Response]
) -> web.Response:
    """Always a new session: one that somebody planted in this browser before would be worth nothing."""
    edge = request.app[EDGE]
    name = cookies.account_cookie(secure=edge.secure)
    await edge.sessions.close(request.cookies.get(name, ""))
    session = await edge.sessions.open(SessionKind.ACCOUNT, account.id, edge.account_session, now=edge.clock.now())
    assert session.token is not None
    response = answer(SignedIn(account, session.token))
    cookies.give(response, name, session.token, secure=edge.secure)
    return response


def _ours(path: str) -> str:
    """Where to go after signing in: one of our own pages, whatever the form says."""
    return path if _OUR_PAGES.match(path) else "/"
