"""PROTOCOL.md says what the code does: its tables are the code's, and what stands between them is checked by name."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta
from typing import Any, get_args

from server.host import media_link
from server.host.ports import Bye, Told
from server.host.turn import VALID_FOR
from server.realtime import connection, guards, protocol, wire
from server.realtime.limits import FRAMES
from server.realtime.packets import EVENTS
from server.realtime.sentences import SENTENCES, say
from server.room import Refused
from server.room.commands import Command
from server.room.names import wire_name
from server.room.rules import as_markdown
from signalling.errors import SignallingError

TEXT = protocol.DOCUMENT.read_text("utf-8")
EVERY_REFUSAL = {**protocol.codes_of(Refused), **protocol.codes_of(SignallingError)}
"""code -> class."""


def subclasses(base: type[Any]) -> list[type[Any]]:
    return [found for kind in base.__subclasses__() for found in (kind, *subclasses(kind))]


def test_the_tables_are_what_the_code_says() -> None:
    assert protocol.written(TEXT) == TEXT, "run `python -m server.realtime.protocol`"
    assert as_markdown().strip() in TEXT


def test_every_command_has_a_row_and_a_form() -> None:
    names = {wire_name(command) for command in get_args(Command)}
    assert set(wire.FORMS) == names
    rows = re.findall(r"^\| `([a-z_]+)` \| .*fields|^\| `([a-z_]+)` \|", TEXT, re.MULTILINE)
    assert names <= {name for row in rows for name in row}


def test_every_refusal_has_its_own_code() -> None:
    classes = subclasses(Refused) + subclasses(SignallingError)
    assert len({kind.code for kind in classes}) == len(classes) == len(EVERY_REFUSAL)


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    codes = {*EVERY_REFUSAL, *wire.CODES, "session_ended", "slow_down", "fault", SignallingError.code}
    assert codes == set(SENTENCES)
    assert len(set(SENTENCES.values())) == len(SENTENCES)


def test_every_code_stands_in_the_document() -> None:
    assert [code for code in SENTENCES if f"`{code}`" not in TEXT and code != SignallingError.code] == []


def test_sentences_are_in_the_products_voice() -> None:
    unwanted = r"error|invalid|failed|illegal|denied|sorry|oops|!|kick|mute|lobby|host\b|offender|victim|user\b|server"
    for code, sentence in SENTENCES.items():
        assert sentence[0].isupper(), code
        assert sentence.endswith("."), code
        assert len(sentence) <= 120, code
        assert not re.search(unwanted, sentence, re.IGNORECASE), code
    assert say("a code that is not there") == SENTENCES["fault"]


def test_every_event_has_a_heading() -> None:
    headings = set(re.findall(r"^### `([a-z]+)`$", TEXT, re.MULTILINE))
    assert headings == EVENTS | set(Told)


def test_every_goodbye_has_a_row() -> None:
    assert [reason for reason in Bye if f"| `{reason}` |" not in TEXT] == []


def test_every_media_word_is_told() -> None:
    told = set(re.findall(r'"kind": "([a-z]+)"', inspect.getsource(media_link)))
    assert set(re.findall(r'"kind": "([a-z]+)"', TEXT)) == told | {"join", "answer"}


def test_the_ways_of_an_offer_are_told() -> None:
    (row,) = re.findall(r"^\| .*\"kind\": \"offer\".*$", TEXT, re.MULTILINE)
    told = set(re.findall(r'"(\w+)":', inspect.getsource(media_link.RoomMedia.join)))
    assert (
        set(re.findall(r'"(\w+)":', row))
        == told
        == {"kind", "generation", "sdp", "ice", "iceServers", "iceTransportPolicy"}
    )
    assert "ten minutes" in row
    assert timedelta(minutes=10) == VALID_FOR


def test_the_numbers_are_the_codes() -> None:
    assert guards.PATH == "live"
    assert "path\n`/live`" in TEXT
    assert timedelta(seconds=5) == guards.CONNECT_WITHIN
    assert "5 seconds after it was opened" in TEXT
    assert f"pings every {guards.PING_EVERY} seconds and waits {guards.PONG_WITHIN} seconds" in TEXT
    assert guards.LARGEST_PACKET == 64 * 1024
    assert "above 64 kB" in TEXT
    assert guards.MALFORMED_AT_MOST == 2
    assert "The third one closes" in TEXT
    assert wire.LONGEST_TEXT == 2000
    assert "1 to 2000 characters" in TEXT
    assert f"| packets of any kind | {FRAMES.burst} | {FRAMES.per_second:g} |" in TEXT
    assert connection.OUTBOX >= 64
