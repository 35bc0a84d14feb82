"""A whole meeting through the real program, with everything going wrong that can; then its log is read.

No line may hold a name, an address, a password, a token, a cookie, a word that was written, or a part of an SDP, at the
most talkative level that there is (R34).
"""

from __future__ import annotations

import asyncio
import re
import urllib.parse
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from socketio.exceptions import ConnectionError as NotIn

from tests.app import RunningApp
from tests.http.site import Visitor, csrf, plan
from tests.live import Connection, Place, live, walk_in
from tests.signalling.client import Client

NAMES = {"Ottoline": "facilitator", "Philippa": "victim", "Barnaby": "offender", "Xanthippe": "supporter"}
EMAIL, PASSWORD = "ottoline@programme.example", "marmalade on the windowsill"
TITLE = "About the greenhouse"
WORDS = ["My sister hid the letters", "He lives in Quince Street"]
SDP = "v=0\r\no=- 4711 2 IN IP4 203.0.113.77\r\na=ice-ufrag:Zq1x\r\na=candidate:1 1 udp 1 203.0.113.77 9 typ host\r\n"


class Secrets:
    """Everything that has been said, shown or typed and may stand in no log."""

    def __init__(self) -> None:
        self.texts = {*NAMES, EMAIL, EMAIL.partition("@")[0], PASSWORD, TITLE, *WORDS, "203.0.113.77", "127.0.0.1"}
        self.texts |= {"v=0", "ice-ufrag", "candidate", "fingerprint", "Zq1x", "Mozilla"}

    def add(self, *texts: str) -> None:
        self.texts |= set(texts)

    def found_in(self, log: str) -> list[str]:
        """As they are, percent-encoded, or escaped as JSON does it."""
        lowered = log.lower()
        spelt = {text: {text, urllib.parse.quote(text), urllib.parse.quote_plus(text)} for text in self.texts}
        return [text for text, ways in spelt.items() if any(way.lower() in lowered for way in ways)]


async def links_of(visitor: Visitor, meeting: str) -> Mapping[str, str]:
    """Make everybody's link on the meeting's page: label -> address."""
    links = {}
    page = await visitor.get(meeting)
    for label, person in re.findall(r"<h3>(\w+)</h3>.*?/people/([\w-]+)/label", page.text, re.DOTALL):
        made = await visitor.post(f"{meeting}/people/{person}/link", csrf=await csrf(visitor), before="")
        found = re.search(r'value="(http[^"]+/join#[\w-]+)"', made.text)
        assert found
        links[label] = found[1]
    return links


async def wander(app: RunningApp, visitor: Visitor, secrets: Secrets) -> None:
    """Wrong addresses, wrong passwords, wrong forms, wrong sockets."""
    for path in (
        "/Philippa",
        f"/join?name={EMAIL}",
        "/room/Barnaby",
        "/static/Xanthippe.js",
        "/live/?EIO=4&name=Philippa",
    ):
        await visitor.get(
            path, headers={"Referer": "https://programme.example/Philippa", "User-Agent": "Mozilla Philippa"}
        )
    for form in ({"email": EMAIL, "password": "Barnaby"}, {"email": "Philippa", "password": PASSWORD}):
        await visitor.post("/sign-in", form)
    await visitor.post("/join", token="Philippa" * 6)
    await visitor.post("/join", headers={"Origin": "https://philippa.example"}, token="x")
    await visitor.ask("POST", "/sign-in", headers={"Sec-Fetch-Site": "same-origin"}, data=b"email=%ffPhilippa")
    await visitor.ask("PHILIPPA", "/join")
    for cookie in ("tp_x=Philippa", ""):
        with pytest.raises(NotIn):
            async with live(app, Place("Philippa", cookie)):
                pass
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    writer.write(b"GET /Philippa HTTP/9.9 Barnaby\r\n\x00Xanthippe: \xff\r\n\r\n")
    await reader.read()
    writer.close()
    async with visitor.http.ws_connect(
        f"{app.url}/live/?EIO=4&transport=websocket", headers={"Origin": app.url}
    ) as raw:
        await raw.receive()
        for packet in ("Philippa", "40{Philippa", '42["Philippa"]', "5Philippa", "\x00"):
            await raw.send_str(packet)
        await asyncio.wait_for(raw.receive(), 10)


async def hear_and_be_heard(person: Connection, secrets: Secrets) -> Client:
    """A real media connection: ICE, DTLS and SRTP."""
    media = Client()
    assert (await person.ask("media", {"kind": "join"}))["ok"]
    await person.until(lambda told: any(said["kind"] == "offer" for said in told.of("media")))
    offer = next(said for said in person.of("media") if said["kind"] == "offer")
    garbled = {"kind": "answer", "generation": offer["generation"], "sdp": SDP}
    assert not (await person.ask("media", garbled))["ok"]
    answer = await media.answer(offer["sdp"])
    assert (await person.ask("media", garbled | {"sdp": answer}))["ok"]
    await media.connect()
    await person.until(lambda told: any(said["kind"] == "send" for said in told.of("media")))
    secrets.add(*re.findall(r"a=(?:ice-ufrag|ice-pwd|fingerprint:sha-256)[: ](\S+)", offer["sdp"] + answer))
    return media


async def converse(people: Mapping[str, Connection], ids: Mapping[str, str], secrets: Secrets) -> None:
    """People come in, write, speak, signal, are refused and go; and some of what their browsers send is nonsense."""
    ottoline, philippa, barnaby, xanthippe = (people[name] for name in NAMES)
    assert (await ottoline.give("open_doors"))["ok"]
    for guest in (philippa, barnaby, xanthippe):
        assert (await guest.give("answer_door", willing="yes"))["ok"]
    assert (await philippa.give("send_message", to=None, text=WORDS[0]))["ok"]
    assert (await ottoline.give("send_message", to=ids["Barnaby"], text=WORDS[1]))["ok"]
    assert (await xanthippe.give("send_signal", signal="not_safe"))["ok"]
    assert not (await ottoline.give("admit", person=ids["Barnaby"]))["ok"], "it is not his turn"
    media = [await hear_and_be_heard(guest, secrets) for guest in (ottoline, philippa)]
    assert (await ottoline.give("admit", person=ids["Philippa"]))["ok"]
    assert (await philippa.give("enter_now"))["ok"]
    assert (await ottoline.give("begin"))["ok"]
    assert (await ottoline.give("set_mode", mode="open"))["ok"]
    assert (await philippa.give("set_microphone", on=True))["ok"]
    heard = asyncio.Event()
    media[0].on_rtp = lambda _: heard.set()
    media[1].speak()
    async with asyncio.timeout(10):
        await heard.wait()
    assert not (await philippa.give("Barnaby", name="Xanthippe"))["ok"]
    assert not (await philippa.give("send_message", to=None, text=f"{WORDS[0]}\ud83e", more="Barnaby"))["ok"]
    assert (await ottoline.give("refuse", person=ids["Barnaby"]))["ok"]
    assert (await xanthippe.give("withdraw_consent"))["ok"]
    assert (await philippa.give("pause"))["ok"]
    for connection in media:
        await connection.close()


@pytest.mark.parametrize("workers", ["0", "1"], ids=["in the program", "in a worker"])
async def test_a_whole_meeting_leaves_nothing_of_anybody_in_the_log(tmp_path: Path, workers: str) -> None:
    """A media worker writes into the same log."""
    secrets = Secrets()
    with RunningApp(tmp_path / "data", LOG_LEVEL="debug", LOG_FORMAT="json", MEDIA_WORKERS=workers) as app:
        desk = Visitor(app.url, app.url)
        async with desk.http:
            (setup,) = re.findall(r"/setup#([\w-]+)", app.printed())
            secrets.add(setup, *re.findall(r"/join#([\w-]+)", app.printed()))
            form = {"token": setup, "label": "Ottoline", "email": EMAIL, "password": PASSWORD}
            assert (await desk.post("/setup", form | {"password": "short"})).status == 422
            assert (await desk.post("/setup", form)).status == 303
            secrets.add(*desk.cookies().values(), await csrf(desk))
            rows = [("Philippa", "victim", ""), ("Barnaby", "offender", ""), ("Xanthippe", "supporter", "1")]
            meeting = await plan(desk, *rows, title=TITLE)
            links = await links_of(desk, meeting)
            places = {name: await walk_in(app, link) for name, link in links.items()}
            secrets.add(
                *(link.partition("#")[2] for link in links.values()), *(place.token for place in places.values())
            )
            ids = {name: place.person for name, place in places.items()}
            await wander(app, desk, secrets)
            for again in (False, True):
                if again:
                    app.restart()
                async with _everybody(app, places) as people:
                    await (people["Philippa"].give("leave", quick=True) if again else converse(people, ids, secrets))
                    await _relabel(desk, meeting, ids["Philippa"], "Philippa B." if again else "Philippa A.")
        assert app.stop() == 0
        app.start()
        token = app.practice()["links"]["victim"].partition("#")[2]
        secrets.add(token)
    log = app.log_text()
    assert secrets.found_in(log) == []
    assert not re.search(r"\b(?:\d{1,3}\.){3}\d{1,3}\b", log), "an address"
    assert re.findall(r"[A-Za-z0-9_-]{43,}", log) == [], "something as long as a token"
    _tells_enough(app, meeting.rpartition("/")[2], ids)


@asynccontextmanager
async def _everybody(app: RunningApp, places: Mapping[str, Place]) -> AsyncIterator[dict[str, Connection]]:
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(live(app, places[name])) for name in NAMES}


async def _relabel(desk: Visitor, meeting: str, person: str, label: str) -> None:
    page = await desk.post(f"{meeting}/people/{person}/label", csrf=await csrf(desk), label=label)
    assert page.status == 303


def _tells_enough(app: RunningApp, meeting: str, ids: Mapping[str, str]) -> None:
    """A log that says nothing would be private, too: whoever runs the program must be able to follow it by ids."""
    lines = app.log()
    events = {str(line["event"]) for line in lines}
    assert {"started", "request", "room_opened", "room_closed", "malformed", "stopping", "stopped"} <= events
    assert meeting in {line.get("meeting") for line in lines}
    assert {line.get("person") for line in lines} & set(ids.values())
    withheld = {str(line) for line in lines if "withheld" in line}
    assert withheld == set(), "somebody tries to log what may not be logged"
    assert {line["route"] for line in lines if line["event"] == "request"} >= {
        "/join",
        "/room/{person}",
        "/live/",
        "none",
    }
