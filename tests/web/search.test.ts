import assert from "node:assert/strict";
import { test } from "node:test";
import { search } from "../../web/client/media/search";

/** A connection whose browser finds and reports what a test says. */
class FakePeer extends EventTarget {
  finds(type: RTCIceCandidateType | null): void {
    const candidate = type === null ? null : { type };
    this.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate }));
  }
  reports(errorCode: number): void {
    this.dispatchEvent(
      Object.assign(new Event("icecandidateerror"), { errorCode }),
    );
  }
}

function searched(relays: boolean) {
  const peer = new FakePeer();
  return { peer, found: search(peer as unknown as RTCPeerConnection, relays) };
}

test("without a relay there is only the direct way to blame", () => {
  const { peer, found } = searched(false);
  peer.finds("host");
  peer.finds(null);
  assert.equal(found(), "no-way");
});

test("a relay that never answered was not reached, whether or not the browser says so", () => {
  const { peer, found } = searched(true);
  peer.finds("host");
  assert.equal(found(), "no-relay");
  peer.reports(701);
  assert.equal(found(), "no-relay");
});

test("a relay that answered with a no has refused", () => {
  for (const code of [401, 403, 437, 441, 486, 508]) {
    const { peer, found } = searched(true);
    peer.reports(701);
    peer.reports(code);
    peer.reports(701);
    assert.equal(found(), "relay-refused");
  }
});

test("one relay that lets us in counts for more than others that do not", () => {
  for (const late of [false, true]) {
    const { peer, found } = searched(true);
    if (late) peer.reports(401);
    peer.finds("relay");
    peer.reports(late ? 701 : 401);
    assert.equal(found(), "behind-relay");
  }
});
