"""The pages in a real browser: with their little script, without any, and as a screen reader finds them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright, expect

from tests.app import RunningApp
from tests.e2e.browser import launch
from tests.http.site import EMAIL, PASSWORD

AXE = (Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js").read_text()
FORGIVEN = (
    "the server responded with a status of 4",  # it is told in the page; the browser notes it in the console as well
    "WebSocket is closed before the connection is established",  # the test has closed the room's page
)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with RunningApp(tmp_path_factory.mktemp("pages") / "data") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def account(app: RunningApp, chromium: Browser) -> None:
    """The first account, made by the printed link; afterwards anybody can sign in."""
    (link,) = re.findall(r"http\S+/setup#\S+", app.printed())
    async with somebody(chromium) as (page, sent):
        await page.goto(link)
        assert page.url == f"{app.url}/setup"
        await page.get_by_label("Your name, as people in your meetings see it").fill("Ruth")
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password").fill("short")
        await page.get_by_role("button", name="Make my account").click()
        await expect(page.get_by_text("This is too short")).to_be_visible()
        await expect(page.get_by_label("Password")).to_have_accessible_description(
            re.compile("too short.*Three or four words")
        )
        assert await findings(page) == []
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Make my account").click()
        await expect(page.get_by_role("heading", name="Meetings", exact=True)).to_be_visible()
        await nowhere_but_in_a_body(link.partition("#")[2], sent)


@asynccontextmanager
async def somebody(chromium: Browser, **how: Any) -> AsyncIterator[tuple[Page, list[Request]]]:
    """A fresh browser profile, and every request that it makes.  What its console complains of fails the test."""
    context: BrowserContext = await chromium.new_context(**how)
    complaints: list[str] = []
    sent: list[Request] = []
    page = await context.new_page()
    page.on("request", lambda request: sent.append(request))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    yield page, sent
    await context.close()
    assert [said for said in complaints if not any(word in said for word in FORGIVEN)] == []


@asynccontextmanager
async def facilitator(app: RunningApp, chromium: Browser, **how: Any) -> AsyncIterator[Page]:
    async with somebody(chromium, **how) as (page, _):
        await page.goto(app.url)
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="Meetings", exact=True)).to_be_visible()
        yield page


async def nowhere_but_in_a_body(token: str, sent: list[Request]) -> None:
    """The token went into the body of one kind of request, and into no address and no header."""
    assert len(sent) > 2
    for request in sent:
        headers = await request.all_headers()
        assert token not in request.url.partition("#")[0]
        assert token not in str({name: value for name, value in headers.items() if name != "cookie"})
    assert any(token in (request.post_data or "") for request in sent)


async def findings(page: Page) -> list[str]:
    """What axe finds, as rule and place."""
    await page.evaluate(AXE)
    found = await page.evaluate("async () => (await axe.run()).violations.map(v => [v.id, v.nodes.map(n => n.html)])")
    return [f"{rule}: {nodes}" for rule, nodes in found]


async def too_wide(page: Page) -> list[str]:
    """What stands out of the window to the right."""
    outside: list[str] = await page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth)
        .map(e => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 40)}`)"""
    )
    return outside


async def test_the_links_token_is_nowhere_afterwards(app: RunningApp, chromium: Browser) -> None:
    link = app.practice()["links"]["victim"]
    async with somebody(chromium) as (page, sent):
        await page.goto("about:blank")
        await page.goto(link)
        assert page.url == f"{app.url}/join"
        assert await page.title() == "Your appointment"
        assert await page.evaluate("document.referrer") == ""
        assert await findings(page) == []
        await page.get_by_role("button", name="Open my place").click()
        await page.wait_for_url(re.compile("/room/"))
        assert await page.title() == "Your appointment"
        await page.go_back()
        assert page.url == f"{app.url}/join", "what stands in the history opens nothing"
        await expect(page.get_by_text("Please open your link again")).to_be_visible()
        assert (
            await page.evaluate("JSON.stringify([history.state, {...localStorage}, {...sessionStorage}])")
            == "[null,{},{}]"
        )
        await nowhere_but_in_a_body(link.partition("#")[2], sent)


async def test_a_link_pasted_into_the_same_window_is_taken_as_well(app: RunningApp, chromium: Browser) -> None:
    link = app.practice()["links"]["offender"]
    async with somebody(chromium) as (page, _):
        await page.goto(f"{app.url}/join")
        await expect(page.get_by_text("Please open your link again")).to_be_visible()
        await expect(page.get_by_role("button", name="Open my place")).to_be_hidden()
        await page.goto(link)
        await page.wait_for_url(f"{app.url}/join")
        await page.get_by_role("button", name="Open my place").click()
        await page.wait_for_url(re.compile("/room/"))


async def test_a_link_that_opens_nothing_says_whom_to_ask(app: RunningApp, chromium: Browser) -> None:
    async with somebody(chromium) as (page, _):
        await page.goto(f"{app.url}/join#{'A' * 43}")
        await page.get_by_role("button", name="Open my place").click()
        await expect(page.get_by_role("heading")).to_have_text("This link does not open a place")
        await expect(page.get_by_text("Or ask them for a new link")).to_be_visible()
        assert await findings(page) == []

        await page.goto(app.practice()["links"]["victim"])  # the right one, pasted into the same window
        await page.get_by_role("button", name="Open my place").click()
        await page.wait_for_url(re.compile("/room/"))


async def test_leaving_the_page_leaves_nothing_in_the_history(app: RunningApp, chromium: Browser) -> None:
    async with somebody(chromium) as (page, _):
        await page.goto(f"{app.url}/health")
        await page.goto(app.practice()["links"]["supporter"])
        await page.get_by_role("link", name="Leave this page").click()
        await page.wait_for_url("about:blank")
        await page.go_back()
        assert page.url == f"{app.url}/health"


async def test_a_meeting_is_planned_and_a_link_is_made_and_copied(app: RunningApp, chromium: Browser) -> None:
    how = {"timezone_id": "Asia/Tokyo", "locale": "en-GB", "permissions": ["clipboard-read", "clipboard-write"]}
    async with facilitator(app, chromium, **how) as page:
        await page.get_by_role("link", name="Plan a meeting").click()
        await page.get_by_label("What is it called?").fill("About the allotment")
        await expect(page.get_by_text("Times are for Asia/Tokyo")).to_be_visible()
        await page.get_by_label("Day").fill("2027-03-02")
        await page.get_by_label("Time").fill("14:00")
        await page.get_by_role("group", name="Person 1").get_by_label("What the others call them").fill("June")
        await page.get_by_role("group", name="Person 2").get_by_label("What the others call them").fill("Dan")
        await expect(page.get_by_role("group", name="Person 1").get_by_label("They belong to")).to_be_hidden()
        await page.get_by_role("button", name="Add a person").click()
        third = page.get_by_role("group", name="Person 3")
        await third.get_by_label("They belong to").select_option(label="Person 1: June")
        await page.get_by_role("group", name="Person 1").get_by_label("What the others call them").fill("J.")
        await expect(third.get_by_role("option", name="Person 1: J.")).to_be_attached()
        assert await findings(page) == []
        await third.get_by_label("What the others call them").press("Enter")
        await expect(third.get_by_label("What the others call them")).to_be_focused()
        await third.get_by_label("What the others call them").fill("Amira")
        await third.get_by_label("What the others call them").press("Enter")
        await expect(page.get_by_role("heading", name="About the allotment")).to_be_visible()
        meeting = page.url
        await expect(page.get_by_text("Tuesday, 2 March 2027 at 14:00 GMT+9").first).to_be_visible()
        assert await findings(page) == []
        await page.get_by_role("button", name="Make a link for J.").click()
        link = await page.get_by_label("The link for J.").input_value()
        assert re.fullmatch(rf"{app.url}/join#[\w-]{{43}}", link)
        assert page.url == meeting, "a reload shows the page and makes no other link"
        assert await findings(page) == []
        await page.get_by_role("button", name="Copy the link").click()
        await expect(page.get_by_role("status")).to_have_text("Copied.")
        assert await page.evaluate("navigator.clipboard.readText()") == link
        await page.get_by_role("button", name="Copy the words and the link").click()
        words = await page.evaluate("navigator.clipboard.readText()")
        assert words.splitlines()[0] == "Your appointment on Tuesday, 2 March 2027 at 14:00 GMT+9."
        assert words.endswith(link)
        assert not re.search(r"Dan|Amira|Ruth|allotment|mediation", words), "nothing of anybody else"
        await page.reload()
        await expect(page.get_by_label("The link for J.")).to_have_count(0)
        await expect(page.get_by_role("button", name="Make a new link for J.")).to_be_visible()


async def test_everything_before_the_room_works_without_a_script(app: RunningApp, chromium: Browser) -> None:
    async with facilitator(app, chromium, java_script_enabled=False) as page:
        await page.get_by_role("link", name="Plan a meeting").click()
        await page.get_by_label("What is it called?").fill("Without a script")
        for number, name in enumerate(("June", "Dan"), 1):
            await (
                page.get_by_role("group", name=f"Person {number}").get_by_label("What the others call them").fill(name)
            )
        await page.get_by_role("button", name="Add a person").click()
        third = page.get_by_role("group", name="Person 3")
        await third.get_by_label("What the others call them").fill("Amira")
        await page.get_by_role("button", name="Plan the meeting").last.click()
        await expect(third.get_by_label("They belong to")).to_have_accessible_description(re.compile("whose supporter"))
        await third.get_by_label("They belong to").select_option(label="Person 2: Dan")
        await page.get_by_role("button", name="Plan the meeting").last.click()
        await expect(page.get_by_text("supporter, for Dan")).to_be_visible()
        await page.get_by_text("Change the name").nth(1).click()
        await page.get_by_label("What the others call them").nth(1).fill("J.")
        await page.get_by_role("button", name="Keep this name").click()
        await page.get_by_role("button", name="Make a link for J.").click()
        link = await page.get_by_label("The link for J.").input_value()
        await expect(page.get_by_role("button", name="Copy the link")).to_have_count(0)
        await page.goto(link)
        await expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
        await expect(page.get_by_role("button", name="Open my place")).to_have_count(0)


async def test_two_windows_of_one_browser_are_two_people(app: RunningApp, chromium: Browser) -> None:
    links = app.practice()["links"]
    async with somebody(chromium) as (page, _):
        other = await page.context.new_page()
        for window, role in ((page, "victim"), (other, "offender")):
            await window.goto(links[role])
            await window.get_by_role("button", name="Open my place").click()
            await window.wait_for_url(re.compile("/room/"))
        people = [await window.locator("#room").get_attribute("data-person") for window in (page, other)]
        assert people[0] != people[1]
        await page.reload()
        assert await page.locator("#room").get_attribute("data-person") == people[0]


@pytest.mark.parametrize("path", ["/", "/join", "/nothing", "/room/x", "/setup"])
async def test_axe_finds_nothing_on_a_strangers_pages(app: RunningApp, chromium: Browser, path: str) -> None:
    for width in (320, 1280):
        async with somebody(chromium, viewport={"width": width, "height": 700}) as (page, _):
            await page.goto(app.url + path)
            assert await findings(page) == []
            assert await too_wide(page) == []


@pytest.mark.parametrize("width", [320, 1280])
async def test_axe_finds_nothing_at_the_desk(app: RunningApp, chromium: Browser, width: int) -> None:
    async with facilitator(app, chromium, viewport={"width": width, "height": 700}) as page:
        for path in ("/", "/meetings/new", "/meetings/nothing"):
            await page.goto(app.url + path)
            assert await findings(page) == []
            assert await too_wide(page) == [], path
        await page.goto(f"{app.url}/meetings/new")
        await page.get_by_role("button", name="Plan the meeting").last.evaluate(
            "button => button.form.noValidate = true"
        )
        await page.get_by_role("button", name="Plan the meeting").last.click()
        await expect(page.get_by_role("alert")).to_be_focused()
        assert await findings(page) == []
