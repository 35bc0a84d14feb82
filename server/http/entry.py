"""How a person comes in: the page of their link, the exchange of the link for a session, the room's page."""

from __future__ import annotations

from aiohttp import web

from server.http import attempts
from server.http.calm import Calm
from server.http.edge import EDGE
from server.http.forms import read_form
from server.http.identity import come_in, is_here
from server.http.pages import see_other
from server.room.ids import PersonId
from server.room.state import Role


async def join_page(request: web.Request) -> web.Response:
    """GET /join: changes nothing and knows nothing; the token is in the fragment, which browsers do not send."""
    return request.app[EDGE].pages.page("join.html")


async def join(request: web.Request) -> web.Response:
    """POST /join: the link's token for a session as its person."""
    edge = request.app[EDGE]
    edge.attempts.count(attempts.JOIN, edge.attempts.caller(request))
    token = (await read_form(request)).secret("token").strip()
    person = await edge.links.redeem(token, now=edge.clock.now())
    if person is None:
        raise Calm("link_unknown")
    response = see_other(f"/room/{person}")
    await come_in(request, person, response)
    # Asked again, and last: a link that was replaced meanwhile ended the sessions before this one.
    if await edge.links.redeem(token, now=edge.clock.now()) is None:
        raise Calm("link_unknown")
    return response


async def room_page(request: web.Request) -> web.Response:
    """GET /room/{person}: the shell in which the browser's client runs."""
    edge = request.app[EDGE]
    id_ = PersonId(request.match_info["person"])
    if not await is_here(request, id_):
        raise Calm("not_this_browser")
    person = await edge.meetings.person(id_)
    if person is None:
        raise Calm("not_this_browser")
    meeting = await edge.meetings.get(person.meeting)
    assert meeting is not None, "a person belongs to a meeting"
    others = await edge.meetings.people(meeting.id)
    inviter = next((other.label for other in others if other.role is Role.FACILITATOR), "")
    return edge.pages.page(
        "room.html",
        person=id_,
        title=meeting.title,
        starts=meeting.starts_at.isoformat(timespec="seconds") if meeting.starts_at else "",
        inviter=inviter,
        leads=person.role is Role.FACILITATOR,
    )
