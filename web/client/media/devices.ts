// This person's camera and microphone.  Each may be missing, denied or busy without keeping the other from working, and
// taking part without either is fine.

import type { Choice, DeviceState } from "../store";

export interface Wanted {
  readonly camera: boolean;
  readonly microphone: boolean;
  /** A device's id, or "" for the browser's choice. */
  readonly cameraId: string;
  readonly microphoneId: string;
  /** Counts "try again": another number makes a failed device be asked for again. */
  readonly attempt: number;
}

export interface Found {
  readonly camera: MediaStreamTrack | null;
  readonly microphone: MediaStreamTrack | null;
  readonly cameraState: DeviceState;
  readonly microphoneState: DeviceState;
}

export type Kind = "camera" | "microphone";

const NOTHING: Found = { camera: null, microphone: null, cameraState: "off", microphoneState: "off" };

export class Devices {
  #found: Found = NOTHING;
  #wanted: Wanted | null = null;
  #over = false;

  readonly #source: MediaDevices | undefined;
  readonly #changed: (found: Found) => void;
  readonly #allowed: (kind: Kind) => Promise<boolean>;

  /** `source` is undefined where the page is not allowed any device (plain HTTP). */
  constructor(
    source: MediaDevices | undefined,
    changed: (found: Found) => void,
    allowed: (kind: Kind) => Promise<boolean>,
  ) {
    this.#source = source;
    this.#changed = changed;
    this.#allowed = allowed;
  }

  /** Opens what is wanted and not open, closes what is no longer wanted.  Calls must not overlap. */
  async want(wanted: Wanted): Promise<void> {
    const before = this.#wanted;
    this.#wanted = wanted;
    if (!wanted.camera || wanted.cameraId !== before?.cameraId) this.#close("camera");
    if (!wanted.microphone || wanted.microphoneId !== before?.microphoneId) this.#close("microphone");

    const camera = wanted.camera && this.#found.camera === null;
    const microphone = wanted.microphone && this.#found.microphone === null;
    if (camera && microphone) await this.#openBoth(wanted);
    else if (camera) await this.#open("camera", wanted);
    else if (microphone) await this.#open("microphone", wanted);
  }

  /** Lets go of both at once and for good, without waiting for anything. */
  stop(): void {
    this.#over = true;
    this.#close("camera");
    this.#close("microphone");
  }

  /** The devices that there are; their names are known only once one was allowed. */
  async choices(): Promise<{ cameras: readonly Choice[]; microphones: readonly Choice[] }> {
    const all = (await this.#source?.enumerateDevices().catch(() => [])) ?? [];
    const of = (kind: MediaDeviceKind, name: string) =>
      all
        .filter((device) => device.kind === kind && device.deviceId !== "")
        .map((device, index) => ({ id: device.deviceId, label: device.label || `${name} ${index + 1}` }));
    return { cameras: of("videoinput", "Camera"), microphones: of("audioinput", "Microphone") };
  }

  /** One question to the person instead of two; if it fails, each alone tells which one it was. */
  async #openBoth(wanted: Wanted): Promise<void> {
    try {
      this.#take(await this.#ask({ video: picture(wanted), audio: sound(wanted) }));
    } catch (error) {
      if (
        stateAfter(error) === "denied" &&
        !(await this.#allowed("camera")) &&
        !(await this.#allowed("microphone"))
      ) {
        this.#set({ cameraState: "denied", microphoneState: "denied" });
        return;
      }
      await this.#open("microphone", wanted);
      await this.#open("camera", wanted);
    }
  }

  async #open(kind: Kind, wanted: Wanted): Promise<void> {
    try {
      this.#take(await this.#ask(kind === "camera" ? { video: picture(wanted) } : { audio: sound(wanted) }));
    } catch (error) {
      const chosen = kind === "camera" ? wanted.cameraId : wanted.microphoneId;
      if (chosen !== "" && (error as DOMException).name === "OverconstrainedError") {
        // the chosen device was unplugged: any other is better than none
        await this.#open(kind, { ...wanted, [`${kind}Id`]: "" });
        return;
      }
      this.#set(
        kind === "camera" ? { cameraState: stateAfter(error) } : { microphoneState: stateAfter(error) },
      );
    }
  }

  #ask(constraints: MediaStreamConstraints): Promise<MediaStream> {
    if (this.#source === undefined) return Promise.reject(new DOMException("", "NotFoundError"));
    return this.#source.getUserMedia(constraints);
  }

  #take(stream: MediaStream): void {
    if (this.#over) {
      // the person said yes to the browser's question and went before we heard of it
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    const [camera] = stream.getVideoTracks();
    const [microphone] = stream.getAudioTracks();
    if (camera !== undefined) {
      camera.contentHint = "motion";
      this.#follow("camera", camera);
      this.#set({ camera, cameraState: "on" });
    }
    if (microphone !== undefined) {
      microphone.contentHint = "speech";
      this.#follow("microphone", microphone);
      this.#set({ microphone, microphoneState: "on" });
    }
  }

  /**
   * What becomes of a device that works.  "mute" is a device that gives nothing for now: the system, or another program,
   * has it.  "ended" is unplugged, or taken back by the browser; `stop()` fires none.
   */
  #follow(kind: Kind, track: MediaStreamTrack): void {
    const allowedThen = this.#allowed(kind);
    const becomes = (state: DeviceState, change: Partial<Found> = {}) => {
      if (this.#found[kind] === track) this.#set({ ...change, [`${kind}State`]: state });
    };
    track.addEventListener("mute", () => becomes("busy"));
    track.addEventListener("unmute", () => becomes("on"));
    track.addEventListener("ended", async () => {
      becomes("missing", { [kind]: null });
      const takenBack = (await allowedThen) && !(await this.#allowed(kind));
      if (takenBack && this.#found[`${kind}State`] === "missing") this.#set({ [`${kind}State`]: "denied" });
    });
  }

  #close(kind: Kind): void {
    this.#found[kind]?.stop();
    this.#set(
      kind === "camera" ? { camera: null, cameraState: "off" } : { microphone: null, microphoneState: "off" },
    );
  }

  #set(change: Partial<Found>): void {
    this.#found = { ...this.#found, ...change };
    this.#changed(this.#found);
  }
}

function picture({ cameraId }: Wanted): MediaTrackConstraints {
  return {
    width: { ideal: 640 },
    height: { ideal: 480 },
    frameRate: { ideal: 24, max: 30 },
    ...(cameraId === "" ? { facingMode: "user" } : { deviceId: { exact: cameraId } }),
  };
}

function sound({ microphoneId }: Wanted): MediaTrackConstraints {
  return {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...(microphoneId === "" ? {} : { deviceId: { exact: microphoneId } }),
  };
}

function stateAfter(error: unknown): DeviceState {
  switch ((error as DOMException).name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "missing";
  }
}

/** Calls `then` each time the person, in the browser's own settings, comes to allow this device. */
export async function onAllowed(kind: Kind, then: () => void): Promise<void> {
  const status = await navigator.permissions.query({ name: kind as PermissionName }).catch(() => null);
  status?.addEventListener("change", () => status.state === "granted" && then());
}

/** Has the person already said yes to this device?  Browsers that cannot be asked say no. */
export async function allowedBefore(kind: Kind): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: kind as PermissionName })).state === "granted";
  } catch {
    return false;
  }
}
