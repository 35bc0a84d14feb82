"""The facilitator's pages: the list of meetings, planning one, its people and their links."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from server.http import plan_form
from server.http.calm import Calm
from server.http.edge import EDGE, Edge
from server.http.forms import Form, Told, sentence
from server.http.identity import SignedIn, come_in, form_of, must_be_signed_in
from server.http.pages import see_other
from server.http.words import ROLES, plainly
from server.room.ids import MeetingId, PersonId
from server.room.state import Role
from server.store import BadText, Invited, Invitee, Meeting, new_id

PLANNING = "/meetings"
"""Where a plan is sent."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One person on the meeting's page."""

    id: PersonId
    label: str
    role: str
    attached_to: str
    me: bool
    issued_at: datetime | None
    issued: str
    """When the live link was made, as a form carries it: a page that is out of date cannot replace a newer one."""
    url: str = ""
    invitation: str = ""
    typed: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Adding:
    """The form for one more person."""

    roles: tuple[plan_form.Option, ...] = plan_form.ROLE_OPTIONS
    others: tuple[plan_form.Option, ...] = ()
    open: bool = False
    label: str = ""
    role: str = Role.SUPPORTER.value
    attached: str = ""
    errors: Told = field(default_factory=Told)


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
    plan, errors, checked = plan_form.check(form, rows, who.account.label, edge.clock.now(), zone)
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
        people.append(Invitee(id_, wanted.role, wanted.label, attached))
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
    )


async def meeting_page(request: web.Request) -> web.Response:
    """GET /meetings/{meeting}."""
    who = await must_be_signed_in(request)
    return await _meeting(request, who, await _own(request, who))


async def make_link(request: web.Request) -> web.Response:
    """POST .../people/{person}/link: a link, shown once, in the answer itself, so that it is kept nowhere."""
    edge = request.app[EDGE]
    who, form = await form_of(request)
    meeting = await _own(request, who)
    person = await _person(request, meeting)
    issued = await edge.links.issued(meeting.id)
    if form["before"] != _stamp(issued.get(person.id)):
        told = f"There is a newer link for {person.label} already. If you do not have it, make a new one now."
        return await _meeting(request, who, meeting, status=409, errors=Told({"": told}))
    token = await edge.links.issue(person.id, now=edge.clock.now())
    await edge.rooms.sessions_ended(meeting.id, person.id)
    url = f"{edge.origin}/join#{token}"
    return await _meeting(request, who, meeting, made=(person.id, url))


async def set_label(request: web.Request) -> web.Response:
    """POST .../people/{person}/label: what the others call them (R17); a live room shows it at once."""
    edge = request.app[EDGE]
    who, form = await form_of(request)
    meeting = await _own(request, who)
    person = await _person(request, meeting)
    taken = {other.label.casefold() for other in await edge.meetings.people(meeting.id) if other.id != person.id}
    error = ""
    if form["label"].casefold() in taken:
        error = "Somebody else in this meeting is called that. Please make the two different."
    else:
        try:
            await edge.meetings.set_label(person.id, form["label"])
        except BadText as bad:
            error = sentence(bad)
    if error:
        return await _meeting(request, who, meeting, status=422, wrong=(person.id, form["label"], error))
    await edge.rooms.people_changed(meeting.id)
    return see_other(f"/meetings/{meeting.id}")


async def add_person(request: web.Request) -> web.Response:
    """POST .../people: one more, at the last seat."""
    edge = request.app[EDGE]
    who, form = await form_of(request)
    meeting = await _own(request, who)
    if meeting.ended_at is not None:
        told = Told({"": "This meeting is over, so nobody can be invited to it any more. Nothing was changed."})
        return await _meeting(request, who, meeting, status=409, errors=told)
    people = await edge.meetings.people(meeting.id)
    errors = plan_form.person_errors(
        form["label"],
        form["role"],
        form["with"],
        {person.id: person.role.value for person in people},
        {person.label.casefold() for person in people},
    )
    if len(people) > plan_form.MOST:
        told = Told({"": f"Up to {plan_form.MOST + 1} people can meet. Nothing was changed."})
        return await _meeting(request, who, meeting, status=422, errors=told)
    if errors:
        adding = Adding(open=True, label=form["label"], role=form["role"], attached=form["with"], errors=errors)
        return await _meeting(request, who, meeting, status=422, adding=adding)
    attached = PersonId(form["with"]) if form["with"] else None
    invitee = Invitee(PersonId(new_id()), Role(form["role"]), form["label"], attached)
    await edge.meetings.add_person(meeting.id, invitee)
    await edge.rooms.people_changed(meeting.id)
    return see_other(f"/meetings/{meeting.id}")


async def enter(request: web.Request) -> web.Response:
    """POST /meetings/{meeting}/enter: the facilitator's own way in, by their account."""
    edge = request.app[EDGE]
    who, _ = await form_of(request)
    meeting = await _own(request, who)
    me = _mine(await edge.meetings.people(meeting.id), who)
    if me is None:
        raise Calm("meeting_gone")
    response = see_other(f"/room/{me.id}")
    await come_in(request, me.id, response)
    return response


async def _own(request: web.Request, who: SignedIn) -> Meeting:
    """The meeting of the address, if it is this account's.  Somebody else's is as if there were none."""
    meeting = await request.app[EDGE].meetings.get(MeetingId(request.match_info["meeting"]))
    if meeting is None or meeting.created_by != who.account.id:
        raise Calm("meeting_gone")
    return meeting


async def _person(request: web.Request, meeting: Meeting) -> Invited:
    person = await request.app[EDGE].meetings.person(PersonId(request.match_info["person"]))
    if person is None or person.meeting != meeting.id:
        raise Calm("meeting_gone")
    return person


def _mine(people: list[Invited], who: SignedIn) -> Invited | None:
    return next((person for person in people if person.account == who.account.id), None)


def _stamp(issued_at: datetime | None) -> str:
    return issued_at.isoformat() if issued_at else ""


async def _meeting(
    request: web.Request,
    who: SignedIn,
    meeting: Meeting,
    *,
    status: int = 200,
    errors: Told | None = None,
    made: tuple[PersonId, str] | None = None,
    wrong: tuple[PersonId, str, str] | None = None,
    adding: Adding | None = None,
) -> web.Response:
    """The meeting's page.  `made`: a link to show now; `wrong`: a label that will not do, as it was typed."""
    edge = request.app[EDGE]
    people = await edge.meetings.people(meeting.id)
    labels = {person.id: person.label for person in people}
    issued = await edge.links.issued(meeting.id)
    shown = []
    for person in people:
        url = made[1] if made and made[0] == person.id else ""
        typed, error = wrong[1:] if wrong and wrong[0] == person.id else (person.label, "")
        shown.append(
            Shown(
                person.id,
                person.label,
                ROLES[person.role].lower(),
                labels.get(person.attached_to, "") if person.attached_to else "",
                person.account == who.account.id,
                issued.get(person.id),
                _stamp(issued.get(person.id)),
                url,
                _invitation(edge, meeting, url) if url else "",
                typed,
                error,
            )
        )
    others: tuple[plan_form.Option, ...] = (plan_form.Option("", "Nobody: they come for themselves"),)
    others += tuple(plan_form.Option(person.id, person.label) for person in people)
    asked = adding or Adding()
    return edge.pages.desk(
        who,
        "meeting.html",
        status=status,
        meeting=meeting,
        people=shown,
        errors=errors or (Told(rows="") if wrong or asked.errors else Told()),
        may_enter=_mine(people, who) is not None and meeting.ended_at is None,
        may_add=meeting.ended_at is None and len(people) <= plan_form.MOST,
        add=Adding(asked.roles, others, asked.open, asked.label, asked.role, asked.attached, asked.errors),
    )


def _invitation(edge: Edge, meeting: Meeting, url: str) -> str:
    """Words to send with a link: neutral, and nobody else in them (R19)."""
    when = f" on {plainly(meeting.starts_at, ZoneInfo(edge.time_zone))}" if meeting.starts_at else ""
    return f"Your appointment{when}.\nPlease open this link then. It is only for you:\n{url}"
