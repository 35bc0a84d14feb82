"""The command line: `talkingpiece run` (also without a word), `practice`, `settings`, `setup-link`, `version`.

What is meant for the person at the terminal goes to standard output and nothing else does; the log goes to standard
error.  The links that are printed here are the only place where a token leaves the program.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import socket
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from server import app, log
from server import settings as settings_
from server.http.static import NotBuilt
from server.http.words import ROLES
from server.practice import LABELS, PracticeMeeting, make_practice_meeting
from server.room.state import Role
from server.settings import Settings, SettingsRefused
from server.store import SetupRefused, StoreDown, StoreError

_REFUSED = 2
"""Exit status when the program could not do what it was asked, for a reason that it has told."""


class Told(Exception):
    """Ends the program with a sentence for the person at the terminal."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        return int(asked.act(asked) or 0)
    except Told as told:
        print(told, file=sys.stderr)
    except SettingsRefused as refused:
        print(
            f"The program did not start, because of its settings:\n{textwrap.indent(str(refused), '  ')}",
            file=sys.stderr,
        )
    except StoreDown as down:
        print(f"The database does not answer ({down.reason}). Nothing was changed.", file=sys.stderr)
    except StoreError as error:
        print(f"The database cannot be used: {error}.", file=sys.stderr)
    return _REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="talkingpiece", description="Virtual mediation for restorative justice.")
    parser.set_defaults(act=_run)
    acts = parser.add_subparsers(title="what to do")
    acts.add_parser("run", help="start the program (the default)").set_defaults(act=_run)
    practice = acts.add_parser("practice", help="make a practice meeting and print a link for each role")
    practice.add_argument("--json", action="store_true", help="print JSON and nothing else")
    practice.set_defaults(act=_practice)
    acts.add_parser("settings", help="list every setting").set_defaults(act=_settings)
    acts.add_parser("setup-link", help="print a new link for making the first account").set_defaults(act=_setup_link)
    acts.add_parser("version", help="print the version").set_defaults(act=_version)
    return parser


# ---- run ------------------------------------------------------------------------------------------------------------


def _run(_asked: argparse.Namespace) -> None:
    settings = settings_.load()
    log.configure(settings.log_level, settings.log_format)
    try:
        settings, listening = app.listen(settings)
    except OSError as error:
        raise Told(
            f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}). "
            "Perhaps the program runs already; PORT=8081 chooses another port."
        ) from None
    with listening:
        try:
            asyncio.run(_serve(settings, listening))
        except NotBuilt:
            raise Told("The browser's part of the program is not built yet: `make run` builds it.") from None


async def _serve(settings: Settings, listening: socket.socket) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    fresh = not settings.data_dir.exists() or not any(settings.data_dir.iterdir())
    async with app.opened(settings) as store, app.serving(settings, listening, store):
        log.logger().info("started", version=version("talkingpiece"), port=settings.port)
        print(await _greeting(settings, store, fresh=fresh), flush=True)
        await stop.wait()
        log.logger().info("stopping")
    log.logger().info("stopped")


async def _greeting(settings: Settings, store: app.Store, *, fresh: bool) -> str:
    """What the person at the terminal reads: where to open it, and on the first start everything that they need."""
    now = datetime.now(UTC)
    parts = [f"\nTalking Piece is open at  {settings.origin}\n"]
    first = await store.accounts.needs_setup()
    if first:
        link = f"{settings.origin}/setup#{await store.accounts.issue_setup(now=now)}"
        parts.append(f"Make the first facilitator's account. This link works once, for a day:\n\n  {link}\n")
    if settings.practice and fresh and first:
        made = await make_practice_meeting(store.meetings, store.links, origin=settings.origin, now=now)
        parts.append(f"A practice meeting. Open each link in a window of its own:\n\n{_links(made)}\n")
    elif settings.practice:
        parts.append("For a practice meeting, type  talkingpiece practice\n")
    if not settings.secure and not settings.local:
        parts.append("Browsers give no camera and no microphone to this address, because it is not https.\n")
    return "\n".join([*parts, "Ctrl-C stops it."])


def _links(made: PracticeMeeting) -> str:
    lines = [(LABELS[role], ROLES[role].lower(), link) for role, link in made.links.items()]
    return "\n".join(f"  {label:<6} {role:<19} {link}" for label, role, link in lines)


# ---- the others -----------------------------------------------------------------------------------------------------


def _practice(asked: argparse.Namespace) -> None:
    settings = _beside_the_server()
    if not settings.practice:
        raise Told("Practice meetings are switched off here (TALKINGPIECE_PRACTICE).")

    async def make() -> PracticeMeeting:
        async with app.opened(settings) as store:
            now = datetime.now(UTC)
            return await make_practice_meeting(store.meetings, store.links, origin=app.address(settings), now=now)

    made = asyncio.run(make())
    if asked.json:
        links = {
            role.value: made.links[role] for role in (Role.FACILITATOR, Role.VICTIM, Role.OFFENDER, Role.SUPPORTER)
        }
        print(json.dumps({"meeting": made.meeting, "links": links}))
    else:
        print(f"A practice meeting. Open each link in a window of its own:\n\n{_links(made)}")


def _setup_link(_asked: argparse.Namespace) -> None:
    settings = _beside_the_server()

    async def issue() -> str:
        async with app.opened(settings) as store:
            return await store.accounts.issue_setup(now=datetime.now(UTC))

    try:
        print(f"{app.address(settings)}/setup#{asyncio.run(issue())}")
    except SetupRefused:
        raise Told("There is an account already: sign in with it on the first page.") from None


def _beside_the_server() -> Settings:
    """The settings for a command that works in the data directory of a program that may be running."""
    settings = settings_.load()
    log.configure("warning", settings.log_format)
    return settings


def _settings(_asked: argparse.Namespace) -> None:
    width = max(40, min(shutil.get_terminal_size().columns, 120) - 8)
    for row in settings_.table():
        print(row.name + (f"  (default: {row.default})" if row.default else ""))
        print(textwrap.indent(textwrap.fill(row.help, width), "    "))


def _version(_asked: argparse.Namespace) -> None:
    print(version("talkingpiece"))


if __name__ == "__main__":
    sys.exit(main())
