"""A practice meeting: four invented people, a link for each, and nobody's data in it.

A newcomer opens the four links in four windows and tries everything; the doors are shut at first, because opening them
is the facilitator's first step, and the tour shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.http.words import ROLES
from server.room.ids import MeetingId, PersonId
from server.room.state import Role
from server.store import AccountId, Invitee, Links, Meetings, new_id

TITLE = "A practice conversation"
LABELS: Mapping[Role, str] = {
    Role.FACILITATOR: "Ruth",
    Role.VICTIM: "June",
    Role.SUPPORTER: "Amira",
    Role.OFFENDER: "Dan",
}
"""In seat order.  Amira comes with June."""


@dataclass(frozen=True, slots=True)
class PracticeMeeting:
    meeting: MeetingId
    links: Mapping[Role, str]
    """A whole address for each role."""


def as_lines(made: PracticeMeeting) -> str:
    """A line for each person, for a terminal."""
    people = [(LABELS[role], ROLES[role].lower(), link) for role, link in made.links.items()]
    return "\n".join(f"  {label:<6} {role:<19} {link}" for label, role, link in people)


async def make_practice_meeting(
    meetings: Meetings, links: Links, *, origin: str, now: datetime, account: AccountId | None = None
) -> PracticeMeeting:
    """Plan one and issue its links, which nobody can read again afterwards.  `account`: on whose list it stands."""
    ids = {role: PersonId(new_id()) for role in LABELS}
    people = [
        Invitee(ids[role], role, label, ids[Role.VICTIM] if role is Role.SUPPORTER else None)
        for role, label in LABELS.items()
    ]
    meeting = await meetings.create(TITLE, people, now=now, created_by=account, practice=True)
    issued = {role: f"{origin}/join#{await links.issue(id_, now=now)}" for role, id_ in ids.items()}
    return PracticeMeeting(meeting.id, issued)
