"""The instruments themselves, tried without our program: one that cannot tell silence from sound proves nothing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser

from tests.e2e.browser import Witness, witness
from tests.e2e.tones import Voice, heard, voices

in_browsers = pytest.mark.asyncio(loop_scope="session")
PEOPLE = voices(["ruth", "june", "dan"])

SEND = """async () => {
  const connection = new RTCPeerConnection();
  for (const track of (await navigator.mediaDevices.getUserMedia({audio: true, video: true})).getTracks())
    connection.addTrack(track);
  await connection.setLocalDescription();
  await new Promise((done) => connection.onicecandidate = ({candidate}) => candidate ?? done());
  window.out = connection;
  return connection.localDescription.sdp;
}"""
RECEIVE = """async ({sdp, loud}) => {
  const connection = new RTCPeerConnection();
  connection.ontrack = ({track}) => {
    if (track.kind !== "audio" || !loud) return;
    const audio = Object.assign(document.createElement("audio"), {srcObject: new MediaStream([track]), autoplay: true});
    document.body.append(audio);
  };
  await connection.setRemoteDescription({type: "offer", sdp});
  await connection.setLocalDescription();
  await new Promise((done) => connection.onicecandidate = ({candidate}) => candidate ?? done());
  return connection.localDescription.sdp;
}"""


async def _blank(person: Witness) -> None:
    """An empty page on localhost, which is a secure context, served by nobody."""
    await person.page.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    await person.page.goto("http://localhost/")


async def _join(sender: Witness, receiver: Witness, *, loud: bool) -> None:
    answer = await receiver.ask(RECEIVE, {"sdp": await sender.ask(f"({SEND})()"), "loud": loud})
    await sender.ask("(sdp) => window.out.setRemoteDescription({type: 'answer', sdp})", answer)


async def _sees_only(witness: Witness, names: set[str]) -> None:
    for _ in range(100):
        if set((await witness.arrives()).sees) == names:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"saw {(await witness.arrives()).sees} instead of {names}")


@in_browsers
async def test_the_ear_and_the_eye_name_exactly_those_who_send(chromium: Browser) -> None:
    async with AsyncExitStack() as stack:
        ruth, june, dan = [
            await stack.enter_async_context(witness(chromium, voice, PEOPLE.values())) for voice in PEOPLE.values()
        ]
        for person in (ruth, june, dan):
            await _blank(person)
        assert (await ruth.arrives()).hears == set()
        await _join(june, ruth, loud=True)
        await ruth.hears_only({"june"})
        await _sees_only(ruth, {"june"})
        await _join(dan, ruth, loud=False)
        await _sees_only(ruth, {"june", "dan"})
        await ruth.hears_only({"june", "dan"}, plays={"june"})
        assert (await june.arrives()).hears == set()
        await dan.ask(
            "window.out.getSenders().forEach((sender) => sender.track.kind === 'audio' && sender.track.stop())"
        )
        await ruth.hears_only({"june"})
        await ruth.ask("instruments.startGaps(['dan'])")
        await dan.ask("window.out.close()")
        await asyncio.sleep(0.6)
        assert (await ruth.ask("instruments.stopGaps()"))["dan"] > 400
        assert ruth.errors == june.errors == dan.errors == []


STUTTER = """async () => {
  const context = new AudioContext();
  const gate = new GainNode(context, {gain: 0.2});
  const out = context.createMediaStreamDestination();
  const torn = new OscillatorNode(context, {type: "square", frequency: 50});
  torn.connect(new GainNode(context, {gain: 0.2})).connect(gate.gain);
  const tone = new OscillatorNode(context, {frequency: 870});
  tone.connect(gate).connect(out);
  tone.start();
  torn.start();
  const sender = window.out.getSenders().find(({track}) => track.kind === "audio");
  await sender.replaceTrack(out.stream.getAudioTracks()[0]);
}"""


@in_browsers
async def test_a_voice_that_stutters_is_not_taken_for_somebody_else(chromium: Browser) -> None:
    async with AsyncExitStack() as stack:
        ruth, dan = [
            await stack.enter_async_context(witness(chromium, PEOPLE[name], PEOPLE.values()))
            for name in ("ruth", "dan")
        ]
        for person in (ruth, dan):
            await _blank(person)
        await _join(dan, ruth, loud=True)
        await ruth.hears_only({"dan"})
        await dan.ask(f"({STUTTER})()")
        for _ in range(100):
            if "june" in (await ruth.arrives()).plays:  # 870 Hz and five times 50 less, as any spectrum shows it
                break
            await asyncio.sleep(0.05)
        for _ in range(20):
            arrived = await ruth.arrives()
            assert "june" in arrived.plays
            assert PEOPLE.keys() & arrived.hears == {"dan"}
            await asyncio.sleep(0.05)


@in_browsers
async def test_errors_of_a_page_are_noticed(chromium: Browser) -> None:
    async with witness(chromium, PEOPLE["ruth"], PEOPLE.values()) as ruth:
        await _blank(ruth)
        await ruth.ask("console.error('a'); setTimeout(() => { throw new Error('b') })")
        await ruth.page.wait_for_timeout(100)
        assert ruth.errors == ["a", "b"]


def test_a_tone_is_nobodys_when_it_is_not_near_one() -> None:
    people = [Voice("a", 400, "#cc0000"), Voice("b", 600, "#00aa00")]
    assert heard([405.0, 590.0, 500.0], people) == {"a", "b", "500.0 Hz"}
    assert heard([], people) == frozenset()
