"""People of the signalling benchmark: live lines that are cheap enough for three hundred of them on one core.

They speak Engine.IO and Socket.IO as text and look into a message only where they must.  Each room comes from an
address of its own (127.1.0.1 and following), because the edge counts sockets by address.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import aiohttp

from server.room.state import Role
from tests.signalling.client import Client

PATIENCE = 30.0
ROLES = (Role.FACILITATOR, Role.VICTIM, Role.OFFENDER, Role.SUPPORTER, Role.SUPPORTER, Role.SUPPORTER)
"""Of a room, in seat order; the supporters come with the victim."""
EVERY = 0.21
"""Seconds between two commands of one person: the edge lets five a second pass, for ever (`limits.COMMANDS`)."""


def name_of(room: int, seat: int) -> str:
    return f"r{room}-{seat}"


@dataclass(eq=False, slots=True)
class Person:
    """One person's live line."""

    id: str
    socket: aiohttp.ClientWebSocketResponse
    views: int = 0
    view_bytes: int = 0
    newest: str = ""
    """The newest view, as it came."""
    took: list[float] = field(default_factory=list)
    """Seconds to each answer, since somebody emptied it."""
    _number: int = 0
    _asked: dict[int, asyncio.Future[str]] = field(default_factory=dict)
    _media: dict[str, Any] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Until the line ends."""
        async for message in self.socket:
            text: str = message.data
            if text.startswith('42["view"'):
                self.views += 1
                self.view_bytes += len(text)
                self.newest = text
            elif text.startswith("43"):
                body = text.index("[")
                self._asked.pop(int(text[2:body])).set_result(text[body:])
            elif text == "2":
                await self.socket.send_str("3")
            elif text.startswith('42["media"'):
                told = json.loads(text[2:])[1]
                self._media[told["kind"]] = told
                self._news.set()

    async def ask(self, event: str, body: str) -> str:
        """The answer, as it came."""
        self._number += 1
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = answer
        began = perf_counter()
        await self.socket.send_str(f'42{self._number}["{event}",{body}]')
        async with asyncio.timeout(PATIENCE):
            told = await answer
        self.took.append(perf_counter() - began)
        return told

    async def give(self, type_: str, fields: str = "") -> None:
        """A command, `fields` as JSON, which has to be carried out."""
        told = await self.ask("command", f'{{"id":"{uuid.uuid4()}","type":"{type_}"{fields}}}')
        assert told.startswith('[{"ok":true'), told

    async def until_told(self, kind: str) -> Any:
        """A `media` message."""
        async with asyncio.timeout(PATIENCE):
            while kind not in self._media:
                self._news.clear()
                await self._news.wait()
        return self._media[kind]

    async def join_media(self) -> Client:
        """With media a facilitator guards the circle."""
        await self.ask("media", '{"kind":"join"}')
        offer = await self.until_told("offer")
        client = Client(voice=False, picture=False)
        answer = {"kind": "answer", "generation": offer["generation"], "sdp": await client.answer(offer["sdp"])}
        await self.ask("media", json.dumps(answer))
        await client.connect()
        await self.until_told("send")  # the room has heard of it before
        return client


class Room:
    """The people of one room, on sockets of one address."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.people: list[Person] = []
        local = (f"127.1.{number // 250}.{number % 250 + 1}", 0)
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=local, limit=0))
        self._reading: list[asyncio.Task[None]] = []
        self._media: Client | None = None

    @property
    def facilitator(self) -> Person:
        return self.people[0]

    async def connect(self, port: int, tokens: Sequence[str]) -> None:
        """Everyone, with the cookie of their session."""
        for seat, token in enumerate(tokens):
            person = name_of(self.number, seat)
            socket = await self._http.ws_connect(
                f"http://127.0.0.1:{port}/live/?EIO=4&transport=websocket",
                headers={"Origin": f"http://localhost:{port}", "Cookie": f"tp_{person}={token}"},
                max_msg_size=0,
            )
            assert (await socket.receive_str()).startswith("0")
            await socket.send_str("40" + json.dumps({"person": person}))
            while not (told := await socket.receive_str()).startswith("40"):
                assert told == "2", told
                await socket.send_str("3")
            self.people.append(Person(person, socket))
            self._reading.append(asyncio.create_task(self.people[-1].read()))

    async def begin(self) -> None:
        """From six people at the door to a meeting under way with all of them in the circle."""
        facilitator, *others = self.people
        self._media = await facilitator.join_media()
        await facilitator.give("set_arrival_order", f',"order":{json.dumps([person.id for person in others])}')
        await facilitator.give("open_doors")
        for person in others:
            await person.give("answer_door", ',"willing":"yes"')
            await facilitator.give("admit", f',"person":"{person.id}"')
            await person.give("enter_now")
        await facilitator.give("begin")
        await facilitator.give("set_mode", ',"mode":"chaired"')

    async def close(self) -> None:
        for person in self.people:
            await person.socket.close()
        await asyncio.gather(*self._reading)
        if self._media is not None:
            await self._media.close()
        await self._http.close()
