import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { watch } from "../../web/client/media/health";

interface Counts {
  bytesReceived: number;
  responsesReceived: number | undefined;
  requestsSent: number;
}

class FakePeer extends EventTarget {
  connectionState: RTCPeerConnectionState = "new";
  counts: Counts = { bytesReceived: 0, responsesReceived: 0, requestsSent: 0 };
  becomes(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }
  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(
      new Map([["pair", { type: "candidate-pair", ...this.counts }]]),
    );
  }
}

/** A watched peer under a clock of the test's own. */
function watched(context: TestContext) {
  context.mock.timers.enable({ apis: ["setInterval"] });
  const peer = new FakePeer();
  const seen = { ups: 0, deaths: 0 };
  let now = 0;
  watch(
    peer as unknown as RTCPeerConnection,
    { up: () => seen.ups++, dead: () => seen.deaths++ },
    () => now,
  );
  const pass = async (
    seconds: number,
    each: (counts: Counts) => void = () => {},
  ) => {
    for (let second = 0; second < seconds; second++) {
      each(peer.counts);
      now += 1000;
      context.mock.timers.tick(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { peer, seen, pass };
}

const answered = (counts: Counts) => {
  counts.requestsSent++;
  counts.responsesReceived = (counts.responsesReceived ?? 0) + 1;
};
const unanswered = (counts: Counts) => (counts.requestsSent += 4);

test("a person who waits, with nothing but answered checks on the line, is not taken for lost", async (context) => {
  const { peer, seen, pass } = watched(context);
  peer.becomes("connected");
  for (let times = 0; times < 20; times++) {
    await pass(1, answered);
    await pass(2);
  }
  assert.deepEqual(seen, { ups: 1, deaths: 0 });
});

test("a line on which checks go unanswered is dead within five seconds, once", async (context) => {
  const { peer, seen, pass } = watched(context);
  peer.becomes("connected");
  await pass(3, answered);
  await pass(2, unanswered);
  assert.equal(seen.deaths, 0);
  await pass(3, unanswered);
  assert.equal(seen.deaths, 1);
  peer.becomes("failed");
  await pass(10, unanswered);
  assert.equal(seen.deaths, 1);
});

test("a browser that does not count its checks is believed in what it says", async (context) => {
  const { peer, seen, pass } = watched(context);
  peer.counts.responsesReceived = undefined;
  peer.becomes("connected");
  await pass(30, (counts) => counts.requestsSent++);
  assert.equal(seen.deaths, 0);
  peer.becomes("failed");
  assert.equal(seen.deaths, 1);
});

test("a short disconnection heals, a longer one does not", async (context) => {
  const { peer, seen, pass } = watched(context);
  peer.becomes("connected");
  peer.becomes("disconnected");
  await pass(1);
  peer.becomes("connected");
  await pass(2, answered);
  assert.deepEqual(seen, { ups: 2, deaths: 0 });
  peer.becomes("disconnected");
  await pass(2);
  assert.equal(seen.deaths, 1);
});

test("a connection that never came about is given up", async (context) => {
  const { peer, seen, pass } = watched(context);
  peer.becomes("connecting");
  await pass(8);
  assert.equal(seen.deaths, 0);
  await pass(1);
  assert.equal(seen.deaths, 1);
});
