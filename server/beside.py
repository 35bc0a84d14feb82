"""What can be done on the command line beside the running program: both work on the same store.

The running program needs no word of it.  It looks a link up when somebody opens it, and finds the meeting then.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

from server import kept
from server.practice import PracticeMeeting, as_lines, make_practice_meeting
from server.room.state import Role
from server.settings import Settings
from server.store import SetupRefused, StoreError

_ROLES = (Role.FACILITATOR, Role.VICTIM, Role.OFFENDER, Role.SUPPORTER)
"""In the order in which programs are promised them."""


def practice(settings: Settings, *, as_json: bool) -> str | None:
    """Make a practice meeting and print its links.  Returns why not, in a sentence."""
    if not settings.practice:
        return "Practice meetings are switched off here (TALKINGPIECE_PRACTICE)."
    try:
        made = asyncio.run(_make(settings))
    except StoreError as error:
        return kept.in_words(error)
    if as_json:
        print(json.dumps({"meeting": made.meeting, "links": {role.value: made.links[role] for role in _ROLES}}))
    else:
        print(f"A practice meeting. Open each link in a window of its own:\n\n{as_lines(made)}")
    return None


async def _make(settings: Settings) -> PracticeMeeting:
    async with kept.opened(settings) as store:
        origin = kept.address(settings)
        return await make_practice_meeting(store.meetings, store.links, origin=origin, now=datetime.now(UTC))


def setup_link(settings: Settings) -> str | None:
    """Print a new set-up link, which makes the older ones useless.  Returns why not, in a sentence."""
    try:
        token = asyncio.run(_issue(settings))
    except SetupRefused:
        return "There is an account already: sign in with it on the first page."
    except StoreError as error:
        return kept.in_words(error)
    print(f"{kept.address(settings)}/setup#{token}")
    return None


async def _issue(settings: Settings) -> str:
    async with kept.opened(settings) as store:
        return await store.accounts.issue_setup(now=datetime.now(UTC))
