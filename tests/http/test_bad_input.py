"""Whatever is sent: never a fault of ours, nothing half done, and what was typed is shown again."""

from __future__ import annotations

import asyncio
import html
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.http import plan_form
from server.http.forms import FIELDS as MOST_FIELDS
from server.http.forms import LIMIT, Form, tidy
from server.http.routes import ROUTES
from server.room import Refused, Room, step
from server.room.commands import Plan, Seat
from server.room.ids import MeetingId, PersonId
from server.room.state import Role
from server.store.schema import SessionKind
from tests.http.site import EMAIL, NOW, PASSWORD, Page, Site, Visitor, csrf, filled, plan

FIELDS = [
    *("token", "label", "email", "password", "next", "title", "date", "time", "zone", "rows", "role", "with", "before"),
    *("do", "label-1", "role-1", "with-1", "label-2", "role-2", "with-2", "kept-title", "csrf"),
]
POSTS = tuple(route.path for route in ROUTES if route.method == "POST")
TYPED = ["", " ", "victim", "supporter", "1", "2", "me", "plan", "add", "remove-1", "3", "2026-11-24", "14:00"]
TYPED += ["\x00", "\u202ex", "a" * 300, EMAIL, PASSWORD, "Europe/London", "/meetings/new", "\ud800", "\U0001f9e9"]

typed = st.text(max_size=40) | st.sampled_from(TYPED)
forms = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), typed, max_size=12)
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
addresses = itertools.count()


def encoded(form: Mapping[str, str]) -> bytes:
    """As browsers do it; but lone surrogates go out as the bytes that a hostile client would send."""
    pairs = [(quote_plus(n, errors="surrogatepass"), quote_plus(v, errors="surrogatepass")) for n, v in form.items()]
    return "&".join(f"{name}={value}" for name, value in pairs).encode()


@dataclass
class Desk:
    """A facilitator at work on a meeting, and everything that a form could change."""

    site: Site
    who: Visitor
    meeting: MeetingId
    person: PersonId
    token: str

    async def post(self, path: str, body: bytes, **headers: str) -> Page:
        told = {
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": f"2001:db8:{next(addresses):x}::1",  # so that nobody's tries are used up
        }
        where = filled(path, meeting=self.meeting, person=self.person)
        return await self.who.ask("POST", where, headers=told | headers, data=body)

    async def everything(self) -> object:
        people = await self.site.edge.meetings.people(self.meeting)
        assert people[0].account is not None
        meetings = await self.site.edge.meetings.of_account(people[0].account)
        return people, meetings, await self.site.edge.links.issued(self.meeting)


@pytest.fixture
async def desk(site: Site) -> Desk:
    who = await site.facilitator()
    meeting = MeetingId((await plan(who)).rpartition("/")[2])
    people = await site.edge.meetings.people(meeting)
    return Desk(site, who, meeting, people[1].id, await csrf(who))


def no_fault_of_ours(page: Page) -> None:
    assert page.status in (200, 303, 400, 403, 404, 405, 408, 409, 413, 415, 422, 429), (page.status, page.said)
    assert page.headers["Cache-Control"] == "no-store"


@many
@given(path=st.sampled_from(POSTS), form=forms)
async def test_no_form_is_a_fault_of_ours(desk: Desk, path: str, form: dict[str, str]) -> None:
    before = await desk.everything()
    page = await desk.post(path, encoded(form))
    no_fault_of_ours(page)
    if form.get("csrf") != desk.token:
        assert await desk.everything() == before


@many
@given(path=st.sampled_from(POSTS), form=forms)
async def test_no_form_of_the_signed_in_is_a_fault_of_ours(desk: Desk, path: str, form: dict[str, str]) -> None:
    if path == "/sign-out":
        return
    before = await desk.everything()
    page = await desk.post(path, encoded(form | {"csrf": desk.token}))
    no_fault_of_ours(page)
    if page.status not in (200, 303):
        assert await desk.everything() == before
    if page.status == 422 and "/meetings" in path:
        shown = html.unescape(page.text)
        lost = [
            name
            for name in ("title", "label")
            if name in form and path.endswith(name) and tidy(form[name]) not in shown
        ]
        assert lost == []


@many
@given(path=st.sampled_from(POSTS), body=st.binary(max_size=200))
async def test_no_bytes_are_a_fault_of_ours(desk: Desk, path: str, body: bytes) -> None:
    before = await desk.everything()
    no_fault_of_ours(await desk.post(path, body))
    assert await desk.everything() == before


roles = st.sampled_from([role.value for role in Role] + ["king"])
people = st.lists(st.tuples(roles, st.sampled_from(["", "me", "1", "2", "3", "4"])), min_size=1, max_size=5)


@settings(max_examples=600, deadline=None)
@given(people=people)
def test_the_form_lets_through_what_the_room_can_plan_and_nothing_else(people: list[tuple[str, str]]) -> None:
    """The two are written apart, because one speaks to a person and the other to a program."""
    form = {"title": "x", "rows": str(len(people)), "do": "plan"}
    for number, (role, attached) in enumerate(people, 1):
        form |= {f"label-{number}": f"L{number}", f"role-{number}": role, f"with-{number}": attached}
    sent = Form(form)
    plan_, errors, rows = plan_form.check(sent, plan_form.rows_of(sent), "Ruth", NOW, ZoneInfo("UTC"), may_hide=True)
    somebody = any(role in ("victim", "offender") for role, _ in people)
    assert ("people" in errors) is not somebody
    known = [(role, attached) for role, attached in people if role != "king"]
    seats = [Seat(PersonId("me"), Role.FACILITATOR)]
    seats += [Seat(PersonId(str(n)), Role(r), PersonId(a) if a else None) for n, (r, a) in enumerate(known, 1)]
    try:
        step(Room(), Plan(tuple(seats)), NOW)
        planned = len(known) == len(people)
    except Refused:
        planned = False
    assert (plan_ is not None) == (planned and somebody), (errors, [row.errors for row in rows])


async def test_what_is_no_form_is_refused_in_words(desk: Desk) -> None:
    for content_type in ("", "text/plain", "application/json", "multipart/form-data; boundary=x", "application/xml"):
        page = await desk.post("/meetings", b"csrf=x", **{"Content-Type": content_type})
        assert (page.status, "not_a_form" in page.said) == (415, True)
    for body, code in (
        (b"title=%ff", "unreadable"),
        (b"title=\xff", "unreadable"),
        (b"title=%ed%a0%80", "unreadable"),
        (b"&".join([b"a=1"] * (MOST_FIELDS + 1)), "unreadable"),
        (b"title=" + b"x" * LIMIT, "too_large"),
    ):
        page = await desk.post("/meetings", body)
        assert code in page.said, body[:20]
        assert "Nothing was changed" in page.said


async def test_a_body_without_end_is_cut_off(desk: Desk) -> None:
    async def endless() -> object:
        for _ in range(LIMIT // 1000 + 5):
            yield b"x" * 1000

    page = await desk.post("/meetings", endless())  # type: ignore[arg-type]
    assert (page.status, "too_large" in page.said) == (413, True)


async def test_a_body_that_never_comes_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.http.forms.PATIENCE", 0.2)
    port = int(desk.site.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"POST /join HTTP/1.1\r\nHost: localhost:{port}\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 10\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\ntoken".encode()
    )
    said = await asyncio.wait_for(reader.readuntil(b"</html>"), 5)
    writer.close()
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive in time" in said


async def test_too_many_tries_are_slowed_down_and_the_form_is_kept(desk: Desk) -> None:
    for number in range(40):
        page = await desk.who.post("/join", token=f"x{number}")
        assert page.status == 404
    page = await desk.who.post("/join", token="x")
    assert page.status == 429
    assert 0 < int(page.headers["Retry-After"]) <= 60
    for _ in range(10):
        page = await desk.post("/sign-in", encoded({"email": EMAIL, "password": "wrong"}))
        assert page.status == 422
    page = await desk.post("/sign-in", encoded({"email": EMAIL, "password": PASSWORD}))
    assert page.status == 429, "many addresses do not help against one account"
    assert page.field("email") == EMAIL
    page = await desk.post("/sign-in", encoded({"email": "amir@example.org", "password": "wrong"}))
    assert page.status == 422, "another account is not held up"


async def test_strangers_who_try_passwords_do_not_shut_the_owner_out(desk: Desk) -> None:
    home = {"X-Forwarded-For": "198.51.100.7"}
    assert (await desk.post("/sign-in", encoded({"email": EMAIL, "password": PASSWORD}), **home)).status == 303
    for _ in range(10):
        assert (await desk.post("/sign-in", encoded({"email": EMAIL, "password": "wrong"}))).status == 422
    assert (await desk.post("/sign-in", encoded({"email": EMAIL, "password": PASSWORD}))).status == 429
    assert (await desk.post("/sign-in", encoded({"email": EMAIL, "password": PASSWORD}), **home)).status == 303
    for _ in range(10):
        assert (await desk.post("/sign-in", encoded({"email": EMAIL, "password": "wrong"}), **home)).status == 422
    assert (await desk.post("/sign-in", encoded({"email": EMAIL, "password": PASSWORD}), **home)).status == 429


async def test_a_right_password_ends_the_count_of_the_wrong_ones(desk: Desk) -> None:
    for _ in range(3):
        for _ in range(9):
            assert (await desk.post("/sign-in", encoded({"email": EMAIL, "password": "wrong"}))).status == 422
        assert (await desk.post("/sign-in", encoded({"email": EMAIL, "password": PASSWORD}))).status == 303


async def test_a_header_full_of_addresses_names_the_proxys_own_view_only(desk: Desk) -> None:
    for number in range(41):
        page = await desk.who.post(
            "/join",
            token="x",
            headers={"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": f"198.51.100.{number}, 203.0.113.5"},
        )
    assert page.status == 429


async def test_a_lost_database_is_told_calmly(desk: Desk, tmp_path: Path) -> None:
    session = await desk.site.edge.sessions.open(
        SessionKind.PERSON, desk.person, desk.site.edge.person_session, now=desk.site.clock.now()
    )
    (tmp_path / "site.db").rename(tmp_path / "moved.db")
    for method, path in (("GET", "/"), ("GET", f"/room/{desk.person}"), ("POST", "/join")):
        headers = {"Sec-Fetch-Site": "same-origin", "Cookie": f"tp_{desk.person}={session.token}"}
        page = await desk.who.ask(method, path, headers=headers, data={"token": "A" * 43} if method == "POST" else None)
        assert (page.status, "not_now" in page.said) == (503, True), path
        assert page.headers["Retry-After"] == "30"
    page = await desk.who.get("/health")
    assert (page.status, page.text) == (503, '{"status": "no database"}')
