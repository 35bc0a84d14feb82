"""Names for the identifiers that cross the room: opaque, unguessable text made outside, never a person's data."""

from typing import NewType

MeetingId = NewType("MeetingId", str)
PersonId = NewType("PersonId", str)
DeviceId = NewType("DeviceId", str)
"""One browser session.  A second device of the same person has another one (R14)."""
CommandId = NewType("CommandId", str)
PlaceId = NewType("PlaceId", str)

CIRCLE = PlaceId("circle")


def holding_of(person: PersonId) -> PlaceId:
    """The place in which this person waits alone (R8)."""
    return PlaceId(f"holding:{person}")
