// Notices a dead connection: by what the browser says, and by silence when it says nothing.

const LOOK_EVERY = 1000;
/** A browser calls a connection disconnected after a few lost checks; it may come back by itself this long, in ms. */
const DISCONNECTED_FOR = 1500;
/** Not even an answer to a connectivity check (every 2.5 s at the most) for this long, in ms. */
const SILENT_FOR = 6000;
/** A connection that never came up, in ms. */
const NOT_UP_FOR = 8000;

/** Calls `up` each time the connection stands, and `dead` at most once.  Returns how to stop watching. */
export function watch(peer: RTCPeerConnection, hooks: { up: () => void; dead: () => void }): () => void {
  let stopped = false;
  let heard = 0;
  let heardAt = performance.now();
  let downSince: number | null = performance.now();
  let wasUp = false;

  const stop = () => {
    stopped = true;
    clearInterval(timer);
    peer.removeEventListener("connectionstatechange", changed);
  };
  const dead = () => {
    if (stopped) return;
    stop();
    hooks.dead();
  };
  const changed = () => {
    switch (peer.connectionState) {
      case "connected":
        wasUp = true;
        downSince = null;
        heardAt = performance.now();
        hooks.up();
        break;
      case "failed":
      case "closed":
        dead();
        break;
      default:
        downSince ??= performance.now();
    }
  };
  const look = async () => {
    const now = performance.now();
    if (downSince !== null && now - downSince > (wasUp ? DISCONNECTED_FOR : NOT_UP_FOR)) dead();
    if (downSince !== null || stopped) return;
    const sum = await received(peer);
    if (sum === null || sum !== heard) {
      heard = sum ?? 0;
      heardAt = now;
    } else if (now - heardAt > SILENT_FOR) dead();
  };
  peer.addEventListener("connectionstatechange", changed);
  const timer = setInterval(() => void look(), LOOK_EVERY);
  return stop;
}

/** Grows with whatever arrives; null where the browser does not count its checks, so that silence proves nothing. */
async function received(peer: RTCPeerConnection): Promise<number | null> {
  let sum: number | null = null;
  const stats = await peer.getStats();
  stats.forEach((entry: RTCStats) => {
    if (entry.type !== "candidate-pair") return;
    const { bytesReceived, responsesReceived, requestsReceived } = entry as RTCIceCandidatePairStats;
    if (responsesReceived === undefined) return;
    sum = (sum ?? 0) + (bytesReceived ?? 0) + responsesReceived + (requestsReceived ?? 0);
  });
  return sum;
}
