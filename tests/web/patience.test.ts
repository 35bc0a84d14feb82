import assert from "node:assert/strict";
import { test } from "node:test";
import { patience } from "../../web/client/media/patience";

/** One voice at a receiver, and what happens to it second by second. */
function heard() {
  const receiver = {
    track: { id: "a" },
    jitterBufferTarget: null as number | null,
  };
  const look = patience({
    getReceivers: () => [receiver] as unknown as RTCRtpReceiver[],
  });
  const voice = {
    type: "inbound-rtp",
    kind: "audio",
    trackIdentifier: "a",
    packetsReceived: 0,
    totalSamplesReceived: 0,
    concealedSamples: 0,
    silentConcealedSamples: 0,
  };
  const pass = (seconds: number, share: number, packets = 50) => {
    for (let second = 0; second < seconds; second++) {
      voice.packetsReceived += packets;
      voice.totalSamplesReceived += 48_000;
      voice.concealedSamples += 48_000 * share;
      look(new Map([["v", voice]]) as unknown as RTCStatsReport);
    }
    return receiver.jitterBufferTarget;
  };
  pass(2, 0);
  return { pass, voice };
}

test("a voice that comes whole is not waited for", () => {
  assert.equal(heard().pass(60, 0.01), null);
});

test("a voice of which much is invented is waited for longer, up to a bound", () => {
  const { pass } = heard();
  assert.equal(pass(1, 0.09), 400);
  assert.equal(pass(1, 0.09), 600);
  assert.equal(pass(10, 0.09), 600);
});

test("it is waited for less long again when it has come whole for a while", () => {
  const { pass } = heard();
  pass(2, 0.09);
  assert.equal(pass(14, 0), 600);
  assert.equal(pass(1, 0), 500);
  assert.equal(pass(60, 0), null);
});

test("where nobody speaks, what is invented is silence and changes nothing", () => {
  const { pass, voice } = heard();
  assert.equal(pass(5, 1, 1), null);
  voice.silentConcealedSamples += 4_800;
  assert.equal(pass(1, 0.1), null);
});

test("a voice that was away and has come back is not waited for longer", () => {
  const { pass } = heard();
  assert.equal(pass(3, 1, 0), null);
  assert.equal(pass(1, 0.5, 25), null);
  assert.equal(pass(5, 0), null);
});
