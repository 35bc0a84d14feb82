// Notices a dead connection: by what the browser says, and by silence when it says nothing.

const LOOK_EVERY = 1000;
/** A browser calls a connection disconnected after a few lost checks; it may come back by itself this long, in ms. */
const DISCONNECTED_FOR = 1500;
/**
 * Nothing at all came in for so long, in ms, and so many connectivity checks went unanswered.  A browser in doubt checks
 * every 250 ms, so this is 4 to 5 s after the last packet; Chromium itself says "disconnected" after 8 s.
 */
const SILENT_FOR = 3000;
const UNANSWERED = 6;
/** A connection that never came up, in ms. */
const NOT_UP_FOR = 8000;

/** Calls `up` each time the connection stands, and `dead` at most once.  Returns how to stop watching. */
export function watch(
  peer: RTCPeerConnection,
  hooks: { up: () => void; dead: () => void },
  clock: () => number = () => performance.now(),
): () => void {
  let stopped = false;
  let heard = 0;
  let heardAt = clock();
  let checksThen = 0;
  let downSince: number | null = clock();
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
        heardAt = clock();
        hooks.up();
        break;
      case "failed":
      case "closed":
        dead();
        break;
      default:
        downSince ??= clock();
    }
  };
  const look = async () => {
    const now = clock();
    if (downSince !== null && now - downSince > (wasUp ? DISCONNECTED_FOR : NOT_UP_FOR)) dead();
    if (downSince !== null || stopped) return;
    const traffic = await trafficOf(peer);
    if (traffic === null) return;
    if (traffic.received !== heard) {
      heard = traffic.received;
      heardAt = now;
      checksThen = traffic.checks;
    } else if (now - heardAt > SILENT_FOR && traffic.checks - checksThen >= UNANSWERED) dead();
  };
  peer.addEventListener("connectionstatechange", changed);
  const timer = setInterval(() => void look(), LOOK_EVERY);
  return stop;
}

/**
 * `received` grows with whatever arrives, `checks` with each connectivity check sent; null where the browser does not
 * count its checks, so that silence proves nothing.
 */
async function trafficOf(peer: RTCPeerConnection): Promise<{ received: number; checks: number } | null> {
  let counted = false;
  let received = 0;
  let checks = 0;
  const stats = await peer.getStats();
  stats.forEach((entry: RTCStats) => {
    if (entry.type !== "candidate-pair") return;
    const { bytesReceived, responsesReceived, requestsReceived, requestsSent } =
      entry as RTCIceCandidatePairStats;
    if (responsesReceived === undefined) return;
    counted = true;
    received += (bytesReceived ?? 0) + responsesReceived + (requestsReceived ?? 0);
    checks += requestsSent ?? 0;
  });
  return counted ? { received, checks } : null;
}
