"""From the set-up link to the room's page, as people walk it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from server.room.ids import MeetingId, PersonId
from server.room.state import Role
from tests.http.site import EMAIL, PASSWORD, Site, csrf, link_for, plan


async def test_from_the_set_up_link_to_the_room(site: Site) -> None:
    facilitator = await site.visitor()
    token = await site.edge.accounts.issue_setup(now=site.clock.now())
    page = await facilitator.get("/setup")
    assert page.status == 200
    assert token not in page.text
    page = await facilitator.post("/setup", token=token, label="Ruth", email=EMAIL, password=PASSWORD)
    assert (page.status, page.path) == (303, "/")
    assert "No meetings yet" in (await facilitator.get("/")).said

    meeting = await plan(
        facilitator,
        ("June", "victim", ""),
        ("Amira", "supporter", "1"),
        ("Dan", "offender", ""),
        title="About the allotment",
        date="2026-11-24",
        time="14:00",
    )
    page = await facilitator.get(meeting)
    assert "Tuesday 24 November 2026, 14:00 (GMT)" in page.said
    assert "supporter, for June" in page.said
    people = await site.edge.meetings.people(MeetingId(meeting.rpartition("/")[2]))
    assert [(person.label, person.role) for person in people] == [
        ("Ruth", Role.FACILITATOR),
        ("June", Role.VICTIM),
        ("Amira", Role.SUPPORTER),
        ("Dan", Role.OFFENDER),
    ]

    url = await link_for(site, facilitator, meeting, "June")
    june = await site.visitor()
    page = await june.get("/join")
    assert page.status == 200
    assert page.title == "Your appointment"
    assert june.cookies() == {}
    page = await june.post("/join", token=url.partition("#")[2])
    assert page.status == 303
    assert page.path == f"/room/{people[1].id}"
    assert [*june.cookies()] == [f"tp_{people[1].id}"]
    page = await june.get(page.path)
    assert page.status == 200
    assert page.title == "Your appointment"
    shell = re.search(r'<div id="room"([^>]*)>', page.text)
    assert shell
    told = dict(re.findall(r'data-(\w+)="([^"]*)"', shell[1]))
    assert told == {
        "person": people[1].id,
        "title": "About the allotment",
        "starts": "2026-11-24T14:00:00+00:00",
        "inviter": "Ruth",
        "exit": "about:blank",
    }


async def test_a_facilitator_enters_by_their_account(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    page = await facilitator.post(f"{meeting}/enter", csrf=await csrf(facilitator))
    assert page.status == 303
    assert (await facilitator.get(page.path)).status == 200
    once = facilitator.cookies()
    assert (await facilitator.post(f"{meeting}/enter", csrf=await csrf(facilitator))).path == page.path
    assert facilitator.cookies() == once, "a second press is not a second device"


async def test_looking_at_a_link_a_hundred_times_consumes_nothing(site: Site) -> None:
    facilitator = await site.facilitator()
    url = await link_for(site, facilitator, await plan(facilitator), "June")
    previewer = await site.visitor()
    for _ in range(100):
        assert (await previewer.get("/join")).status == 200
    assert (await previewer.ask("HEAD", "/join")).status == 200
    assert previewer.cookies() == {}
    assert (await (await site.visitor()).post("/join", token=url.partition("#")[2])).status == 303


async def test_a_second_click_keeps_the_device_and_another_browser_is_another_one(site: Site) -> None:
    facilitator = await site.facilitator()
    token = (await link_for(site, facilitator, await plan(facilitator), "June")).partition("#")[2]
    june = await site.visitor()
    await june.post("/join", token=token)
    once = june.cookies()
    await june.post("/join", token=token)
    assert june.cookies() == once
    telephone = await site.visitor()
    await telephone.post("/join", token=token)
    assert telephone.cookies().keys() == once.keys()
    assert telephone.cookies() != once


async def test_two_windows_of_one_browser_can_be_two_people(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    browser = await site.visitor()
    rooms = []
    for label in ("June", "Dan"):
        token = (await link_for(site, facilitator, meeting, label)).partition("#")[2]
        rooms.append((await browser.post("/join", token=token)).path)
    assert [(await browser.get(path)).status for path in rooms] == [200, 200]


async def test_a_new_link_ends_the_old_one_and_every_session_that_came_of_it(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    old = (await link_for(site, facilitator, meeting, "June")).partition("#")[2]
    june = await site.visitor()
    room = (await june.post("/join", token=old)).path
    assert (await june.get(room)).status == 200
    site.clock.pass_by(timedelta(minutes=1))
    new = (await link_for(site, facilitator, meeting, "June")).partition("#")[2]
    assert (MeetingId(meeting.rpartition("/")[2]), PersonId(room.rpartition("/")[2])) == site.rooms.ended[-1]
    page = await june.get(room)
    assert page.status == 403
    assert "not_this_browser" in page.said
    page = await june.post("/join", token=old)
    assert page.status == 404
    assert "there is a newer one" in page.said
    assert (await june.post("/join", token=new)).status == 303


async def test_a_link_that_is_replaced_while_it_is_exchanged_lets_nobody_in(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    token = (await link_for(site, facilitator, meeting, "June")).partition("#")[2]
    redeem, issue = site.edge.links.redeem, site.edge.links.issue

    async def redeemed_and_replaced(token: str, *, now: datetime) -> PersonId | None:
        person = await redeem(token, now=now)
        monkeypatch.undo()
        if person is not None:
            await issue(person, now=now)
        return person

    monkeypatch.setattr(site.edge.links, "redeem", redeemed_and_replaced)
    june = await site.visitor()
    page = await june.post("/join", token=token)
    assert page.status == 404
    assert not [name for name in june.cookies() if name.startswith("tp_")]


async def test_a_page_that_is_out_of_date_cannot_replace_a_newer_link(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    token = (await link_for(site, facilitator, meeting, "June")).partition("#")[2]
    people = await site.edge.meetings.people(MeetingId(meeting.rpartition("/")[2]))
    page = await facilitator.post(f"{meeting}/people/{people[1].id}/link", csrf=await csrf(facilitator), before="")
    assert page.status == 409
    assert "There is a newer link for June already" in page.said
    assert (await (await site.visitor()).post("/join", token=token)).status == 303


async def test_a_session_ends_by_itself(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    page = await facilitator.post(f"{meeting}/enter", csrf=await csrf(facilitator))
    assert (await facilitator.get(page.path)).status == 200
    site.clock.pass_by(timedelta(hours=12, seconds=1))
    assert (await facilitator.get(page.path)).status == 403
    page = await facilitator.get(meeting)
    assert "Sign in" in page.title
    page = await facilitator.post("/sign-in", email=EMAIL, password=PASSWORD, next=page.field("next"))
    assert (page.status, page.path) == (303, meeting)


async def test_signing_in_makes_a_new_session_and_ends_the_planted_one(site: Site) -> None:
    facilitator = await site.facilitator()
    planted = facilitator.cookies()["tp_account"]
    page = await facilitator.post("/sign-in", email=EMAIL, password=PASSWORD, next="/")
    assert page.status == 303
    assert facilitator.cookies()["tp_account"] != planted
    attacker = await site.visitor(cookies=False)
    assert "Sign in" in (await attacker.get("/", headers={"Cookie": f"tp_account={planted}"})).title


async def test_signing_out_ends_the_session_and_not_only_the_cookie(site: Site) -> None:
    facilitator = await site.facilitator()
    kept = facilitator.cookies()["tp_account"]
    assert (await facilitator.post("/sign-out", csrf=await csrf(facilitator))).status == 303
    assert facilitator.cookies() == {}
    thief = await site.visitor(cookies=False)
    assert "Sign in" in (await thief.get("/", headers={"Cookie": f"tp_account={kept}"})).title


async def test_signing_out_ends_the_way_into_the_room_as_well(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    room = (await facilitator.post(f"{meeting}/enter", csrf=await csrf(facilitator))).path
    token = (await link_for(site, facilitator, meeting, "Dan")).partition("#")[2]
    dans = (await facilitator.post("/join", token=token)).path
    kept = facilitator.cookies()
    await facilitator.post("/sign-out", csrf=await csrf(facilitator))
    assert (await facilitator.get(room)).status == 403
    assert (await facilitator.get(dans)).status == 200, "another person in this browser is not signed out"
    thief = await site.visitor(cookies=False)
    cookies = "; ".join(f"{name}={value}" for name, value in kept.items())
    assert (await thief.get(room, headers={"Cookie": cookies})).status == 403


async def test_a_browser_does_not_collect_cookies_of_what_is_over(site: Site) -> None:
    facilitator = await site.facilitator()
    for _ in range(14):
        meeting = await plan(facilitator)
        await facilitator.post(f"{meeting}/enter", csrf=await csrf(facilitator))
    assert len(facilitator.cookies()) == 15, "they all still open a room"
    site.clock.pass_by(timedelta(hours=13))
    await facilitator.post("/sign-in", email=EMAIL, password=PASSWORD, next="/")
    await facilitator.post(f"{meeting}/enter", csrf=await csrf(facilitator))
    assert len(facilitator.cookies()) == 2


async def test_a_wrong_password_is_told_without_saying_what_was_wrong(site: Site) -> None:
    await site.facilitator()
    visitor = await site.visitor()
    known = await visitor.post("/sign-in", email=EMAIL, password="something else", next="/")
    unknown = await visitor.post("/sign-in", email="nobody@example.org", password="something else", next="/")
    assert known.status == unknown.status == 422
    assert known.text.replace(EMAIL, "") == unknown.text.replace("nobody@example.org", "")
    assert known.field("email") == EMAIL
    assert "something else" not in known.text
    assert visitor.cookies() == {}


async def test_signing_in_goes_to_our_own_pages_only(site: Site) -> None:
    await site.facilitator()
    for elsewhere in (
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/join",
        "/meetings/x/y",
        "",
        "/\n/x",
    ):
        visitor = await site.visitor()
        page = await visitor.post("/sign-in", email=EMAIL, password=PASSWORD, next=elsewhere)
        assert (page.status, page.path) == (303, "/")


async def test_a_set_up_link_works_once_and_a_newer_one_replaces_it(site: Site) -> None:
    visitor = await site.visitor()
    older = await site.edge.accounts.issue_setup(now=site.clock.now())
    newer = await site.edge.accounts.issue_setup(now=site.clock.now())
    who = {"label": "Ruth", "email": EMAIL, "password": PASSWORD}
    page = await visitor.post("/setup", {**who, "token": older})
    assert (page.status, "set_up_unknown" in page.said) == (404, True)
    page = await visitor.post("/setup", {**who, "token": newer, "password": "short"})
    assert page.status == 422
    assert page.field("token") == newer
    assert page.field("label") == "Ruth"
    assert "at least 12 characters" in page.said
    assert (await visitor.post("/setup", {**who, "token": newer})).status == 303
    assert (await visitor.post("/setup", {**who, "token": newer})).status == 409
    assert (await visitor.get("/setup")).status == 409


async def test_the_room_is_shut_to_a_browser_that_did_not_come_in(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    people = await site.edge.meetings.people(MeetingId(meeting.rpartition("/")[2]))
    dan = await site.visitor()
    await dan.post("/join", token=(await link_for(site, facilitator, meeting, "Dan")).partition("#")[2])
    june, token = people[1], dan.cookies()[f"tp_{people[2].id}"]
    assert june.label == "June"
    for cookie in (f"tp_{june.id}={token}", f"tp_{june.id}=", f"tp_{june.id}=ünsinn", f"tp_account={token}", ""):
        page = await (await site.visitor(cookies=False)).get(f"/room/{june.id}", headers={"Cookie": cookie})
        assert page.status == 403
        assert "June" not in page.text
    account = facilitator.cookies()["tp_account"]
    page = await dan.get(f"/room/{june.id}", headers={"Cookie": f"tp_{june.id}={account}"})
    assert page.status == 403, "an account's session opens nobody's place"
