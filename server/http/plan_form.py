"""The form in which a meeting is planned, as plain values: what was typed, what is wrong with it, what it means.

No request and no store in here.  Rows are numbered from 1 as they stand on the page; a supporter or an interpreter is
attached to a row by its number, or to the facilitator ("me"), because nobody has an id yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.http.forms import Form, Told, sentence
from server.http.words import ROLES
from server.room.state import Role
from server.store import BadText
from server.store.text import label as clean_label
from server.store.text import title as clean_title

MOST = 11
"""People beside the one who plans: twelve in all, one slot of the media plane for each of the others."""
ME = "me"
YES = "yes"
NO_RELAY = (
    "Where somebody is cannot be hidden here: this service has no relay. "
    "Please ask the person who runs it. Nothing was changed."
)
_ATTACHABLE: Mapping[Role, frozenset[Role]] = {
    Role.SUPPORTER: frozenset({Role.VICTIM, Role.OFFENDER}),
    Role.INTERPRETER: frozenset(Role) - {Role.INTERPRETER, Role.OBSERVER},
}
"""To whom a role may be attached; a role that is not here is attached to nobody."""


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    text: str


ROLE_OPTIONS = tuple(Option(role.value, text) for role, text in ROLES.items())


@dataclass(frozen=True, slots=True)
class Row:
    """One person as typed.  `attached` is a row's number, "me" or ""."""

    number: int
    label: str = ""
    role: str = Role.VICTIM.value
    attached: str = ""
    hidden: bool = False
    errors: Told = field(default_factory=Told)
    others: Sequence[Option] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One person as meant.  `attached` is an index into the people, "me" or None."""

    label: str
    role: Role
    attached: int | Literal["me"] | None
    hidden: bool
    """Their address is to be hidden (R18)."""


@dataclass(frozen=True, slots=True)
class Plan:
    title: str
    starts_at: datetime | None
    people: tuple[Wanted, ...]


def first_rows() -> tuple[Row, ...]:
    """What an empty form begins with: the two without whom there is nothing to mediate."""
    return (Row(1, role=Role.VICTIM.value), Row(2, role=Role.OFFENDER.value))


def rows_of(form: Form) -> tuple[Row, ...]:
    """The rows as they were sent, with one added or taken out if that is what the button said."""
    count = int(form["rows"]) if form["rows"].isascii() and form["rows"].isdigit() and len(form["rows"]) < 3 else 0
    rows = [
        Row(n, form[f"label-{n}"], form[f"role-{n}"], form[f"with-{n}"], form[f"hide-{n}"] == YES)
        for n in range(1, min(count, MOST) + 1)
    ]
    act, _, which = form["do"].partition("-")
    if act == "add" and len(rows) < MOST:
        rows.append(Row(len(rows) + 1, role=Role.SUPPORTER.value))
    if act == "remove" and which in (gone := [str(row.number) for row in rows]) and len(gone) > 1:
        rows = _without(rows, int(which))
    return tuple(rows) or first_rows()


def _without(rows: Sequence[Row], gone: int) -> list[Row]:
    """The rows after one was taken out: numbers close up, and whoever belonged to it belongs to nobody."""
    moved = {str(row.number): "" if row.number == gone else str(row.number - (row.number > gone)) for row in rows}
    return [
        replace(row, number=row.number - (row.number > gone), attached=moved.get(row.attached, row.attached))
        for row in rows
        if row.number != gone
    ]


def with_options(rows: Sequence[Row], me: str) -> tuple[Row, ...]:
    """The rows with the people to whom each may belong, for the page."""
    shown = []
    for row in rows:
        others = [Option("", "Nobody: they come for themselves"), Option(ME, f"{me} (you)")]
        others += [
            Option(str(other.number), f"Person {other.number}" + (f": {other.label}" if other.label else ""))
            for other in rows
            if other.number != row.number
        ]
        shown.append(replace(row, others=others))
    return tuple(shown)


def zone_of(form: Form, default: str) -> ZoneInfo:
    """The zone that the browser named, or the installation's."""
    try:
        return ZoneInfo(form["zone"]) if form["zone"] else ZoneInfo(default)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(default)


def check(
    form: Form, rows: Sequence[Row], me: str, now: datetime, zone: ZoneInfo, *, may_hide: bool
) -> tuple[Plan | None, Told, tuple[Row, ...]]:
    """The plan, or what is wrong: by field, and in the rows.  `me` is the label of the facilitator who plans.

    `may_hide`: there is a relay that hides addresses.
    """
    errors = Told()
    title = ""
    try:
        title = clean_title(form["title"])
    except BadText as bad:
        errors["title"] = sentence(bad)
    starts_at = _moment(form, errors, now, zone)
    checked = tuple(_checked(row, rows, me, may_hide=may_hide) for row in rows)
    if not any(row.role == Role.VICTIM for row in rows) and not any(row.role == Role.OFFENDER for row in rows):
        errors["people"] = "A meeting needs at least one person harmed or one person responsible."
    if errors or any(row.errors for row in checked):
        return None, errors, checked
    people = tuple(Wanted(clean_label(row.label), Role(row.role), _target(row), row.hidden) for row in rows)
    return Plan(title, starts_at, people), errors, checked


def _target(row: Row) -> int | Literal["me"] | None:
    if row.attached == ME:
        return "me"
    return int(row.attached) - 1 if row.attached else None


def _checked(row: Row, rows: Sequence[Row], me: str, *, may_hide: bool) -> Row:
    taken = {me.casefold()} | {other.label.casefold() for other in rows if other.number < row.number}
    roles = {str(other.number): other.role for other in rows if other.number != row.number}
    errors = person_errors(row.label, row.role, row.attached, roles | {ME: Role.FACILITATOR.value}, taken)
    if row.hidden and not may_hide:
        errors["hide"] = NO_RELAY
    return replace(row, errors=errors)


def person_errors(label: str, role: str, attached: str, roles: Mapping[str, str], taken: set[str]) -> Told:
    """What is wrong with one person.  `roles`: whom they could be attached to; `taken`: labels in use, casefolded."""
    errors = Told()
    try:
        if clean_label(label).casefold() in taken:
            errors["label"] = "Somebody else in this meeting is called that. Please make the two different."
    except BadText as bad:
        errors["label"] = sentence(bad)
    if role not in {option.value for option in ROLE_OPTIONS}:
        errors["role"] = "Please choose one of these."
        return errors
    wanted = _ATTACHABLE.get(Role(role))
    if wanted is None:
        if attached:
            errors["attached"] = "Only supporters and interpreters belong to somebody. Please choose nobody."
    elif attached not in roles:
        errors["attached"] = f"Please choose whose {role} this is."
    elif roles[attached] not in wanted:
        errors["attached"] = (
            "A supporter belongs to a person harmed or to a person responsible."
            if role == Role.SUPPORTER
            else "An interpreter belongs to somebody who is not an interpreter or an observer."
        )
    return errors


def _moment(form: Form, errors: Told, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The beginning, which may be left open.  A day and a time go together."""
    if not form["date"] and not form["time"]:
        return None
    day, hour = None, None
    try:
        day = date.fromisoformat(form["date"]) if form["date"] else None
    except ValueError:
        errors["date"] = "Please write the day like 2026-11-24."
    try:
        hour = time.fromisoformat(form["time"]) if form["time"] else None
    except ValueError:
        errors["time"] = "Please write the time like 14:30."
    if "date" in errors or "time" in errors:
        return None
    if day is None:
        errors["date"] = "Please say on which day, or leave the time out as well."
        return None
    if hour is None:
        errors["time"] = "Please say at what time, or leave the day out as well."
        return None
    today = now.astimezone(zone).date()
    if day < today or day > today + timedelta(days=3 * 366):
        errors["date"] = "That day is over." if day < today else "That is more than three years from now."
        return None
    return datetime.combine(day, hour.replace(tzinfo=None, second=0, microsecond=0), zone)
