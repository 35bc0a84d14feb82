"""What roles and moments are called on the pages.  In code the roles keep their own names (`Role`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from markupsafe import Markup

from server.room.state import Role

ROLES: Mapping[Role, str] = MappingProxyType(
    {
        Role.VICTIM: "Person harmed",
        Role.OFFENDER: "Person responsible",
        Role.SUPPORTER: "Supporter",
        Role.INTERPRETER: "Interpreter",
        Role.OBSERVER: "Observer",
        Role.FACILITATOR: "Facilitator",
    }
)


def plainly(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as one would say it: "Tuesday 24 November 2026, 14:00 (GMT)"."""
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B %Y, %H:%M} ({local.tzname()})"


def moment_element(moment: datetime | None, zone: ZoneInfo) -> Markup:
    """The same as an element, which the page's script puts into the reader's own time zone."""
    if moment is None:
        return Markup("No time set")
    return Markup('<time datetime="{}" data-moment>{}</time>').format(
        moment.isoformat(timespec="minutes"), plainly(moment, zone)
    )
