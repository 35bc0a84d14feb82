"""Every page and form: its method, its path, who may ask for it.  The application is made of this table."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from server.http import accounts, desk, entry, planning
from server.http.edge import EDGE, Edge
from server.http.faults import told_calmly
from server.http.forms import LIMIT
from server.http.headers import on_prepare, security_headers
from server.http.health import health
from server.http.identity import SignInFirst, must_be_signed_in
from server.http.origin import only_ours
from server.http.serving import Deadlines


async def first_page(request: web.Request) -> web.StreamResponse:
    """GET /: the meetings of the one who is signed in."""
    edge = request.app[EDGE]
    who = await must_be_signed_in(request)
    return edge.pages.desk(who, "meetings.html", meetings=await edge.meetings.of_account(who.account.id))


async def static_file(request: web.Request) -> web.StreamResponse:
    return await request.app[EDGE].files.serve(request)


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    handler: Handler
    account: bool
    """Only for the signed-in; everybody else is asked to sign in."""


_ID = "[A-Za-z0-9_-]{1,64}"
_MEETING = f"/meetings/{{meeting:{_ID}}}"
_PERSON = f"{_MEETING}/people/{{person:{_ID}}}"

ROUTES = (
    Route("GET", "/", first_page, account=True),
    Route("POST", "/sign-in", accounts.sign_in, account=False),
    Route("POST", "/sign-out", accounts.sign_out, account=True),
    Route("GET", "/setup", accounts.setup_page, account=False),
    Route("POST", "/setup", accounts.setup, account=False),
    Route("GET", "/meetings/new", planning.new_meeting_page, account=True),
    Route("POST", "/meetings", planning.plan_meeting, account=True),
    Route("GET", _MEETING, desk.meeting_page, account=True),
    Route("POST", f"{_MEETING}/enter", desk.enter, account=True),
    Route("POST", f"{_MEETING}/people", desk.add_person, account=True),
    Route("POST", f"{_PERSON}/link", desk.make_link, account=True),
    Route("POST", f"{_PERSON}/label", desk.set_label, account=True),
    Route("POST", f"{_PERSON}/hidden", desk.set_hidden, account=True),
    Route("GET", "/join", entry.join_page, account=False),
    Route("POST", "/join", entry.join, account=False),
    Route("GET", f"/room/{{person:{_ID}}}", entry.room_page, account=False),
    Route("GET", "/health", health, account=False),
    Route("GET", "/static/{name:.+}", static_file, account=False),
)


def build(edge: Edge, deadlines: Deadlines, *watching: Middleware) -> web.Application:
    """The application with every page; what is added to it (the live socket) gets the same headers and fences.

    `watching` sees each request and what is answered in the end.
    """
    app = web.Application(
        middlewares=[deadlines.kept(), *watching, told_calmly(edge.pages), only_ours(edge.origins)],
        client_max_size=LIMIT,
    )
    app[EDGE] = edge
    app.on_response_prepare.append(on_prepare(security_headers(edge.origins, secure=edge.secure)))
    for route in ROUTES:
        handler = _or_sign_in(route.handler) if route.account else route.handler
        app.router.add_route(route.method, route.path, handler)
        if route.method == hdrs.METH_GET:
            app.router.add_route(hdrs.METH_HEAD, route.path, handler)
    return app


def _or_sign_in(handler: Handler) -> Handler:
    async def check(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except SignInFirst:
            return await accounts.sign_in_page(request)

    return check
