"""Somebody in a meeting of the real program without a browser, and without a browser's manners.

They come by their link like everyone else: the page's form, a cookie, one Socket.IO line, one media connection over
real ICE, DTLS and SRTP.  From there they can send whatever a test gives them.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import socketio

from tests.e2e.program import Program
from tests.signalling.client import Client

PATIENCE = 8.0


class Headless:
    def __init__(self, program: Program, link: str) -> None:
        self.program = program
        self.link = link
        self.person = ""
        self.cookie = ""
        self.view: dict[str, Any] = {}
        self.slots: dict[int, str] = {}
        """slot pair -> whom the server says it shows."""
        self.told: list[tuple[str, Any]] = []
        self.media = Client()
        self.line = socketio.AsyncClient(reconnection=False)
        self.line.on("*", self._hear)
        self._changed = asyncio.Event()
        self._offer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    @property
    def base(self) -> str:
        """The program itself, not the line that a test can cut."""
        return f"http://127.0.0.1:{self.program.line.to_port}"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Origin": self.program.url, "Host": self.program.url.removeprefix("http://")}

    async def exchange(self) -> None:
        """The link for a session, as the button of the page does it."""
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                f"{self.base}/join",
                data={"token": self.link.partition("#")[2]},
                headers=self._headers,
                allow_redirects=False,
            ) as answer,
        ):
            assert answer.status == 303, answer.status
            self.person = answer.headers["Location"].removeprefix("/room/")
            cookie = re.match(r"(tp_[\w-]+=[^;]+)", answer.headers["Set-Cookie"])
            assert cookie is not None
            self.cookie = cookie[1]

    async def connect(self) -> None:
        """The line; the first view is there when this returns."""
        await self.line.connect(
            self.base,
            headers=self._headers | {"Cookie": self.cookie},
            auth={"person": self.person},
            transports=["websocket"],
            socketio_path="live",
            wait_timeout=PATIENCE,
        )
        await self.sees(lambda view: bool(view), "a first view")

    async def come(self) -> None:
        await self.exchange()
        await self.connect()

    async def join_media(self) -> None:
        """One media connection with an own voice and two own pictures declared; nothing is sent by itself."""
        self._offer = asyncio.get_running_loop().create_future()
        await self.ask("media", {"kind": "join"})
        offer = await asyncio.wait_for(self._offer, PATIENCE)
        sdp = await self.media.answer(offer["sdp"])
        await self.ask("media", {"kind": "answer", "generation": offer["generation"], "sdp": sdp})
        await self.media.connect()

    async def give(self, command: str, **fields: object) -> dict[str, Any]:
        """A command; returns the server's answer, whichever it is."""
        return await self.ask("command", {"id": str(uuid.uuid4()), "type": command, **fields})

    async def do(self, command: str, **fields: object) -> None:
        """A command that must be carried out."""
        answer = await self.give(command, **fields)
        assert answer["ok"], answer

    async def ask(self, event: str, body: object) -> dict[str, Any]:
        answer: dict[str, Any] = await self.line.call(event, body, timeout=PATIENCE)
        return answer

    async def sees(self, what: Any, name: str = "") -> None:
        """Wait until a view is as `what(view)` says."""
        async with asyncio.timeout(PATIENCE):
            while not what(self.view):
                self._changed.clear()
                await self._changed.wait()

    async def answers_yes(self) -> None:
        """At the door, up to the holding place with the media up."""
        await self.sees(lambda view: "answer_door" in view["may"], "the question")
        await self.do("answer_door", willing="yes")
        await self.join_media()

    async def go(self) -> None:
        await self.line.disconnect()
        self.media.vanish()
        with suppress(AttributeError):  # aioice says goodbye on the socket that has just vanished
            await self.media.ice.stop()

    async def _hear(self, event: str, body: Any) -> None:
        self.told.append((event, body))
        if event == "view":
            self.view = body["view"]
        elif event == "media" and body["kind"] == "offer" and not self._offer.done():
            self._offer.set_result(body)
        elif event == "media" and body["kind"] == "slots":
            self.slots = {int(slot): person for slot, person in body["slots"].items()}
        self._changed.set()


@asynccontextmanager
async def headless(program: Program, link: str) -> AsyncIterator[Headless]:
    somebody = Headless(program, link)
    try:
        yield somebody
    finally:
        await somebody.go()


async def bring_in(facilitator: Headless, *guests: Headless) -> None:
    """Doors open, everyone through them and into the circle, each by their own yes."""
    await facilitator.come()
    await facilitator.join_media()
    await facilitator.do("open_doors")
    for guest in guests:
        await guest.come()
        await guest.answers_yes()
        await facilitator.do("admit", person=guest.person)
        await guest.sees(lambda view: view["me"]["called_until"], "the call")
        await guest.do("enter_now")
