"""The port, taken before the rest of the program is loaded, which takes most of a second.

Browsers that come back after a restart then wait in the kernel's queue until somebody answers.  Refused, each would
come again half a second later.
"""

from __future__ import annotations

import socket

from server.settings import Settings


class PortTaken(Exception):
    """The message says what to do."""


def listen(settings: Settings) -> tuple[Settings, socket.socket]:
    """With PORT=0 a free port, which the settings that come back name.  Raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=1024)
    except OSError as error:
        raise PortTaken(
            f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}). "
            "Perhaps the program runs already; PORT=8081 chooses another port."
        ) from None
    return settings.model_copy(update={"port": listening.getsockname()[1]}), listening
