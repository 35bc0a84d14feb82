"""A selective forwarding unit as a library: peers, a plan, and nothing about why.  See README.md."""

from signalling.errors import (
    AlreadyAnswered,
    MalformedAnswer,
    NoAddress,
    Restarting,
    SignallingError,
    StaleGeneration,
    TooManyConnecting,
)
from signalling.listener import MediaListener
from signalling.offer import Offer
from signalling.plan import Flow, Layer, MediaPlan, PeerId, Quality, RoomId, narrowed
from signalling.plane import MediaPlane
from signalling.profile import SLOT_PAIRS

__all__ = [
    "SLOT_PAIRS",
    "AlreadyAnswered",
    "Flow",
    "Layer",
    "MalformedAnswer",
    "MediaListener",
    "MediaPlan",
    "MediaPlane",
    "NoAddress",
    "Offer",
    "PeerId",
    "Quality",
    "Restarting",
    "RoomId",
    "SignallingError",
    "StaleGeneration",
    "TooManyConnecting",
    "narrowed",
]
