// Notices a dead connection: by what the browser says, and by silence, which is long before a browser says anything.

const LOOK_EVERY = 400;
/** A browser calls a connection disconnected after a few lost checks; it may come back by itself this long, in ms. */
const DISCONNECTED_FOR = 1500;
/**
 * Nothing at all came in for so long, in ms: that is odd.  Where something came at each look before, voices or pictures,
 * it is odd sooner; where nobody is heard or seen the server still asks every 0.9 to 1.2 s whether we are there.
 */
const ODD_IN_FLOW = 600;
const ODD = 1800;
/** So many looks in a row with something new are a flow.  If they were not, it costs one question to the server. */
const FLOW = 2;
/**
 * Nothing came in for so long, in ms, and so many connectivity checks went unanswered: nothing will.  A browser in doubt
 * checks every 250 ms, so this is 4 to 5 s after the last packet; Chromium itself says "disconnected" after 8 s.
 */
const SILENT_FOR = 3000;
const UNANSWERED = 6;
/** A connection that never came up, in ms. */
const NOT_UP_FOR = 8000;

export interface Hooks {
  /** The connection stands (again). */
  readonly up: () => void;
  /** Nothing will come any more; called at most once. */
  readonly dead: () => void;
  /** It has fallen silent; a round trip takes so many ms when it is not.  Called once for each silence. */
  readonly odd: (roundTrip: number) => void;
  /** The statistics, about once a second while it is up. */
  readonly looked: (stats: RTCStatsReport) => void;
}

export interface Watch {
  /** Looks: does nothing come, though it did or should? */
  readonly silent: () => Promise<boolean>;
  readonly stop: () => void;
}

export function watch(
  peer: RTCPeerConnection,
  hooks: Hooks,
  clock: () => number = () => performance.now(),
): Watch {
  let stopped = false;
  let heard = 0;
  let heardAt = clock();
  let checksThen = 0;
  let flow = 0;
  let flowing = false;
  let silent = false;
  let downSince: number | null = clock();
  let wasUp = false;
  let looks = 0;

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
    if (!wasUp || stopped) return;
    const stats = await peer.getStats();
    if (stopped) return;
    if (looks++ % 3 === 0) hooks.looked(stats);
    const traffic = trafficOf(stats);
    if (traffic === null) return;
    if (traffic.received !== heard) {
      heard = traffic.received;
      heardAt = now;
      checksThen = traffic.checks;
      flow++;
      flowing = flow >= FLOW;
      silent = false;
      return;
    }
    flow = 0;
    const quiet = now - heardAt;
    if (!silent && quiet >= (flowing ? ODD_IN_FLOW : ODD)) {
      silent = true;
      hooks.odd(traffic.roundTrip);
    }
    if (quiet > SILENT_FOR && traffic.checks - checksThen >= UNANSWERED) dead();
  };
  peer.addEventListener("connectionstatechange", changed);
  const timer = setInterval(() => void look(), LOOK_EVERY);
  return {
    silent: async () => {
      if (silent) await look();
      return silent;
    },
    stop,
  };
}

/**
 * `received` grows with whatever arrives, `checks` with each connectivity check sent, `roundTrip` is in ms; null where
 * the browser does not count its checks, so that silence proves nothing.
 */
function trafficOf(stats: RTCStatsReport): { received: number; checks: number; roundTrip: number } | null {
  let counted = false;
  let received = 0;
  let checks = 0;
  let roundTrip = 0;
  stats.forEach((entry: RTCStats) => {
    if (entry.type !== "candidate-pair") return;
    const { bytesReceived, responsesReceived, requestsReceived, requestsSent, currentRoundTripTime } =
      entry as RTCIceCandidatePairStats;
    if (responsesReceived === undefined) return;
    counted = true;
    received += (bytesReceived ?? 0) + responsesReceived + (requestsReceived ?? 0);
    checks += requestsSent ?? 0;
    roundTrip = Math.max(roundTrip, 1000 * (currentRoundTripTime ?? 0));
  });
  return counted ? { received, checks, roundTrip } : null;
}
