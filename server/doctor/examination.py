"""Everything that is looked at, in order: what others stand on comes first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from server.doctor.case import Case, case_of
from server.doctor.certificate import certificate
from server.doctor.clock import clock
from server.doctor.configuration import settings
from server.doctor.database import database
from server.doctor.disk import disk
from server.doctor.findings import Finding, broken
from server.doctor.media import media
from server.doctor.origin import address
from server.doctor.ports import figures_port, media_port, pages_port
from server.doctor.relay import relay
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    look: Callable[[Case], Awaitable[list[Finding]]]


STEPS = (
    Step("the settings", settings),
    Step("the pages' port", pages_port),
    Step("the media port", media_port),
    Step("the port for figures", figures_port),
    Step("the certificate", certificate),
    Step("the address that people open", address),
    Step("the clock", clock),
    Step("the disk", disk),
    Step("the database", database),
    Step("the relay", relay),
    Step("sound through the program", media),
)


async def examine(given: Settings, begins: Callable[[str], None]) -> AsyncIterator[Finding]:
    """Each finding as soon as there is one.  `begins` is told what is looked at next."""
    case = await case_of(given)
    for step in STEPS:
        begins(step.name)
        try:
            found = await step.look(case)
        except Exception as fault:  # one look that fails must not hide what the others see
            found = [
                broken(
                    step.name,
                    f"Looking at it failed ({type(fault).__name__}); that is a mistake of mine.",
                    "Please tell the makers of the program.",
                )
            ]
        for finding in found:
            yield finding
