"""The page of a meeting: its people, their links, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from server.http import plan_form
from server.http.calm import Calm
from server.http.edge import EDGE, Edge
from server.http.forms import Told, sentence
from server.http.identity import SignedIn, come_in, form_of, must_be_signed_in
from server.http.pages import see_other
from server.http.words import ROLES, plainly
from server.room.ids import MeetingId, PersonId
from server.room.state import Role
from server.store import BadText, Invited, Invitee, Meeting, new_id


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
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Adding:
    """The form for one more person."""

    roles: tuple[plan_form.Option, ...] = plan_form.ROLE_OPTIONS
    others: tuple[plan_form.Option, ...] = ()
    open: bool = False
    label: str = ""
    role: str = Role.SUPPORTER.value
    attached: str = ""
    hidden: bool = False
    errors: Told = field(default_factory=Told)


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


async def set_hidden(request: web.Request) -> web.Response:
    """POST .../people/{person}/hidden: whether their sound and pictures come by the relay only (R18), from now on."""
    edge = request.app[EDGE]
    who, form = await form_of(request)
    meeting = await _own(request, who)
    person = await _person(request, meeting)
    hidden = form["hide"] == plan_form.YES
    if hidden and not edge.may_hide:
        return await _meeting(request, who, meeting, status=422, errors=Told({"": plan_form.NO_RELAY}))
    await edge.meetings.set_relay_only(person.id, hidden)
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
    hidden = form["hide"] == plan_form.YES
    if hidden and not edge.may_hide:
        errors["hide"] = plan_form.NO_RELAY
    if len(people) > plan_form.MOST:
        told = Told({"": f"Up to {plan_form.MOST + 1} people can meet. Nothing was changed."})
        return await _meeting(request, who, meeting, status=422, errors=told)
    if errors:
        adding = Adding(
            open=True, label=form["label"], role=form["role"], attached=form["with"], hidden=hidden, errors=errors
        )
        return await _meeting(request, who, meeting, status=422, adding=adding)
    attached = PersonId(form["with"]) if form["with"] else None
    invitee = Invitee(PersonId(new_id()), Role(form["role"]), form["label"], attached, relay_only=hidden)
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
                person.relay_only,
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
        add=replace(asked, others=others),
        may_hide=edge.may_hide,
    )


def _invitation(edge: Edge, meeting: Meeting, url: str) -> str:
    """Words to send with a link: neutral, and nobody else in them (R19)."""
    if meeting.starts_at is None:
        return f"This is your link for our appointment. It is only for you:\n{url}"
    when = plainly(meeting.starts_at, ZoneInfo(edge.time_zone))
    return f"Your appointment on {when}.\nPlease open this link then. It is only for you:\n{url}"
