"""Whom each slot pair of one viewer is kept for.  Pure.

A sound or a picture must never appear under another person's name.  The name travels by another road than the media
(the signalling), so a slot that changes hands is the one moment in which they could disagree.  Therefore a publisher
keeps their slot with a viewer also while nothing flows; a new publisher takes a slot that nobody ever had, and only
when all of them are taken the one that has stood unused the longest, whose name the viewer has long since taken down.
What is shown now is never pushed out: if more people are to be shown than there are slots, the last ones are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from signalling.plan import PeerId
from signalling.profile import SLOT_PAIRS


@dataclass(frozen=True, slots=True)
class Slots:
    """Who has which slot pair with one viewer."""

    owners: tuple[PeerId | None, ...] = (None,) * SLOT_PAIRS
    """By slot pair: the publisher it is kept for."""
    shown: frozenset[int] = frozenset()
    """The slot pairs through which something may flow now."""
    by_use: tuple[int, ...] = tuple(range(SLOT_PAIRS))
    """Every slot pair, longest unused first."""

    def showing(self) -> Mapping[int, PeerId]:
        """Slot pair -> the publisher whose sound or picture may come through it now."""
        return {index: owner for index, owner in enumerate(self.owners) if owner is not None and index in self.shown}


def assign(slots: Slots, publishers: Iterable[PeerId]) -> Slots:
    """The slots once exactly `publishers` are shown; in their order, as far as there is room."""
    wanted = list(dict.fromkeys(publishers))
    owners = list(slots.owners)
    held = {owner: index for index, owner in enumerate(owners) if owner is not None}
    shown = {held[p] for p in wanted if p in held}
    for publisher in wanted:
        if publisher in held:
            continue
        free = [i for i, owner in enumerate(owners) if owner is None] or [i for i in slots.by_use if i not in shown]
        if not free:
            break
        owners[free[0]] = publisher
        shown.add(free[0])
    stopped = slots.shown - shown
    by_use = [i for i in slots.by_use if i not in stopped and i not in shown]
    by_use += [i for i in slots.by_use if i in stopped] + [i for i in slots.by_use if i in shown]
    return Slots(tuple(owners), frozenset(shown), tuple(by_use))
