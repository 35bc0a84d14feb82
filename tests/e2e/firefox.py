"""Debian's Firefox ESR over WebDriver BiDi, with as much of Playwright's page as the end-to-end tests ask for.

Playwright drives only a Firefox of its own build; the stock one speaks BiDi (w3.org/TR/webdriver-bidi) by itself.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp

FIREFOX = "/usr/bin/firefox-esr"
PREFERENCES: Mapping[str, bool | int | str] = {
    # no question about camera, microphone and sound; without the permissions it does not gather 127.0.0.1 either
    "media.navigator.permission.disabled": True,
    "permissions.default.camera": 1,
    "permissions.default.microphone": 1,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    # ICE over loopback
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.peerconnection.ice.default_address_only": False,
    # without a sound card an AudioContext would never run
    "media.cubeb.force_mock_context": True,
    # nothing is fetched from anywhere, nothing runs slower in a window that nobody sees
    "network.proxy.type": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-provider.enabled": False,
    "app.update.disabledForTesting": True,
    "app.normandy.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.server": "",
    "services.settings.server": "data:,#nothing",
    "browser.safebrowsing.provider.mozilla.updateURL": "",
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.aboutwelcome.enabled": False,
    "dom.disable_beforeunload": True,
    "dom.min_background_timeout_value": 4,
    "dom.timeout.enable_budget_timer_throttling": False,
    "widget.windows.window_occlusion_tracking.enabled": False,
    "layout.testing.top-level-always-active": True,
    "intl.accept_languages": "en-GB",
}
STARTS_WITHIN = 60.0
PATIENCE = 10.0


class Firefox:
    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())
        self.pages: dict[str, FirefoxPage] = {}

    async def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        await self._line.send_json({"id": number, "method": method, "params": parameters})
        told = await answer
        assert told["type"] == "success", f"{method}: {told.get('error')}: {told.get('message')}"
        result: dict[str, Any] = told["result"]
        return result

    async def _read(self) -> None:
        async for message in self._line:
            told = json.loads(message.data)
            answer = self._asked.pop(told.get("id"), None)
            if answer is not None:
                answer.set_result(told)
            elif told.get("method") == "log.entryAdded":
                entry = told["params"]
                page = self.pages.get(entry["source"].get("context"))
                if page is not None and entry["level"] == "error":
                    page.tell(entry["text"] or "")
        for answer in self._asked.values():
            answer.set_exception(ConnectionError("Firefox went away"))

    async def new_page(self, script: str) -> FirefoxPage:
        """A page with cookies of its own, in which `script` runs before any of the page's."""
        user = (await self.ask("browser.createUserContext"))["userContext"]
        await self.ask("script.addPreloadScript", functionDeclaration=f"() => {{{script}\n}}", userContexts=[user])
        made = await self.ask("browsingContext.create", type="tab", userContext=user)
        page = self.pages[made["context"]] = FirefoxPage(self, made["context"])
        return page

    async def close(self) -> None:
        with suppress(AssertionError, ConnectionError):
            await asyncio.wait_for(self.ask("browser.close"), 10)
        self._reading.cancel()
        await self._line.close()


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    type: str = "error"


class FirefoxPage:
    """What `Witness` and `Person` ask of Playwright's `Page`."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox = firefox
        self._context = context
        self._hear: Callable[[Said], object] = id

    def on(self, event: str, hear: Callable[[Said], object]) -> None:
        """Errors of the page come as errors of its console."""
        if event == "console":
            self._hear = hear

    def tell(self, error: str) -> None:
        self._hear(Said(error))

    async def goto(self, url: str) -> None:
        await self._firefox.ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def evaluate(self, expression: str, argument: object = None) -> Any:
        """As Playwright does it: an expression, or a function that is called with the argument."""
        call = f"""async (given) => {{
            const found = ({expression});
            const told = await (typeof found === "function" ? found(JSON.parse(given)) : found);
            return JSON.stringify(told === undefined ? null : told);
        }}"""
        told = await self._firefox.ask(
            "script.callFunction",
            functionDeclaration=call,
            awaitPromise=True,
            userActivation=True,
            target={"context": self._context},
            arguments=[{"type": "string", "value": json.dumps(argument)}],
        )
        assert told["type"] == "success", f"{told['exceptionDetails']['text']} in {expression[:80]}"
        return json.loads(told["result"]["value"])

    async def wait_for_url(self, pattern: re.Pattern[str]) -> None:
        await self._until("location.href", lambda url: pattern.search(str(url)) is not None, str(pattern))
        await self._until("document.readyState", lambda state: state == "complete", "the page")

    async def _until(self, expression: str, wanted: Callable[[object], bool], what: str) -> None:
        until = monotonic() + PATIENCE
        while True:
            with suppress(AssertionError):  # between two documents there is nothing to ask
                if wanted(await self.evaluate(expression)):
                    return
            assert monotonic() < until, f"{what} did not come"
            await asyncio.sleep(0.05)

    def get_by_role(self, role: str, *, name: str | re.Pattern[str], exact: bool = False) -> Found:
        return Found(self, role, name, exact)

    async def find(self, found: Found, *, click: bool) -> None:
        """Waits until there is one that can be seen, and presses it."""
        look = f"({_FIND})({json.dumps(found.selector)}, {json.dumps(found.pattern)}, {json.dumps(click)})"
        await self._until(look, bool, f"{found.role} {found.name!r}")

    @property
    def url(self) -> str:
        return "in Firefox"

    async def screenshot(self, *, path: Path) -> None:
        shot = await self._firefox.ask("browsingContext.captureScreenshot", context=self._context)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))


_FIND = """(selector, pattern, click) => {
  const name = (element) => {
    const labelled = element.getAttribute("aria-labelledby");
    const by = labelled ? labelled.split(" ").map((id) => document.getElementById(id)?.innerText ?? "").join(" ") : "";
    return (element.getAttribute("aria-label") || by || element.innerText).replace(/\\s+/g, " ").trim();
  };
  const seen = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("[inert]");
  const found = [...document.querySelectorAll(selector)].find(
    (element) => seen(element) && new RegExp(pattern, "i").test(name(element)),
  );
  if (found === undefined) return false;
  if (click && (found.disabled || found.getAttribute("aria-disabled") === "true")) return false;
  if (click) found.click();
  return true;
}"""
_SELECTORS = {
    "button": "button, [role=button]",
    "heading": "h1, h2, h3, [role=heading]",
    "region": "section, main, [role=region]",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What `Person` asks of Playwright's `Locator`."""

    page: FirefoxPage
    role: str
    name: str | re.Pattern[str]
    exact: bool

    @property
    def selector(self) -> str:
        return _SELECTORS[self.role]

    @property
    def pattern(self) -> str:
        if isinstance(self.name, re.Pattern):
            return self.name.pattern
        return f"^{re.escape(self.name)}$" if self.exact else re.escape(self.name)

    @property
    def first(self) -> Found:
        return self

    async def click(self, **_: object) -> None:
        await self.page.find(self, click=True)


@asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[Firefox]:
    """A Firefox with a profile of its own in this folder."""
    profile = folder / "firefox"
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
    await asyncio.to_thread(_make, profile, "".join(lines))
    child = await asyncio.create_subprocess_exec(
        *(FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"),
        env={**os.environ, "HOME": str(profile), "MOZ_HEADLESS_WIDTH": "1280", "MOZ_HEADLESS_HEIGHT": "800"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    draining: asyncio.Task[None] | None = None
    try:
        address = await asyncio.wait_for(_where(child), STARTS_WITHIN)
        draining = asyncio.create_task(_drain(child))
        async with aiohttp.ClientSession() as http, http.ws_connect(f"{address}/session", max_msg_size=0) as line:
            browser = Firefox(line)
            await browser.ask("session.new", capabilities={})
            await browser.ask("session.subscribe", events=["log.entryAdded"])
            yield browser
            await browser.close()
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), 5)
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # the group is its own: this Firefox and its children
        await child.wait()
        if draining is not None:
            await draining


def _make(profile: Path, preferences: str) -> None:
    profile.mkdir()
    (profile / "user.js").write_text(preferences)


async def _where(child: asyncio.subprocess.Process) -> str:
    assert child.stderr is not None
    said: Sequence[str] = ()
    async for printed in child.stderr:
        said = [*said, printed.decode(errors="replace")]
        found = re.search(r"WebDriver BiDi listening on (ws://\S+)", said[-1])
        if found is not None:
            return found[1]
    raise AssertionError(f"Firefox did not start: {''.join(said[-10:])}")


async def _drain(child: asyncio.subprocess.Process) -> None:
    assert child.stderr is not None
    async for _ in child.stderr:
        pass
