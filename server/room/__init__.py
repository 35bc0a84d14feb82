"""The live room: a value, a `step`, and what follows from them.  Pure: no clock, no chance, no I/O."""

from server.room.audience import Audience, Flow, Layer, audience
from server.room.deadlines import next_deadline
from server.room.errors import Refused
from server.room.evolve import evolve
from server.room.expression import recipients
from server.room.machine import decide, replay, step
from server.room.may import permitted
from server.room.seeing import view_for
from server.room.state import Room

__all__ = [
    "Audience",
    "Flow",
    "Layer",
    "Refused",
    "Room",
    "audience",
    "decide",
    "evolve",
    "next_deadline",
    "permitted",
    "recipients",
    "replay",
    "step",
    "view_for",
]
