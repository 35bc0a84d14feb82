"""Python's collector of cycles, made so that it does not stop sound and pictures."""

from __future__ import annotations

import gc


def calm_the_collector() -> None:
    """To be called when everything has been imported and made.

    A full collection of everything that was imported stops sound and pictures for tens of milliseconds: never look
    at it again, and look at the rest seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
