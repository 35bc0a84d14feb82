"""Wire names: derived from the class, never listed, so that no second list can go stale."""

from __future__ import annotations

import re

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def wire_name(of: type[object]) -> str:
    """`RequestFloor` is `request_floor` wherever it leaves the program."""
    return _HUMP.sub("_", of.__name__).lower()
