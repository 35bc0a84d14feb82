"""A meeting of two in the running program, who hear each other, and somebody who tries what nobody should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.app import RunningApp
from tests.http.site import Visitor
from tests.live import Connection, Place, live, walk_in
from tests.signalling.client import Client
from tests.signalling.packets import Source


@dataclass(frozen=True)
class Pair:
    """The facilitator and the person harmed, the circle open and under way, and she speaks."""

    ruth: Connection
    june: Connection
    media: tuple[Client, Client]
    places: tuple[Place, Place]
    secrets: frozenset[str]
    """Names, ids and tokens of this meeting."""


@asynccontextmanager
async def meeting(app: RunningApp) -> AsyncIterator[Pair]:
    made = app.practice()
    links = [made["links"][role] for role in ("facilitator", "victim")]
    places = [await walk_in(app, link) for link in links]
    async with AsyncExitStack() as stack:
        ruth, june = [await stack.enter_async_context(live(app, place)) for place in places]
        assert (await ruth.give("open_doors"))["ok"]
        assert (await june.give("answer_door", willing="yes"))["ok"]
        media = [await connected(person) for person in (ruth, june)]
        for client in media:
            stack.push_async_callback(client.close)
        assert (await ruth.give("admit", person=places[1].person))["ok"]
        assert (await june.give("enter_now"))["ok"]
        assert (await ruth.give("begin"))["ok"]
        assert (await ruth.give("set_mode", mode="open"))["ok"]
        assert (await june.give("set_microphone", on=True))["ok"]
        media[1].speak()
        async with asyncio.timeout(10):
            while len(media[0].rtp) < 10:  # noqa: ASYNC110  # packets come by themselves
                await asyncio.sleep(0.02)
        secrets = {"Ruth", "June", "Amira", "Dan", made["meeting"], *(place.person for place in places)}
        secrets |= {link.partition("#")[2] for link in made["links"].values()} | {place.token for place in places}
        yield Pair(ruth, june, (media[0], media[1]), (places[0], places[1]), frozenset(secrets))


async def connected(person: Connection) -> Client:
    """Their sound and pictures, by real ICE, DTLS and SRTP."""
    client = Client()
    assert (await person.ask("media", {"kind": "join"}))["ok"]
    await person.until(lambda told: any(said["kind"] == "offer" for said in told.of("media")))
    offer = next(said for said in person.of("media") if said["kind"] == "offer")
    answer = {"kind": "answer", "generation": offer["generation"], "sdp": await client.answer(offer["sdp"])}
    assert (await person.ask("media", answer))["ok"]
    await client.connect()
    await person.until(lambda told: any(said["kind"] == "send" for said in told.of("media")))
    return client


async def misbehave(app: RunningApp, pair: Pair) -> None:
    """Commands of every bad kind, packets that were never declared, and wrong addresses with secrets in them."""
    assert not (await pair.june.give("admit", person=pair.places[0].person))["ok"]
    assert not (await pair.june.give("no_such_command", name="Philippa"))["ok"]
    stranger = Source(111)
    for _ in range(7):
        await pair.media[1].send(stranger.packet(b"undeclared" + bytes(40)))
    visitor = Visitor(app.url, app.url)
    async with visitor.http:
        for secret in pair.secrets:
            assert (await visitor.get(f"/{secret}")).status == 404
            await visitor.get(f"/join?token={secret}")
            await visitor.get(f"/room/{secret}")
            await visitor.get(f"/static/{secret}.js")
        await visitor.ask("PROPFIND", "/join", headers={"Origin": app.url, "Sec-Fetch-Site": "same-origin"})
