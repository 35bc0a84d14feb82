"""Facts to JSON and back, exactly or not at all."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest

from server.room import codec
from server.room.codec import CodecError, Json
from server.room.commands import Seat
from server.room.events import DoorAnswered, Event, Fact, FloorGranted, MeetingPlanned, MicrophoneSet, RoundCompleted
from server.room.ids import CommandId, DeviceId, PersonId
from server.room.state import Departure, Mode, Phase, Role, Signal, Timings, Willing

AT = datetime(2026, 11, 21, 9, 30, 0, 250, UTC)
VERA = PersonId("p-vera")

_EXAMPLES: dict[str, object] = {
    "seats": (Seat(VERA, Role.VICTIM), Seat(PersonId("p-sam"), Role.SUPPORTER, VERA)),
    "timings": Timings(notice=timedelta(seconds=10, microseconds=5)),
    "seat": Seat(VERA, Role.VICTIM),
    "person": VERA,
    "device": DeviceId("a device"),
    "up": True,
    "willing": Willing.NOT_SURE,
    "departure": Departure.QUICK_EXIT,
    "order": (VERA, PersonId("p-olaf")),
    "phase": Phase.UNDER_WAY,
    "to_holding_of": VERA,
    "ready": False,
    "mode": Mode.CIRCLE,
    "come_back": True,
    "on": True,
    "signal": Signal.NOT_SAFE,
    "to": None,
}


def example(kind: type[Any]) -> Event:
    event: Event = kind(**{field.name: _EXAMPLES[field.name] for field in fields(kind)})
    return event


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_every_event_survives_the_journal(kind: type[Any]) -> None:
    for actor, command in ((None, None), (VERA, CommandId("c1"))):
        fact = Fact(example(kind), AT, actor, command)
        assert codec.decode(json.loads(json.dumps(codec.encode(fact)))) == fact


def test_a_fact_as_it_stands_in_the_journal() -> None:
    assert codec.encode(Fact(FloorGranted(VERA), AT, PersonId("p-fay"))) == {
        "v": 1,
        "type": "floor_granted",
        "at": "2026-11-21T09:30:00.000250+00:00",
        "actor": "p-fay",
        "command": None,
        "event": {"person": "p-vera"},
    }


def test_a_plan_as_it_stands_in_the_journal() -> None:
    encoded = codec.encode(Fact(MeetingPlanned((Seat(VERA, Role.VICTIM),), Timings()), AT))
    assert encoded["event"] == {
        "seats": [{"id": "p-vera", "role": "victim", "attached_to": None}],
        "timings": {"notice": 10_000_000, "turn_grace": 45_000_000, "absence": 180_000_000, "recovery": 20_000_000},
    }


def _broken(**changes: Json) -> dict[str, Json]:
    return {**codec.encode(Fact(DoorAnswered(VERA, Willing.YES), AT, VERA)), **changes}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {k: v for k, v in _broken().items() if k != "actor"},
        _broken(extra=1),
        _broken(v=2),
        _broken(v=0),
        _broken(v=True),
        _broken(v="1"),
        _broken(type="no_such_event"),
        _broken(type=["door_answered"]),
        _broken(type="floor_granted"),
        _broken(at="2026-11-21T09:30:00"),
        _broken(at="2026-11-21T09:30:00+01:00"),
        _broken(at="yesterday"),
        _broken(at=1_795_000_000),
        _broken(actor=7),
        _broken(command=False),
        _broken(event=None),
        _broken(event=[]),
        _broken(event={"person": "p-vera"}),
        _broken(event={"person": "p-vera", "willing": "yes", "more": 1}),
        _broken(event={"person": None, "willing": "yes"}),
        _broken(event={"person": "p-vera", "willing": "YES"}),
        _broken(event={"person": "p-vera", "willing": ["yes"]}),
    ],
    ids=str,
)
def test_what_is_not_exactly_a_fact_is_refused_without_repeating_it(data: dict[str, Json]) -> None:
    with pytest.raises(CodecError) as caught:
        codec.decode(data)
    assert "p-vera" not in str(caught.value)


@pytest.mark.parametrize("on", [1, 0, "true", None])
def test_a_flag_is_a_flag(on: Json) -> None:
    good = codec.encode(Fact(MicrophoneSet(VERA, on=True), AT))
    with pytest.raises(CodecError):
        codec.decode({**good, "event": {"person": "p-vera", "on": on}})


@pytest.mark.parametrize("notice", [1.5, "10", True, None])
def test_a_span_is_a_whole_number_of_microseconds(notice: Json) -> None:
    good = codec.encode(Fact(MeetingPlanned((), Timings()), AT))
    assert isinstance(good["event"], dict)
    timings = good["event"]["timings"]
    assert isinstance(timings, dict)
    with pytest.raises(CodecError):
        codec.decode({**good, "event": {"seats": [], "timings": {**timings, "notice": notice}}})


def test_an_older_fact_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    def from_version_0(written: dict[str, Json]) -> dict[str, Json]:
        return {**written, "v": 1, "type": "round_completed"}

    monkeypatch.setattr(codec, "UPCASTERS", {0: from_version_0})
    old = {**codec.encode(Fact(RoundCompleted(), AT)), "v": 0, "type": "circle_completed"}
    assert codec.decode(old) == Fact(RoundCompleted(), AT)


def test_another_zone_is_written_as_utc() -> None:
    there = datetime(2026, 11, 21, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    assert codec.decode(codec.encode(Fact(RoundCompleted(), there))).at == there


def test_what_has_no_json_form_is_a_fault() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        codec.plain(object())
