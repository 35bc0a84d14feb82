"""Planning a meeting: the page with its form, and what becomes of it."""

from __future__ import annotations

from aiohttp import web

from server.http import plan_form
from server.http.edge import EDGE
from server.http.forms import Form, Told
from server.http.identity import SignedIn, form_of, must_be_signed_in
from server.http.pages import see_other
from server.room.ids import PersonId
from server.room.state import Role
from server.store import Invitee, new_id

PLANNING = "/meetings"
"""Where a plan is sent."""


async def new_meeting_page(request: web.Request) -> web.Response:
    """GET /meetings/new."""
    who = await must_be_signed_in(request)
    return planning_page(request, who, Form({}), plan_form.first_rows())


async def plan_meeting(request: web.Request) -> web.Response:
    """POST /meetings: plan it; or, by its other buttons, the same page with a row more or less."""
    edge = request.app[EDGE]
    who, form = await form_of(request)
    rows = plan_form.rows_of(form)
    if form["do"] != "plan":
        return planning_page(request, who, form, rows)
    zone = plan_form.zone_of(form, edge.time_zone)
    plan, errors, checked = plan_form.check(
        form, rows, who.account.label, edge.clock.now(), zone, may_hide=edge.may_hide
    )
    if plan is None:
        return planning_page(request, who, form, checked, errors, status=422)
    meeting = await edge.meetings.create(
        plan.title,
        _invitees(plan, who),
        now=edge.clock.now(),
        starts_at=plan.starts_at,
        created_by=who.account.id,
    )
    return see_other(f"/meetings/{meeting.id}")


def _invitees(plan: plan_form.Plan, who: SignedIn) -> list[Invitee]:
    """The facilitator sits first, then everyone in the order of the page."""
    ids = [PersonId(new_id()) for _ in plan.people]
    me = Invitee(PersonId(new_id()), Role.FACILITATOR, who.account.label, account=who.account.id)
    people = [me]
    for id_, wanted in zip(ids, plan.people, strict=True):
        attached = me.id if wanted.attached == "me" else None if wanted.attached is None else ids[wanted.attached]
        people.append(Invitee(id_, wanted.role, wanted.label, attached, relay_only=wanted.hidden))
    return people


def planning_page(
    request: web.Request,
    who: SignedIn,
    form: Form,
    rows: tuple[plan_form.Row, ...],
    errors: Told | None = None,
    *,
    status: int = 200,
) -> web.Response:
    """The form of a plan with everything that was typed, and beside it what is wrong."""
    told = errors or Told()
    return request.app[EDGE].pages.desk(
        who,
        "new_meeting.html",
        status=status,
        form=form,
        rows=plan_form.with_options(rows, who.account.label),
        errors=Told(told, rows="") if any(row.errors for row in rows) else told,
        roles=plan_form.ROLE_OPTIONS,
        most=plan_form.MOST,
        may_hide=request.app[EDGE].may_hide,
    )
