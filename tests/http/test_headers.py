"""The exact headers, on every route that there is, on what is no route, and on what is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from aiohttp import WSServerHandshakeError, web

from server.http.routes import ROUTES
from tests.http.site import EMAIL, PASSWORD, Page, Site, csrf, filled, link_for, plan, running

CAMERA = (
    "autoplay=(self), camera=(self), clipboard-write=(self), fullscreen=(self), microphone=(self), "
    "screen-wake-lock=(self), speaker-selection=(self), accelerometer=(), browsing-topics=(), "
    "display-capture=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), "
    "midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), serial=(), usb=(), "
    "xr-spatial-tracking=()"
)
ON_THE_WIRE = {"Content-Type", "Content-Length", "Content-Encoding", "Date", "Connection", "Location", "Allow", "Vary"}
ON_THE_WIRE |= {"Set-Cookie", "Retry-After"}


def expected(origin: str, *, secure: bool = False) -> dict[str, str]:
    port = origin.rpartition(":")[2]
    scheme = "wss" if secure else "ws"
    headers = {
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"media-src 'self' blob:; connect-src 'self' {scheme}://127.0.0.1:{port} {scheme}://localhost:{port}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": CAMERA,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
    }
    return headers | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})


def ours(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ON_THE_WIRE}


async def every_answer(site: Site) -> dict[str, Page]:
    """An answer of each kind for each route: as nobody, as the facilitator, in the wrong way, and beyond all routes."""
    nobody, facilitator = await site.visitor(), await site.facilitator()
    how = {"Sec-Fetch-Site": "same-origin"}
    answers: dict[str, Page] = {}
    for route in ROUTES:
        path = filled(route.path)
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            for name, visitor in (("nobody", nobody), ("facilitator", facilitator)):
                headers = how if method != "GET" else {}
                answers[f"{method} {path} {name}"] = await visitor.ask(method, path, headers=headers)
        answers[f"foreign {route.path}"] = await nobody.ask("POST", path, headers={"Origin": "https://evil.example"})
        answers[f"host {route.path}"] = await nobody.ask("GET", path, headers={"Host": "evil.example"})
    for path in (
        "/nothing",
        "/live/",
        "/live/?EIO=4&transport=polling",
        "/..%2f..%2fetc/passwd",
        "/static/../x",
        "/%00",
    ):
        answers[f"GET {path}"] = await nobody.get(path)
    answers["too large"] = await nobody.ask("POST", "/sign-in", headers=how, data={"email": "x" * 20_000})
    answers["not a form"] = await nobody.ask("POST", "/sign-in", headers=how, json={})
    wrong = [await nobody.post("/sign-in", email="x@example.org", password="wrong", next="/") for _ in range(11)]
    answers["not this account"], answers["too many"] = wrong[0], wrong[-1]
    answers["signed in"] = await nobody.post("/sign-in", email=EMAIL, password=PASSWORD, next="/")
    return answers


@pytest.mark.parametrize("secure", [False, True])
async def test_every_answer_carries_the_exact_headers(tmp_path: Path, secure: bool) -> None:
    async with running(tmp_path, secure=secure) as site:
        answers = await every_answer(site)
    assert len(answers) > 240
    wanted = expected(site.origin, secure=secure)
    wrong = {name: ours(page.headers) for name, page in answers.items() if ours(page.headers) != wanted}
    assert wrong == {}
    statuses = {page.status for page in answers.values()}
    assert {200, 303, 403, 404, 405, 413, 415, 421, 422, 429} <= statuses
    assert 500 not in statuses


async def test_only_hashed_files_may_be_kept_by_a_cache(site: Site) -> None:
    visitor = await site.visitor()
    page = await visitor.get("/join")
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert len(files) == 3
    for path in files:
        answer = await visitor.get(path)
        assert answer.status == 200
        kept = expected(site.origin) | {"Cache-Control": "public, max-age=31536000, immutable"}
        assert ours(answer.headers) == kept
        assert re.search(r"-[0-9A-Za-z]{8}\.\w+$", path)


async def test_files_are_compressed_for_those_who_can_read_it(site: Site) -> None:
    visitor = await site.visitor()
    path = site.edge.files.address("room.js")
    small = await visitor.get(path, headers={"Accept-Encoding": "gzip"})
    plain = await visitor.get(path, headers={"Accept-Encoding": "identity"})
    assert small.text == plain.text
    assert int(small.headers["Content-Length"]) < int(plain.headers["Content-Length"])
    assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


async def test_a_fault_of_ours_has_the_headers_too_and_tells_nothing(site: Site) -> None:
    visitor = await site.visitor()
    site.edge.accounts.close()  # no thread is left that could check a password
    page = await visitor.post("/sign-in", email="june@example.org", password="secret words", next="/")
    assert page.status == 500
    assert ours(page.headers) == expected(site.origin)
    assert "june" not in page.text
    assert "Traceback" not in page.text


async def test_no_page_names_another_host_or_holds_anything_inline(site: Site) -> None:
    facilitator = await site.facilitator()
    meeting = await plan(facilitator)
    await link_for(site, facilitator, meeting, "June")
    room = (await facilitator.post(f"{meeting}/enter", csrf=await csrf(facilitator))).path
    for path in ("/", "/meetings/new", meeting, "/join", room, "/nothing"):
        page = await facilitator.get(path)
        assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", page.text), path
        hosts = set(re.findall(r'(?:href|src|action)="((?:https?:)?//[^/"]*)', page.text))
        assert hosts == set(), path
        assert '<html lang="en">' in page.text
        assert 'name="viewport"' in page.text


async def test_a_websocket_is_answered_with_the_headers_as_well(site: Site) -> None:
    visitor = await site.visitor()
    with pytest.raises(WSServerHandshakeError) as refused:
        await visitor.http.ws_connect(f"{site.origin}/live/")
    assert refused.value.status == 404
    assert refused.value.headers is not None
    assert ours(dict(refused.value.headers)) == expected(site.origin)


async def test_a_connection_that_asks_for_nothing_is_closed(site: Site) -> None:
    port = int(site.origin.rpartition(":")[2])
    for beginning in (b"", b"GET /join HTTP/1.1\r\nHost: loc"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(beginning)
        assert await asyncio.wait_for(_until_closed(reader), 5) == b""
        writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    await asyncio.sleep(0.7)  # beyond the deadline, which is over for a connection that has asked
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert b"200 OK" in await reader.read()
    writer.close()


async def _until_closed(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def test_the_routes_are_what_the_application_has(site: Site) -> None:
    listed = {(route.method, route.resource.canonical) for route in site.app.router.routes() if route.resource}
    names = {re.sub(r":\[[^]]*\]\{[^}]*\}|:\.\+", "", route.path): route.method for route in ROUTES}
    assert {path for _, path in listed} == set(names)
    assert isinstance(site.app, web.Application)
