"""Untrusted JSON in, a command or `Malformed` out, and never a word of what came in."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.realtime import wire
from server.realtime.packets import EVENTS, TextPacket, Unreadable
from server.realtime.wire import Malformed
from server.room import commands as c
from server.room.ids import PersonId
from server.room.names import wire_name
from server.room.state import Mode, Signal, Willing

ME = PersonId("me")
ID = str(uuid.UUID(int=7))
SECRET = "the-words-of-somebody"

VALUES: dict[object, list[Any]] = {
    PersonId: ["p1", "A_b-9"],
    PersonId | None: ["p1", None],
    tuple[PersonId, ...]: [[], ["a", "b"]],
    bool: [True, False],
    Mode: [str(mode) for mode in Mode],
    Signal: [str(signal) for signal in Signal],
    Willing: ["yes", "not_sure", "no"],
}
WRONG: list[Any] = [None, 0, 1, 1.0, "", "a b", "x\n", "ä", "\ud800", "a" * 65, [], {}, [None], ["a", 1], SECRET + " "]


def bodies(command: type[Any]) -> list[dict[str, Any]]:
    """Every value of every field, the others being the first of theirs."""
    hints = get_type_hints(command)
    names = [field.name for field in dataclasses.fields(command) if field.name != "actor"]
    plain = {"id": ID, "type": wire_name(command)} | {name: VALUES[hints[name]][0] for name in names}
    if command is c.SendMessage:
        plain["text"] = "hello"
    return [plain] + [{**plain, name: value} for name in names for value in VALUES[hints[name]]]


EVERY_BODY = [body for command in get_args(c.Command) for body in bodies(command)]


@pytest.mark.parametrize("body", EVERY_BODY, ids=lambda body: json.dumps({k: v for k, v in body.items() if k != "id"}))
def test_every_command_can_be_given_with_every_value(body: dict[str, Any]) -> None:
    given_ = wire.parse(json.loads(json.dumps(body)), ME)
    command = given_.command
    assert wire_name(type(command)) == body["type"]
    assert given_.id == ID
    assert command.actor == ME
    hints = get_type_hints(type(command))
    for field in dataclasses.fields(command):
        value = getattr(command, field.name)
        assert isinstance(
            value, tuple if field.name == "order" else hints[field.name] if field.name in ENUMS else object
        )
        if field.name != "actor":
            assert (list(value) if isinstance(value, tuple) else value) == body[field.name]


ENUMS = {"mode", "signal", "willing"}


@pytest.mark.parametrize("body", [bodies(command)[0] for command in get_args(c.Command)], ids=lambda body: body["type"])
def test_every_departure_from_the_form_is_malformed(body: dict[str, Any]) -> None:
    for field in body:
        with pytest.raises(Malformed):
            wire.parse({**body, f"{field}2": 1}, ME)
        optional = (body["type"], field) in {("leave", "quick"), ("send_message", "to")}
        if not optional:
            with pytest.raises(Malformed):
                wire.parse({name: value for name, value in body.items() if name != field}, ME)
        for value in WRONG:
            fits = (field == "to" and value is None) or (field == "order" and value == [])
            typed = field == "text" and isinstance(value, str) and value.strip("\ud800 \n")
            if not fits and not typed:
                with pytest.raises(Malformed):
                    wire.parse({**body, field: value}, ME)
    for actor in ("actor", "person_id", "as"):
        with pytest.raises(Malformed, match="unknown_field"):
            wire.parse({**body, actor: "fay"}, ME)


def test_what_is_malformed_is_not_repeated() -> None:
    for body in (
        {"id": SECRET, "type": "pause"},
        {"id": ID, "type": SECRET},
        {"id": ID, "type": "pause", SECRET: 1},
        {"id": ID, "type": "send_message", "text": [SECRET]},
        {"id": ID, "type": "send_message", "text": SECRET * 500},
        {"id": ID, "type": "set_mode", "mode": SECRET},
    ):
        with pytest.raises(Malformed) as caught:
            wire.parse(body, ME)
        assert SECRET not in repr(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        assert set(caught.value.detail) <= {"field"}
        assert caught.value.detail.get("field", "id") in {"id", "text", "mode"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=12,
)
NEAR = st.sampled_from(EVERY_BODY).flatmap(
    lambda body: st.builds(
        lambda change, drop: {name: value for name, value in {**body, **change}.items() if name not in drop},
        st.dictionaries(st.sampled_from([*body, "actor", "x"]), JSON, max_size=2),
        st.sets(st.sampled_from(sorted(body)), max_size=1),
    )
)


def attempt(read: Callable[..., Any], *arguments: object) -> Any:
    """What is read, or the code of what is wrong with it."""
    try:
        return read(*arguments)
    except Malformed as wrong:
        if wrong.code not in wire.CODES:
            raise
        return wrong.code


@settings(max_examples=250, deadline=None)
@given(JSON | NEAR)
def test_anything_is_a_command_of_the_sender_or_malformed(body: object) -> None:
    found = attempt(wire.parse, body, ME)
    if not isinstance(found, str):
        assert found.command.actor == ME
        repr(found.command).encode()


@settings(max_examples=150, deadline=None)
@given(JSON | st.fixed_dictionaries({"kind": st.sampled_from(["join", "answer", "x"])}, optional={"sdp": JSON}))
def test_anything_else_is_read_or_malformed(body: object) -> None:
    for read in (wire.parse_media, wire.parse_received, wire.parse_auth):
        repr(attempt(read, body)).encode()


def test_a_nest_of_brackets_is_malformed() -> None:
    deep = json.loads('{"a":' * 900 + "1" + "}" * 900)  # the JSON parser itself refuses more
    for body in (deep, {"id": ID, "type": "pause", "x": deep}, {"id": ID, "type": deep}):
        with pytest.raises(Malformed):
            wire.parse(body, ME)


@given(st.text())
@example("\x00")
@example("\ud83d")
@example("e\u0301")
@example("a\r\nb\rc")
def test_texts_are_put_in_order(text: str) -> None:
    given_ = attempt(wire.parse, {"id": ID, "type": "send_message", "text": text}, ME)
    if isinstance(given_, str):
        assert given_ in wire.SLIPS
        return
    found = given_.text
    assert 1 <= len(found) <= wire.LONGEST_TEXT
    assert found == found.strip()
    assert "\x00" not in found
    assert "\r" not in found
    found.encode()
    again = wire.parse({"id": ID, "type": "send_message", "text": found}, ME).text
    assert again == found


def test_a_text_of_exactly_the_limit_is_taken() -> None:
    assert wire.parse({"id": ID, "type": "send_message", "text": "é" * 2000}, ME).text == "é" * 2000
    with pytest.raises(Malformed, match="text_too_long"):
        wire.parse({"id": ID, "type": "send_message", "text": "é" * 2001}, ME)


def test_an_sdp_that_cannot_be_encoded_is_malformed() -> None:
    for sdp in ("", "v=0\x00", "v=0\ud800", "v" * (wire.LONGEST_SDP + 1), None, 5):
        with pytest.raises(Malformed):
            wire.parse_media({"kind": "answer", "generation": "g", "sdp": sdp})


@settings(max_examples=250, deadline=None)
@given(
    st.text()
    | st.builds(
        lambda type_, attachments, space, id_, data: f"{type_}{attachments}{space}{id_}{data}",
        st.sampled_from("0123456789"),
        st.sampled_from(["", "1-", "0-", "9999999999-", "-"]),
        st.sampled_from(["", "/,", "/x,", "/x", "/?a=b,"]),
        st.sampled_from(["", "0", "12", "9" * 30, "²"]),
        JSON.map(json.dumps) | st.sampled_from(["", "{", '["command",{}]', '["connect",{}]', "[" * 5000]),
    )
)
def test_a_packet_is_one_of_ours_or_unreadable(text: str) -> None:
    try:
        packet = TextPacket(encoded_packet=text)
    except Unreadable:
        return
    assert packet.attachment_count == 0
    assert packet.packet_type in (0, 1, 2)
    assert packet.namespace in (None, "/")
    if text and packet.packet_type == 2:
        assert packet.data[0] in EVENTS
        assert isinstance(packet.data[1], dict)


def test_what_we_send_is_never_binary() -> None:
    assert TextPacket(2, ["x", {"a": 1}]).encode() == '2["x",{"a":1}]'
    with pytest.raises(TypeError):
        TextPacket(2, ["x", b"bytes"]).encode()
