"""What all that is looked at stands on: the settings, and whether the program runs with them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from server.doctor.side_door import Door
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Case:
    settings: Settings
    """PORT as the running program has it, where the settings leave it open."""
    door: Door | None
    """Into the running program; None where none runs on this data directory."""

    @property
    def runs(self) -> bool:
        return self.door is not None


async def case_of(settings: Settings) -> Case:
    """Knock at the program that uses this data directory."""
    door = Door(settings.data_dir)
    port = await door.knock()
    if port is None:
        return Case(settings, None)
    return Case(settings.model_copy(update={"port": port}), door)


def reachable(host: str) -> str:
    """Where a listener on `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104  # nothing is bound


def unchecked() -> ssl.SSLContext:
    """For knocking at our own port, whose certificate is looked at elsewhere."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
