"""The log lets ids, codes, counts and durations pass, and nothing else, whoever logs."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from server import log

NASTY = ["June", "june@example.org ", "what she said", "v=0\r\no=- 1 1 IN IP4 203.0.113.5", "Zoë", "a" * 121, "x\n"]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    said = io.StringIO()
    log.configure("info", "json", said)
    yield said
    logging.getLogger().handlers.clear()
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_what_may_pass_passes(stream: io.StringIO) -> None:
    log.logger().info("room_opened", meeting="Ab-3_x", people=4, ms=1.5, code=None, route="/meetings/{meeting}")
    (line,) = lines(stream)
    assert line.pop("timestamp")
    assert line == {
        "event": "room_opened",
        "level": "info",
        "meeting": "Ab-3_x",
        "people": 4,
        "ms": 1.5,
        "code": None,
        "route": "/meetings/{meeting}",
    }


def test_a_key_that_is_not_allowed_is_dropped_and_named(stream: io.StringIO) -> None:
    log.logger().info("joined", label="June", person="p1", **{"a name": 1})
    (line,) = lines(stream)
    assert line["withheld"] == ["?", "label"]
    assert line["person"] == "p1"
    assert "June" not in stream.getvalue()


@pytest.mark.parametrize("value", [*NASTY[1:], ["June"], {"name": "June"}, b"June", object()])
def test_text_that_is_no_id_is_withheld_even_under_an_allowed_key(stream: io.StringIO, value: object) -> None:
    log.logger().info("joined", person=value)
    (line,) = lines(stream)
    assert line["withheld"] == ["person"]
    assert "person" not in line


@pytest.mark.parametrize("event", NASTY[1:])
def test_an_event_that_is_a_sentence_is_withheld(stream: io.StringIO, event: str) -> None:
    log.logger().info(event)
    (line,) = lines(stream)
    assert (line["event"], line["withheld"]) == ("withheld", ["event"])


def test_a_fault_is_told_by_its_classes_and_places_and_never_by_its_words(stream: io.StringIO) -> None:
    try:
        try:
            raise ValueError("June lives at 203.0.113.5")
        except ValueError as first:
            raise KeyError("june@example.org") from first
    except KeyError:
        log.logger().error("fault", fault_id="ab12", exc_info=True)
    (line,) = lines(stream)
    assert line["fault_class"] == ["builtins.KeyError", "builtins.ValueError"]
    assert str(line["where"]).startswith("['tests/test_log.py:")
    assert "june" not in stream.getvalue().lower()
    assert "203.0.113" not in stream.getvalue()


def test_a_library_is_heard_but_its_words_are_not(stream: io.StringIO) -> None:
    logging.getLogger("aioice.ice").warning("Connection(%s) check %s", "June", "203.0.113.5")
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=ValueError("June"))
    logging.getLogger("aioice.ice").info("candidate 203.0.113.5")
    logging.getLogger("aiohttp.access").warning("GET /join?token=abc")
    warnings.warn("June", stacklevel=1)
    told = lines(stream)
    assert [line["event"] for line in told] == ["library"] * 3
    assert str(told[0]["source"]).startswith("aioice.ice:test_a_library_is_heard_but_its_words_are_not:")
    assert told[1]["fault_class"] == ["builtins.ValueError"]
    assert not {"June", "203", "abc"} & set(stream.getvalue().replace(".", " ").replace('"', " ").split())


def test_the_level_is_kept(stream: io.StringIO) -> None:
    log.logger().debug("quiet")
    assert stream.getvalue() == ""


def test_a_person_at_a_terminal_reads_lines_and_not_json() -> None:
    said = io.StringIO()
    log.configure("info", "text", said)
    try:
        log.logger().info("room_opened", meeting="m1", people=4)
        try:
            raise RuntimeError("June")
        except RuntimeError:
            log.logger().error("fault", exc_info=True)
    finally:
        logging.getLogger().handlers.clear()
        logging.captureWarnings(False)
        structlog.reset_defaults()
    first, second, *places = said.getvalue().splitlines()
    assert first[8:] == " info    room opened  meeting=m1 people=4"
    assert "fault_class=['builtins.RuntimeError']" in second
    assert places
    assert "June" not in said.getvalue()
