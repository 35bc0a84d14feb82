"""What the program says about itself: `audience` of the room that its journal replays to, read beside it while it runs.

The journal is opened read-only in the running program's own SQLite file.  Everything is told in labels, because that is
what tones and colours are named by.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from server.room import audience, evolve
from server.room.audience import Layer
from server.room.codec import decode
from server.room.events import Fact
from server.room.ids import PersonId
from server.room.state import Room

Heard = Mapping[str, frozenset[str]]
"""listener -> whose sound flows to them"""


class Truth:
    def __init__(self, database: Path, meeting: str) -> None:
        self._database = f"file:{database}?mode=ro"
        self._meeting = meeting
        with closing(sqlite3.connect(self._database, uri=True)) as connection:
            rows = connection.execute("SELECT id, label FROM person WHERE meeting = ?", (meeting,)).fetchall()
        self.labels: dict[PersonId, str] = {PersonId(person): label for person, label in rows}
        assert len(set(self.labels.values())) == len(self.labels) > 1

    def facts(self) -> list[Fact]:
        with closing(sqlite3.connect(self._database, uri=True, timeout=5)) as connection:
            query = "SELECT body FROM journal WHERE stream = ? ORDER BY seq"
            return [decode(json.loads(body)) for (body,) in connection.execute(query, (self._meeting,))]

    def room(self) -> Room:
        room = Room()
        for fact in self.facts():
            room = evolve(room, fact)
        return room

    def heard(self) -> Heard:
        """Who is heard by whom now."""
        return self._heard(self.room())

    def seen(self) -> Mapping[str, Mapping[str, Layer]]:
        """viewer -> whose picture flows to them -> at which layer"""
        flows = audience(self.room())
        return {
            label: {self.labels[of]: flow.picture for of, flow in flows.get(person, {}).items() if flow.picture}
            for person, label in self.labels.items()
        }

    def history(self) -> list[tuple[datetime, Heard]]:
        """Who was heard by whom from when on."""
        room, told = Room(), []
        for fact in self.facts():
            room = evolve(room, fact)
            told.append((fact.at, self._heard(room)))
        return told

    def _heard(self, room: Room) -> Heard:
        flows = audience(room)
        return {
            label: frozenset(self.labels[of] for of, flow in flows.get(person, {}).items() if flow.sound)
            for person, label in self.labels.items()
        }
