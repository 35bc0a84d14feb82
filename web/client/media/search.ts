// Which part of the way to the server did not work, as far as a browser's own search for one tells.

/**
 * no-way: no relay was offered, and there is no direct way; no-relay: none could be reached either; relay-refused: it did
 * not let us in; behind-relay: it did, and did not reach the server; not-hidden: our address is to be hidden, and there is
 * no relay to hide it.
 */
export type Trouble = "no-way" | "no-relay" | "relay-refused" | "behind-relay" | "not-hidden";

/** The browser's report when it got no answer at all; everything else is a relay's own word (webrtc-pc 4.8.2). */
const NOT_REACHED = 701;

/** Listens to a connection while it is made.  Ask what comes back when nothing came of it. */
export function search(peer: RTCPeerConnection, relays: boolean): () => Trouble {
  let found: Trouble = relays ? "no-relay" : "no-way";
  peer.addEventListener("icecandidate", ({ candidate }) => {
    if (candidate?.type === "relay") found = "behind-relay";
  });
  peer.addEventListener("icecandidateerror", ({ errorCode }) => {
    if (found === "no-relay" && errorCode !== NOT_REACHED) found = "relay-refused";
  });
  return () => found;
}
