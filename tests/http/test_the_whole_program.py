"""Pages and live edge in one program: what is done on a page is felt in the room, and both keep their fences."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import WSServerHandshakeError
from socketio.exceptions import ConnectionError as NotIn

from tests.app import RunningApp
from tests.http.site import EMAIL, PASSWORD, Visitor, csrf, plan
from tests.http.test_headers import expected, ours
from tests.live import Place, live, walk_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "A" * 24,
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with RunningApp(tmp_path_factory.mktemp("whole") / "data") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(app: RunningApp) -> AsyncIterator[Visitor]:
    visitor = Visitor(app.url, app.url)
    async with visitor.http:
        (token,) = re.findall(r"/setup#([\w-]+)", app.printed())
        made = await visitor.post("/setup", token=token, label="Ruth", email=EMAIL, password=PASSWORD)
        assert made.status == 303
        yield visitor


async def link_of(desk: Visitor, meeting: str, label: str) -> str:
    """A (new) link, made on the meeting's page."""
    page = await desk.get(meeting)
    ids = dict(re.findall(r"<h3>([^<]+)</h3>.*?/people/([\w-]+)/label", page.text, re.DOTALL))
    form = re.search(rf"/people/{ids[label]}/link.*?</form>", page.text, re.DOTALL)
    assert form
    before = re.search(r'name="before" value="([^"]*)"', form[0])
    assert before
    made = await desk.post(f"{meeting}/people/{ids[label]}/link", csrf=await csrf(desk), before=before[1])
    found = re.search(r'value="(http[^"]+/join#[\w-]+)"', made.text)
    assert found, made.said
    return found[1]


async def enter(desk: Visitor, meeting: str) -> Place:
    page = await desk.post(f"{meeting}/enter", csrf=await csrf(desk))
    person = page.path.rpartition("/")[2]
    return Place(person, f"tp_{person}={desk.cookies()[f'tp_{person}']}")


def row(view: Any, label: str) -> Mapping[str, Any] | None:
    return next((row for row in view["console"]["people"] if row["label"] == label), None)


async def test_a_new_label_is_seen_in_the_room_at_once(app: RunningApp, desk: Visitor) -> None:
    meeting = await plan(desk)
    june = await walk_in(app, await link_of(desk, meeting, "June"))
    async with live(app, june) as her, live(app, await enter(desk, meeting)) as ruth:
        assert her.view["me"]["label"] == "June"
        page = await desk.post(f"{meeting}/people/{june.person}/label", csrf=await csrf(desk), label="J.")
        assert page.status == 303
        await her.until(lambda told: told.view["me"]["label"] == "J.")
        await ruth.until(lambda told: row(told.view, "J."))


async def test_somebody_invited_later_is_in_the_room_at_once_and_can_come(app: RunningApp, desk: Visitor) -> None:
    meeting = await plan(desk)
    async with live(app, await enter(desk, meeting)) as ruth:
        form = {"csrf": await csrf(desk), "label": "Olga", "role": "observer"}
        assert (await desk.post(f"{meeting}/people", form)).status == 303
        await ruth.until(lambda told: row(told.view, "Olga"))
        async with live(app, await walk_in(app, await link_of(desk, meeting, "Olga"))) as olga:
            assert olga.view["me"]["role"] == "observer"
            await ruth.until(lambda told: (row(told.view, "Olga") or {})["door"] == "arriving")


async def test_a_new_link_ends_the_line_of_whoever_is_in_by_the_old_one(app: RunningApp, desk: Visitor) -> None:
    meeting = await plan(desk)
    june = await walk_in(app, await link_of(desk, meeting, "June"))
    dan = await walk_in(app, await link_of(desk, meeting, "Dan"))
    async with live(app, june) as her, live(app, dan) as him:
        newer = await link_of(desk, meeting, "June")
        await her.until(lambda told: told.of("bye"))
        assert her.of("bye") == [{"reason": "session_ended"}]
        assert him.of("bye") == []
    with pytest.raises(NotIn):
        async with live(app, june):
            pass
    async with live(app, await walk_in(app, newer)) as again:
        assert again.view["me"]["label"] == "June"


async def test_a_person_is_let_in_by_their_own_cookie_only(app: RunningApp, desk: Visitor) -> None:
    meeting = await plan(desk)
    june = await walk_in(app, await link_of(desk, meeting, "June"))
    dan = await walk_in(app, await link_of(desk, meeting, "Dan"))
    account = desk.cookies()["tp_account"]
    for cookie in ("", dan.cookie, f"tp_{june.person}={dan.token}", f"tp_{june.person}={account}", june.cookie[:-1]):
        with pytest.raises(NotIn):
            async with live(app, Place(june.person, cookie)):
                pass


async def test_what_the_live_path_answers_has_the_exact_headers(app: RunningApp) -> None:
    visitor = Visitor(app.url, app.url)
    path = "/live/?EIO=4&transport=websocket"
    async with visitor.http:
        for method, where, headers in (
            ("GET", "/live/", {}),
            ("GET", "/live/?EIO=4&transport=polling", {"Origin": app.url}),
            ("POST", "/live/?EIO=4&transport=polling", {"Origin": app.url}),
            ("POST", "/live/?EIO=4&transport=polling", {"Origin": "https://evil.example"}),
            ("OPTIONS", "/live/?EIO=4&transport=polling", {"Origin": "https://evil.example"}),
            ("GET", "/live/x", {}),
            ("GET", "/socket.io/?EIO=4&transport=polling", {}),
            ("GET", path, UPGRADE),
            ("GET", path, UPGRADE | {"Origin": "https://evil.example"}),
            ("GET", path, UPGRADE | {"Origin": "null"}),
        ):
            page = await visitor.ask(method, where, headers=headers)
            assert page.status in (400, 403, 404, 405), (where, headers)
            assert ours(page.headers) == expected(app.url), (where, headers)
            assert "Access-Control-Allow-Origin" not in page.headers
        async with visitor.http.ws_connect(app.url + path, headers={"Origin": app.url}) as socket:
            assert (await socket.receive_str())[0] == "0"
            answered = dict(socket._response.headers)
        for name in ("Upgrade", "Sec-WebSocket-Accept"):
            del answered[name]
        assert ours(answered) == expected(app.url)
        with pytest.raises(WSServerHandshakeError):
            await visitor.http.ws_connect(app.url + path, headers={"Origin": "https://evil.example"})


async def test_after_a_kill_everybody_is_where_they_were_without_opening_their_link_again(
    app: RunningApp, desk: Visitor
) -> None:
    meeting = await plan(desk)
    june = await walk_in(app, await link_of(desk, meeting, "June"))
    ruth = await enter(desk, meeting)
    async with live(app, june) as her, live(app, ruth) as facilitator:
        assert (await facilitator.give("open_doors"))["ok"]
        assert (await her.give("answer_door", willing="yes"))["ok"]
        app.restart()
    async with live(app, june) as her, live(app, ruth) as facilitator:
        assert her.view["me"]["door"] == "waiting"
        assert facilitator.view["phase"] == "doors_open"
    assert (await desk.get(meeting)).title == "A conversation", "and the account is still signed in"
