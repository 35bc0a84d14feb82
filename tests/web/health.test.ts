import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { watch } from "../../web/client/media/health";

interface Counts {
  bytesReceived: number;
  responsesReceived: number | undefined;
  requestsSent: number;
  currentRoundTripTime?: number;
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
  const seen = { ups: 0, deaths: 0, odd: [] as number[] };
  let now = 0;
  const { silent } = watch(
    peer as unknown as RTCPeerConnection,
    {
      up: () => seen.ups++,
      dead: () => seen.deaths++,
      odd: (roundTrip) => seen.odd.push(roundTrip),
      looked: () => {},
    },
    () => now,
  );
  /** `each` comes about at the beginning of each second, or of each `step` ms. */
  const pass = async (
    seconds: number,
    each: (counts: Counts) => void = () => {},
    step = 1000,
  ) => {
    for (let ms = 0; ms < 1000 * seconds; ms += 200) {
      if (ms % step === 0) each(peer.counts);
      now += 200;
      context.mock.timers.tick(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { peer, seen, pass, silent };
}

const answered = (counts: Counts) => {
  counts.requestsSent++;
  counts.responsesReceived = (counts.responsesReceived ?? 0) + 1;
};
const media = (counts: Counts) => (counts.bytesReceived += 5000);
const unanswered = (counts: Counts) => (counts.requestsSent += 4);

test("a person who waits, with nothing but answered checks on the line, is not taken for lost", async (context) => {
  const { peer, seen, pass } = watched(context);
  peer.becomes("connected");
  for (let times = 0; times < 20; times++) await pass(1, answered);
  for (let times = 0; times < 20; times++) {
    await pass(1, answered);
    await pass(0.2);
  }
  assert.deepEqual(seen.odd, []);
  assert.deepEqual([seen.ups, seen.deaths], [1, 0]);
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
  assert.deepEqual([seen.ups, seen.deaths], [2, 0]);
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

test("voices and pictures that stop are odd within a second, once, and not any more when they come again", async (context) => {
  const { peer, seen, pass, silent } = watched(context);
  peer.counts.currentRoundTripTime = 0.12;
  peer.becomes("connected");
  await pass(3, media, 200);
  assert.equal(await silent(), false);
  await pass(0.4);
  assert.deepEqual(seen.odd, []);
  await pass(0.6);
  assert.deepEqual(seen.odd, [120]);
  assert.equal(await silent(), true);
  await pass(1);
  media(peer.counts);
  assert.equal(await silent(), false);
  assert.deepEqual(seen.odd, [120]);
  await pass(0.6, media, 200); // as after a change of address, when the next follows at once
  await pass(1);
  assert.deepEqual(seen.odd, [120, 120]);
  assert.equal(seen.deaths, 0);
});

test("where nobody is heard or seen it takes longer until silence is odd", async (context) => {
  const { peer, seen, pass } = watched(context);
  peer.becomes("connected");
  await pass(3, answered);
  await pass(0.8);
  assert.deepEqual(seen.odd, []);
  await pass(1.2);
  assert.deepEqual(seen.odd, [0]);
});
