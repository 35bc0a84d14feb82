"""The facilitator's pages: planning a meeting, its people, their labels."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.http.plan_form import MOST
from server.room.events import Fact, PhaseChanged
from server.room.ids import MeetingId
from server.room.state import Phase, Role
from server.store import Journal
from tests.http.site import EMAIL, JOURNAL_KEY, PASSWORD, Page, Site, Visitor, csrf, plan, running

FORM = {
    "title": "About the allotment",
    "zone": "Europe/London",
    "date": "2026-11-24",
    "time": "14:00",
    "rows": "3",
    "label-1": "June",
    "role-1": "victim",
    "label-2": "Amira",
    "role-2": "supporter",
    "with-2": "1",
    "label-3": "Dan",
    "role-3": "offender",
    "do": "plan",
}


async def sent(facilitator: Visitor, **changed: str) -> Page:
    return await facilitator.post("/meetings", {**FORM, "csrf": await csrf(facilitator), **changed})


def typed(page: Page) -> dict[str, str]:
    """Everything that the form of a plan holds, as a browser would send it back."""
    names = re.findall(r'<(?:input|select)[^>]*\bname="([^"]+)"', page.text)
    held = {}
    for name in names:
        chosen = re.search(rf'<select[^>]*name="{name}".*?</select>', page.text, re.DOTALL)
        if chosen is None:
            held[name] = page.field(name)
        else:
            selected = re.search(r'<option value="([^"]*)" selected', chosen[0])
            held[name] = selected[1] if selected else ""
    return held


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(site: Site) -> None:
    facilitator = await site.facilitator()
    cases = {
        "title": ({"title": "  "}, "Please write something here."),
        "title ": ({"title": "x" * 121}, "Up to 120 characters fit."),
        "date": ({"date": "soon"}, "Please write the day like 2026-11-24."),
        "date ": ({"date": "2026-11-20"}, "That day is over."),
        "date  ": ({"date": "2036-11-20"}, "That is more than three years from now."),
        "date   ": ({"date": ""}, "Please say on which day"),
        "time": ({"time": "2pm"}, "Please write the time like 14:30."),
        "time ": ({"time": ""}, "Please say at what time"),
        "label-1": ({"label-1": ""}, "Please write something here."),
        "label-3": ({"label-3": "JUNE"}, "Somebody else in this meeting is called that."),
        "label-3 ": ({"label-3": "ruth"}, "Somebody else in this meeting is called that."),
        "label-2": ({"label-2": "y" * 61}, "Up to 60 characters fit."),
        "role-1": ({"role-1": "judge"}, "Please choose one of these."),
        "with-2": ({"with-2": ""}, "Please choose whose supporter this is."),
        "with-2 ": ({"with-2": "2"}, "Please choose whose supporter this is."),
        "with-2  ": ({"with-2": "9"}, "Please choose whose supporter this is."),
        "with-2   ": ({"with-2": "me"}, "A supporter belongs to a person harmed or to a person responsible."),
        "with-3": ({"with-3": "1"}, "Only supporters and interpreters belong to somebody."),
    }
    for where, (changed, words) in cases.items():
        page = await sent(facilitator, **changed)
        name = where.strip()
        assert page.status == 422, where
        assert words in page.said, where
        described = re.search(rf'<(?:input|select)[^>]*\bname="{name}"[^>]*aria-describedby="([^"]+)"', page.text)
        assert described, where
        assert f"{name}-fault" in described[1].split()
        assert 'aria-invalid="true"' in page.text
        kept = {**FORM, "with-1": "", "with-3": "", **changed}
        lost = {
            key: value for key, value in kept.items() if key not in ("do", "csrf") and typed(page)[key] != value.strip()
        }
        # what was never one of the choices cannot be shown as chosen
        assert lost.keys() <= {"role-1", "with-2"} & changed.keys(), where
    assert "No meetings yet" in (await facilitator.get("/")).said


async def test_a_meeting_needs_somebody_to_mediate_for(site: Site) -> None:
    facilitator = await site.facilitator()
    page = await sent(facilitator, rows="1", **{"role-1": "observer"})
    assert page.status == 422
    assert "at least one person harmed or one person responsible" in page.said


async def test_rows_are_added_and_taken_out_without_a_script(site: Site) -> None:
    facilitator = await site.facilitator()
    page = await sent(facilitator, do="add")
    assert (page.status, page.field("rows")) == (200, "4")
    assert typed(page).items() >= {key: value for key, value in FORM.items() if key not in ("rows", "do")}.items()
    page = await sent(facilitator, do="remove-1")
    held = typed(page)
    assert (held["rows"], held["label-1"], held["with-1"], held["label-2"]) == ("2", "Amira", "", "Dan")
    page = await sent(facilitator, do="remove-3")
    assert typed(page)["with-2"] == "1"
    for nothing in ("remove-0", "remove-9", "remove-", "remove-x", "remove-1-1", "sing", ""):
        page = await sent(facilitator, do=nothing)
        assert (page.status, page.field("rows")) == (200, "3"), nothing
    page = await sent(facilitator, do="add", rows=str(MOST))
    assert page.field("rows") == str(MOST)
    assert "Add a person" not in page.said
    for nonsense in ("", "-1", "0", "x", "²", "999", "1e1"):
        page = await sent(facilitator, do="add", rows=nonsense)
        assert page.status == 200, nonsense


async def test_a_time_is_meant_in_the_browsers_own_zone(site: Site) -> None:
    facilitator = await site.facilitator()
    for zone, expected in {
        "Europe/London": datetime(2026, 11, 24, 14, tzinfo=UTC),
        "Asia/Kolkata": datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
        "": datetime(2026, 11, 24, 14, tzinfo=UTC),
        "Mars/Olympus": datetime(2026, 11, 24, 14, tzinfo=UTC),
        "../../etc/passwd": datetime(2026, 11, 24, 14, tzinfo=UTC),
    }.items():
        page = await sent(facilitator, zone=zone)
        meeting = await site.edge.meetings.get(MeetingId(page.path.rpartition("/")[2]))
        assert meeting is not None
        assert meeting.starts_at == expected


async def test_the_room_is_planned_with_the_meeting(site: Site) -> None:
    facilitator = await site.facilitator()
    page = await sent(facilitator, rows="4", **{"label-4": "Ines", "role-4": "interpreter", "with-4": "me"})
    people = await site.edge.meetings.people(MeetingId(page.path.rpartition("/")[2]))
    assert [(p.label, p.role, p.attached_to) for p in people] == [
        ("Ruth", Role.FACILITATOR, None),
        ("June", Role.VICTIM, None),
        ("Amira", Role.SUPPORTER, people[1].id),
        ("Dan", Role.OFFENDER, None),
        ("Ines", Role.INTERPRETER, people[0].id),
    ]
    assert people[0].account is not None


async def test_a_label_is_changed_and_live_rooms_hear_of_it(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    id_ = MeetingId(meeting.rpartition("/")[2])
    june = (await site.edge.meetings.people(id_))[1]
    token = await csrf(facilitator)
    page = await facilitator.post(f"{meeting}/people/{june.id}/label", csrf=token, label="  J.\u202e ")
    assert page.status == 303
    assert (await site.edge.meetings.people(id_))[1].label == "J."
    assert site.rooms.people == [id_]
    for label, words in (("", "Please write something"), ("dan", "Somebody else"), ("z" * 61, "60 characters")):
        page = await facilitator.post(f"{meeting}/people/{june.id}/label", csrf=token, label=label)
        assert page.status == 422
        assert words in page.said
        assert f'value="{label}"' in page.text
    assert site.rooms.people == [id_]
    page = await facilitator.post(f"{meeting}/people/{june.id}/label", csrf=token, label="j.")
    assert page.status == 303, "a person may take their own name again"


async def test_somebody_is_invited_later(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    id_ = MeetingId(meeting.rpartition("/")[2])
    people = await site.edge.meetings.people(id_)
    token = await csrf(facilitator)
    form = {"csrf": token, "label": "Amira", "role": "supporter", "with": people[1].id}
    for changed, words in (
        ({"label": "June"}, "Somebody else"),
        ({"with": ""}, "whose supporter"),
        ({"with": people[0].id}, "belongs to a person harmed"),
        ({"with": "somebody"}, "whose supporter"),
        ({"role": "observer"}, "Only supporters and interpreters"),
        ({"role": "king"}, "Please choose one of these"),
    ):
        page = await facilitator.post(f"{meeting}/people", form | changed)
        assert page.status == 422, changed
        assert words in page.said
    assert len(await site.edge.meetings.people(id_)) == 3
    assert (await facilitator.post(f"{meeting}/people", form)).status == 303
    added = (await site.edge.meetings.people(id_))[-1]
    assert (added.label, added.role, added.attached_to) == ("Amira", Role.SUPPORTER, people[1].id)
    assert site.rooms.people == [id_]
    for number in range(len(people) + 1, MOST + 1):
        assert (
            await facilitator.post(f"{meeting}/people", {"csrf": token, "label": f"O{number}", "role": "observer"})
        ).status == 303
    page = await facilitator.post(f"{meeting}/people", {"csrf": token, "label": "One more", "role": "observer"})
    assert page.status == 422
    assert "Up to 12 people can meet" in page.said


async def test_nobody_is_invited_to_a_meeting_that_is_over(site: Site) -> None:
    facilitator = await site.facilitator()
    id_ = MeetingId((await plan(facilitator)).rpartition("/")[2])
    journal = Journal(site.edge.database, JOURNAL_KEY)
    await journal.append(id_, 1, [Fact(PhaseChanged(Phase.ENDED), at=site.clock.now())])
    page = await facilitator.get(f"/meetings/{id_}")
    assert "ended" in page.said
    assert "Add a person" not in page.said
    assert "Enter the room" not in page.said
    form = {"csrf": await csrf(facilitator), "label": "Olga", "role": "observer"}
    page = await facilitator.post(f"/meetings/{id_}/people", form)
    assert (page.status, "This meeting is over" in page.said) == (409, True)
    assert len(await site.edge.meetings.people(id_)) == 3


async def test_who_was_signed_out_while_planning_finds_it_again(site: Site) -> None:
    facilitator = await site.facilitator()
    token = await csrf(facilitator)
    site.clock.pass_by(timedelta(hours=13))
    page = await facilitator.post("/meetings", {**FORM, "csrf": token})
    assert page.status == 403
    assert "what you wrote is here again" in page.said
    kept = {name: page.field(name) for name in re.findall(r'name="(kept-[^"]+)"', page.text)}
    page = await facilitator.post("/sign-in", {**kept, "email": EMAIL, "password": "wrong words", "next": "/"})
    assert page.status == 422
    kept = {name: page.field(name) for name in re.findall(r'name="(kept-[^"]+)"', page.text)}
    page = await facilitator.post("/sign-in", {**kept, "email": EMAIL, "password": PASSWORD, "next": "/"})
    assert page.status == 200
    again = typed(page)
    assert again.items() >= {name: value for name, value in FORM.items() if name != "do"}.items()
    assert (await facilitator.post("/meetings", {**again, "do": "plan"})).status == 303


async def test_a_meeting_without_a_time_is_fine(site: Site) -> None:
    facilitator = await site.facilitator()
    page = await sent(facilitator, date="", time="")
    assert page.status == 303
    assert "No time set" in (await facilitator.get(page.path)).said
    assert "About the allotment" in (await facilitator.get("/")).said


async def test_what_people_type_stays_text(site: Site) -> None:
    facilitator = await site.facilitator()
    nasty = "<script>alert(1)</script>\"'>&{{7*7}}"
    page = await sent(facilitator, title=nasty, **{"label-1": nasty[:40]})
    assert page.status == 303
    for path in (page.path, "/"):
        shown = await facilitator.get(path)
        assert "<script>alert" not in shown.text
        assert nasty in shown.said or nasty in shown.text.replace("&#34;", '"')


async def hidden(site: Site, meeting: str) -> dict[str, bool]:
    people = await site.edge.meetings.people(MeetingId(meeting.rpartition("/")[2]))
    return {person.label: person.relay_only for person in people}


async def test_where_somebody_is_can_be_hidden_from_the_beginning_and_later(site: Site) -> None:
    facilitator = await site.facilitator()
    page = await sent(facilitator, do="add", **{"hide-1": "yes"})
    assert re.findall(r'name="(hide-\d)"[^>]* checked', page.text) == ["hide-1"], "nothing that was ticked is lost"
    page = await sent(facilitator, do="remove-2", **{"hide-3": "yes"})
    assert re.findall(r'name="(hide-\d)"[^>]* checked', page.text) == ["hide-2"], "a tick moves with its row"

    meeting = (await sent(facilitator, **{"hide-1": "yes"})).path
    assert await hidden(site, meeting) == {"Ruth": False, "June": True, "Amira": False, "Dan": False}
    people = {person.label: person.id for person in await site.edge.meetings.people(MeetingId(meeting[10:]))}
    token = await csrf(facilitator)
    for label, hide in (("Amira", "yes"), ("June", "")):
        page = await facilitator.post(f"{meeting}/people/{people[label]}/hidden", csrf=token, hide=hide)
        assert page.status == 303
    assert await hidden(site, meeting) == {"Ruth": False, "June": False, "Amira": True, "Dan": False}
    assert site.rooms.people == [MeetingId(meeting[10:])] * 2, "a live room learns of it at once"
    added = {"csrf": token, "label": "Mark", "role": "observer", "hide": "yes"}
    assert (await facilitator.post(f"{meeting}/people", added)).status == 303
    assert (await hidden(site, meeting))["Mark"]
    page = await facilitator.get(meeting)
    assert page.text.count("Where they are is hidden") == 2
    stranger = await facilitator.post(f"{meeting}/people/nobody/hidden", csrf=token, hide="yes")
    assert stranger.status == 404


async def test_without_a_relay_nobody_is_promised_to_be_hidden(tmp_path: Path) -> None:
    async with running(tmp_path, relay=False) as site:
        facilitator = await site.facilitator()
        assert "Hide where they are" not in (await facilitator.get("/meetings/new")).said
        page = await sent(facilitator, **{"hide-1": "yes"})
        assert page.status == 422
        assert "this service has no relay" in page.said
        assert "No meetings yet" in (await facilitator.get("/")).said

        meeting = await plan(facilitator)
        people = await site.edge.meetings.people(MeetingId(meeting.rpartition("/")[2]))
        token = await csrf(facilitator)
        page = await facilitator.post(f"{meeting}/people/{people[1].id}/hidden", csrf=token, hide="yes")
        assert (page.status, "this service has no relay" in page.said) == (422, True)
        page = await facilitator.post(f"{meeting}/people", csrf=token, label="Mark", role="observer", hide="yes")
        assert (page.status, "this service has no relay" in page.said) == (422, True)
        assert await hidden(site, meeting) == {"Ruth": False, "June": False, "Dan": False}

        # somebody whom an earlier setting hid: it is said what that means now, and can be taken back
        await site.edge.meetings.set_relay_only(people[1].id, True)
        assert "cannot be hidden: their sound and pictures stay off" in (await facilitator.get(meeting)).said
        page = await facilitator.post(f"{meeting}/people/{people[1].id}/hidden", csrf=token)
        assert page.status == 303
        assert not any((await hidden(site, meeting)).values())
