"""The address that people open, with proxies that do half of their work."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from aiohttp import ClientSession, web

from server.doctor.clock import clock
from server.doctor.findings import State
from server.doctor.origin import address, ask
from tests.app import RunningApp
from tests.doctor.case import broken, case, only, wants_attention
from tests.turn import free_port


@asynccontextmanager
async def answering(*routes: web.RouteDef) -> AsyncIterator[str]:
    """A server with these routes; its origin comes out."""
    app = web.Application()
    app.router.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://localhost:{runner.addresses[0][1]}"
    await runner.cleanup()


async def well(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def test_a_proxy_that_passes_pages_on_and_no_live_messages(tmp_path: Path) -> None:
    with RunningApp(tmp_path / "data") as app:

        async def half(request: web.Request) -> web.Response:
            """As many proxies do by default: the upgrade is left out."""
            kept = {name: value for name, value in request.headers.items() if name.lower() in ("host", "origin")}
            async with ClientSession() as http, http.get(f"{app.url}{request.path_qs}", headers=kept) as answer:
                return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)

        async with answering(web.get("/{path:.*}", half)) as origin:
            found = await only(address, case(tmp_path, runs=True, public_url=origin))
    assert broken(found, "turns live messages away", "Upgrade")


async def test_a_proxy_that_leads_elsewhere(tmp_path: Path) -> None:
    async def welcome(_: web.Request) -> web.Response:
        return web.Response(text="Welcome to nginx!")

    async with answering(web.get("/health", welcome)) as origin:
        found = await only(address, case(tmp_path, runs=True, public_url=origin, port=8080))
    assert broken(found, "answered by something else", "port 8080")


async def test_nobody_there(tmp_path: Path) -> None:
    origin = f"http://localhost:{free_port()}"
    assert wants_attention(
        await only(address, case(tmp_path, runs=True, public_url=origin)), "cannot be reached from this"
    )


async def test_a_name_that_is_not_known(tmp_path: Path) -> None:
    found = await only(address, case(tmp_path, runs=True, public_url="https://meet.invalid"))
    assert broken(found, "is not known to this machine", "DNS")


def certificate(folder: Path) -> dict[str, str]:
    """A pair of our own making, which no browser trusts."""
    pair = {"TLS_CERTIFICATE": str(folder / "c.pem"), "TLS_KEY": str(folder / "k.pem")}
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    files = ["-keyout", pair["TLS_KEY"], "-out", pair["TLS_CERTIFICATE"]]
    subprocess.run([*made, *files, "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    return pair


async def test_a_certificate_that_browsers_do_not_trust(tmp_path: Path) -> None:
    with RunningApp(tmp_path / "data", **certificate(tmp_path)) as app:
        found = await only(address, case(tmp_path, runs=True, public_url=f"https://localhost:{app.port}"))
    assert broken(found, "Browsers warn", "self")


async def test_before_the_start_it_says_that_it_did_not_ask(tmp_path: Path) -> None:
    assert wants_attention(await only(address, case(tmp_path)), "was not asked")


async def test_a_clock_behind_the_one_of_our_own_address(tmp_path: Path) -> None:
    async def later(_: web.Request) -> web.Response:
        date = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
        return web.json_response({"status": "ok"}, headers={"Date": date})

    async with answering(web.get("/health", later)) as origin:
        assert (await ask(origin)).ours
        found = await only(clock, case(tmp_path, runs=True, public_url=origin))
    assert broken(found, "behind the program's address by 120 min")


async def test_a_clock_that_agrees(tmp_path: Path) -> None:
    async with answering(web.get("/health", well)) as origin:
        found = await only(clock, case(tmp_path, runs=True, public_url=origin))
    assert found.state is not State.BROKEN
