// How long to wait for a voice.  A browser plays on after some 200 ms and invents what is missing; over a long way what was
// lost and asked for again comes only later than that.  So a voice of which much had to be invented is waited for longer,
// and less long again when it has come whole for a while.  Who speaks by turns can bear a little more delay.

const MUCH = 0.02;
/** ms */
const MORE = 200;
const MOST = 600;
const LESS = 100;
/** A voice that has come whole for so many looks is waited for less long. */
const WHOLE_FOR = 15;
/** With fewer packets for what was played since the last look, the voice began, ended, or was away. */
const FLOWS = 0.7;
/** Samples in a packet of 20 ms. */
const PACKET = 960;

interface Voice {
  packets: number;
  samples: number;
  invented: number;
  whole: number;
  /** It came at this look. */
  spoke: boolean;
}

/** Looks at the voices of one connection; to be called once a second with its statistics. */
export function patience(peer: Pick<RTCPeerConnection, "getReceivers">): (stats: RTCStatsReport) => void {
  const voices = new Map<string, Voice>();
  return (stats) => {
    const receivers = new Map(peer.getReceivers().map((receiver) => [receiver.track.id, receiver]));
    stats.forEach((entry: RTCInboundRtpStreamStats) => {
      if (entry.type !== "inbound-rtp" || entry.kind !== "audio") return;
      const receiver = receivers.get(entry.trackIdentifier);
      if (receiver === undefined) return;
      const before = voices.get(entry.trackIdentifier);
      const now = {
        packets: entry.packetsReceived ?? 0,
        samples: entry.totalSamplesReceived ?? 0,
        invented: (entry.concealedSamples ?? 0) - (entry.silentConcealedSamples ?? 0),
        whole: (before?.whole ?? 0) + 1,
        spoke: before !== undefined,
      };
      voices.set(entry.trackIdentifier, now);
      if (before === undefined) return;
      now.spoke = (now.packets - before.packets) * PACKET >= FLOWS * (now.samples - before.samples);
      // a voice that stopped or came back meanwhile was away, and to wait for it longer would only keep it away
      if (!now.spoke || !before.spoke) return;
      const waits = receiver.jitterBufferTarget ?? 0;
      if (now.invented - before.invented > MUCH * (now.samples - before.samples)) {
        now.whole = 0;
        receiver.jitterBufferTarget = Math.min(Math.max(waits, MORE) + MORE, MOST);
      } else if (waits > 0 && now.whole >= WHOLE_FOR) {
        now.whole = 0;
        receiver.jitterBufferTarget = waits - LESS > MORE ? waits - LESS : null;
      }
    });
  };
}
