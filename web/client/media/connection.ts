// One peer connection for each generation: the server offers once, we answer once, and nothing is renegotiated.
//
// The offer's first three m-lines are our own: audio, the high picture, the low one.  All others are slots: `slotN` names
// the stream of the N-th.  Our own are answered `sendonly` with or without a device, so that a camera that comes later
// needs no new offer.  The answer is posted without gathering: the server learns our address from the first packet.

import { watch, type Watch } from "./health";
import { patience } from "./patience";
import { search, type Trouble } from "./search";

const HIGH_BITRATE = 900_000;
/** A small picture moves slowly enough for each frame to fit into one packet: half of what it would cost everyone else. */
const LOW = { maxBitrate: 64_000, maxFramerate: 8, scaleResolutionDownBy: 4 };
const AUDIO_BITRATE = 24_000;

export interface Published {
  readonly audio: MediaStreamTrack | null;
  readonly camera: MediaStreamTrack | null;
  readonly high: boolean;
  readonly low: boolean;
}

export class Connection {
  readonly #peer: RTCPeerConnection;
  readonly #slots = new Map<number, MediaStream>();
  #own: readonly RTCRtpTransceiver[] = [];
  /** Settled when what we send has its limits. */
  #limited: Promise<unknown> = Promise.resolve();
  #lowCamera: MediaStreamTrack | null = null;
  #lowOf: MediaStreamTrack | null = null;
  readonly #watch: Watch;
  #closed = false;
  #end: () => void = () => undefined;
  readonly #ended = new Promise<void>((resolve) => (this.#end = resolve));

  readonly generation: string;

  constructor(
    generation: string,
    ice: RTCConfiguration,
    hooks: {
      /** Packets can flow. */
      readonly up: () => void;
      /** Nothing will come over this connection any more; `trouble` if nothing ever did. */
      readonly dead: (trouble: Trouble | null) => void;
      /** Nothing comes at this moment, which may pass; `roundTrip` in ms is what one took before. */
      readonly odd: (roundTrip: number) => void;
      /** A slot has a stream. */
      readonly slot: () => void;
    },
  ) {
    this.generation = generation;
    this.#peer = new RTCPeerConnection({ ...ice, bundlePolicy: "max-bundle" });
    this.#peer.addEventListener("track", ({ streams: [stream] }) => {
      const slot = /^slot(\d+)$/.exec(stream?.id ?? "")?.[1];
      if (stream === undefined || slot === undefined) return;
      this.#slots.set(Number(slot), stream);
      hooks.slot();
    });
    const trouble = search(this.#peer, ice.iceServers?.length !== 0);
    let wasUp = false;
    this.#watch = watch(this.#peer, {
      ...hooks,
      up: () => {
        wasUp = true;
        hooks.up();
      },
      dead: () => hooks.dead(wasUp ? null : trouble()),
      looked: patience(this.#peer),
    });
  }

  /** Takes the server's offer and returns the answer to send it. */
  async answer(sdp: string): Promise<string> {
    await this.#peer.setRemoteDescription({ type: "offer", sdp });
    this.#own = this.#peer.getTransceivers().slice(0, 3);
    const [audio, high, low] = this.#own;
    if (audio === undefined || high === undefined || low === undefined)
      throw new Error("the offer has no place for us");
    for (const transceiver of this.#own) transceiver.direction = "sendonly";
    await this.#peer.setLocalDescription(await this.#peer.createAnswer());
    // not before the answer: a slow phone takes long enough for that, and nothing is sent until the server wants it
    this.#limited = Promise.all([
      limit(audio.sender, { maxBitrate: AUDIO_BITRATE }),
      limit(high.sender, { maxBitrate: HIGH_BITRATE }, "maintain-resolution"),
      limit(low.sender, LOW),
    ]);
    return this.#peer.localDescription?.sdp ?? "";
  }

  /** Sends these and nothing else.  Calls must not overlap. */
  async publish({ audio, camera, high, low }: Published): Promise<void> {
    await Promise.race([this.#limited, this.#ended]); // a browser may let it wait for ever once it is closed
    const [forAudio, forHigh, forLow] = this.#own;
    if (this.#closed || forAudio === undefined || forHigh === undefined || forLow === undefined) return;
    await put(forAudio.sender, audio);
    await put(forHigh.sender, high ? camera : null);
    const lowCamera = low ? this.#lowFrom(camera) : null;
    await put(forLow.sender, lowCamera);
    if (lowCamera === null) this.#dropLow();
  }

  /** Does nothing come at this moment, though it did or should? */
  silent(): Promise<boolean> {
    return this.#watch.silent();
  }

  /** What comes through a slot, if it has been negotiated. */
  slot(index: number): MediaStream | undefined {
    return this.#slots.get(index);
  }

  get slots(): ReadonlyMap<number, MediaStream> {
    return this.#slots;
  }

  close(): void {
    this.#closed = true;
    this.#end();
    this.#watch.stop();
    this.#dropLow();
    this.#peer.close();
  }

  /** The low picture needs a track of its own: the same one cannot be sent in two sizes everywhere. */
  #lowFrom(camera: MediaStreamTrack | null): MediaStreamTrack | null {
    if (camera === null) return null;
    if (this.#lowOf !== camera || this.#lowCamera === null) {
      this.#lowCamera?.stop();
      this.#lowCamera = camera.clone();
      this.#lowOf = camera;
    }
    return this.#lowCamera;
  }

  #dropLow(): void {
    this.#lowCamera?.stop();
    this.#lowCamera = null;
    this.#lowOf = null;
  }
}

async function put(sender: RTCRtpSender, track: MediaStreamTrack | null): Promise<void> {
  if (sender.track !== track) await sender.replaceTrack(track);
}

/** One encoding exists already; what a browser does not know of these, it leaves. */
async function limit(
  sender: RTCRtpSender,
  encoding: RTCRtpEncodingParameters,
  preference?: RTCDegradationPreference,
): Promise<void> {
  const parameters = sender.getParameters();
  Object.assign(parameters.encodings[0] ?? {}, encoding);
  if (preference !== undefined) parameters.degradationPreference = preference;
  await sender.setParameters(parameters).catch(() => undefined);
}
