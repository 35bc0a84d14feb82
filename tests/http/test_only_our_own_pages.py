"""What comes from elsewhere changes nothing: other sites, other names for this host, forms without their token."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from server.http import cookies
from server.http.origin import csrf_token
from server.http.routes import ROUTES
from server.room.ids import MeetingId, PersonId
from tests.http.site import EMAIL, PASSWORD, Site, csrf, filled, link_for, plan, running

OURS = "http://localhost:{port}"
SITES = (None, "same-origin", "same-site", "cross-site", "none", "")
ORIGINS = (
    None,
    OURS,
    "http://127.0.0.1:{port}",
    "null",
    "https://evil.example",
    "http://localhost",
    OURS + ".evil.example",
)


def may(site: str | None, origin: str | None) -> bool:
    """What the fence is meant to let through, said in another way than it is built."""
    if site is not None and site != "same-origin":
        return False
    if origin in (OURS, "http://127.0.0.1:{port}"):
        return True
    return site == "same-origin" and origin in (None, "null")


async def test_the_fence_lets_through_exactly_our_own_pages(site: Site) -> None:
    facilitator = await site.facilitator()
    port = site.origin.rpartition(":")[2]
    token = await csrf(facilitator)
    seen = {}
    for fetch_site, origin in itertools.product(SITES, ORIGINS):
        headers = {"Sec-Fetch-Site": fetch_site} if fetch_site is not None else {}
        headers |= {"Origin": origin.format(port=port)} if origin is not None else {}
        page = await facilitator.post("/meetings", {"csrf": token, "do": "add", "rows": "1"}, headers=headers)
        assert page.status in (200, 403)
        seen[fetch_site, origin] = page.status == 200
    assert seen == {key: may(*key) for key in itertools.product(SITES, ORIGINS)}
    assert sum(seen.values()) == 6


async def test_two_headers_of_one_name_are_nobodys(site: Site) -> None:
    visitor = await site.visitor()
    for headers in (
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        [("Origin", site.origin), ("Origin", "https://evil.example")],
    ):
        page = await visitor.ask("POST", "/join", headers=headers, data={"token": "x"})
        assert page.status == 403


async def test_every_form_of_an_account_needs_the_token_of_its_session(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    people = await site.edge.meetings.people(MeetingId(meeting.rpartition("/")[2]))
    before = (people, await site.edge.links.issued(people[0].meeting))
    posts = [route for route in ROUTES if route.account and route.method == "POST"]
    assert len(posts) == 7
    for route in posts:
        path = filled(route.path, meeting=people[0].meeting, person=people[1].id)
        for wrong in ("", "0" * 64, csrf_token("somebody else's"), "ü" * 64, (await csrf(facilitator))[:-1]):
            page = await facilitator.post(
                path, csrf=wrong, label="Changed", role="observer", do="plan", title="Another", hide="yes"
            )
            assert (page.status, "stale_form" in page.said) == (403, True), path
    assert (
        await site.edge.meetings.people(people[0].meeting),
        await site.edge.links.issued(people[0].meeting),
    ) == before
    assert len(await site.edge.meetings.of_account(people[0].account or pytest.fail("no account"))) == 1
    assert (await facilitator.get("/")).title == "Meetings", "still signed in"


async def test_the_token_changes_with_every_session(site: Site) -> None:
    facilitator = await site.facilitator()
    first = await csrf(facilitator)
    await facilitator.post("/sign-in", email=EMAIL, password=PASSWORD, next="/")
    assert await csrf(facilitator) != first
    page = await facilitator.post("/sign-out", csrf=first)
    assert page.status == 403


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost", "localhost:1", "127.0.0.1.evil.example:{port}", "[", "x" * 300, "localhost:port"],
)
async def test_another_name_for_this_host_is_refused(site: Site, host: str) -> None:
    visitor = await site.visitor()
    headers = {"Host": host.format(port=site.origin.rpartition(":")[2])}
    for path in ("/", "/join", "/nothing"):
        assert (await visitor.get(path, headers=headers)).status == 421
    assert (await visitor.get("/health", headers=headers)).status == 200


async def test_nobody_reaches_what_is_behind_an_account(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    stranger = await site.visitor()
    june = await site.visitor()
    await june.post("/join", token=(await link_for(site, facilitator, meeting, "June")).partition("#")[2])
    for route in ROUTES:
        path = filled(route.path, meeting=meeting.rpartition("/")[2])
        if route.account:
            for visitor in (stranger, june):
                page = await (visitor.get(path) if route.method == "GET" else visitor.post(path))
                assert (page.status, page.title) == (200 if route.method == "GET" else 403, "Sign in"), route
                assert "June" not in page.text


async def test_another_accounts_meeting_is_as_if_there_were_none(site: Site) -> None:
    facilitator = await site.facilitator()
    token = await csrf(facilitator)
    theirs = await site.edge.meetings.create("Theirs", [], now=site.clock.now())
    for path in (f"/meetings/{theirs.id}", "/meetings/nothing"):
        page = await facilitator.get(path)
        assert (page.status, "meeting_gone" in page.said) == (404, True)
        for ending in ("/enter", "/people", "/people/x/link", "/people/x/label"):
            page = await facilitator.post(path + ending, csrf=token, label="X", role="observer", before="")
            assert (page.status, "meeting_gone" in page.said) == (404, True)
    mine = await plan(facilitator)
    others = await site.edge.meetings.people(MeetingId((await plan(facilitator)).rpartition("/")[2]))
    page = await facilitator.post(f"{mine}/people/{others[1].id}/link", csrf=token, before="")
    assert page.status == 404, "a person of another meeting"


async def test_cookies_are_out_of_reach(site: Site, tmp_path: Path) -> None:
    facilitator = await site.facilitator()
    async with facilitator.http.post(
        f"{site.origin}/sign-in",
        data={"email": EMAIL, "password": PASSWORD},
        headers={"Sec-Fetch-Site": "same-origin"},
        allow_redirects=False,
    ) as answer:
        (given,) = answer.headers.getall("Set-Cookie")
    assert given.split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=Strict"]
    assert "Max-Age" not in given, "it ends with the browser's session"


async def test_under_https_cookies_are_bound_to_this_host(tmp_path: Path) -> None:
    async with running(tmp_path, secure=True) as site:
        facilitator = await site.facilitator()
        token = await site.edge.accounts.check_password(EMAIL, PASSWORD, now=site.clock.now())
        assert token is not None
        page = await facilitator.post("/sign-in", email=EMAIL, password=PASSWORD, next="/")
        given = page.headers["Set-Cookie"]
    assert given.startswith("__Host-tp_account=")
    assert given.split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]
    assert cookies.person_cookie(PersonId("p"), secure=True) == "__Host-tp_p"
