"""What goes between the processes arrives as it was, however it is cut; what is no message ends the line."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling import Flow, Layer, PeerId
from signalling.channel import LONGEST, Channel, Frames, Garbled, Message, frame, read, written

FLOWS = st.builds(Flow, st.booleans(), st.sampled_from(Layer))
PEERS = st.text(min_size=1).map(PeerId)
PLANS = st.dictionaries(PEERS, st.dictionaries(PEERS, FLOWS, max_size=4), max_size=4)
MESSAGES = st.lists(st.lists(st.text() | st.integers() | st.booleans() | st.none(), max_size=4), max_size=6)


@given(MESSAGES, st.lists(st.integers(1, 40), min_size=1))
def test_messages_arrive_whole_and_in_order(messages: list[Message], cuts: list[int]) -> None:
    wire = b"".join(frame(*message) for message in messages)
    frames, arrived, at, turn = Frames(), [], 0, 0
    while at < len(wire):
        size = cuts[turn % len(cuts)]
        arrived += list(frames.feed(wire[at : at + size]))
        at, turn = at + size, turn + 1
    assert arrived == messages


@given(PLANS)
def test_a_plan_arrives_as_it_was(plan: dict[PeerId, dict[PeerId, Flow]]) -> None:
    assert read(json.loads(json.dumps(written(plan)))) == plan


@pytest.mark.parametrize(
    "wire",
    [
        (LONGEST + 1).to_bytes(4, "big"),
        b"\x00\x00\x00\x01{",
        b"\x00\x00\x00\x02{}",
        b"\x00\x00\x00\x02\xff\xfe",
        (60_000).to_bytes(4, "big") + b"[" * 60_000,
    ],
    ids=["too long", "no JSON", "no list", "no text", "too deep"],
)
def test_what_is_no_message_is_refused(wire: bytes) -> None:
    with pytest.raises(Garbled):
        list(Frames().feed(wire))


async def test_a_garbled_line_ends_and_what_was_said_before_is_heard() -> None:
    ours, theirs = socket.socketpair()
    heard: list[Message] = []
    over = asyncio.Event()
    await asyncio.get_running_loop().create_unix_connection(lambda: Channel(heard.append, over.set), sock=ours)
    with theirs:
        theirs.sendall(frame("one") + b"\x00\x00\x00\x01x" + frame("two"))
        await asyncio.wait_for(over.wait(), 5)
    assert heard == [["one"]]
