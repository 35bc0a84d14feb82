import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Devices,
  type Found,
  type Wanted,
} from "../../web/client/media/devices";

class FakeTrack extends EventTarget {
  readyState = "live";
  contentHint = "";
  readonly kind: "audio" | "video";
  readonly device: string;
  constructor(kind: "audio" | "video", device: string) {
    super();
    this.kind = kind;
    this.device = device;
  }
  stop(): void {
    this.readyState = "ended";
  }
  unplug(): void {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
}

type Fate = "works" | "NotAllowedError" | "NotFoundError" | "NotReadableError";

/** A browser's devices with what happens when each is asked for. */
class FakeBrowser {
  camera: Fate = "works";
  microphone: Fate = "works";
  plugged = new Set(["cam-1", "cam-2"]);
  asked: string[] = [];
  given: FakeTrack[] = [];
  hold: Promise<void> | null = null;

  async getUserMedia({
    audio,
    video,
  }: MediaStreamConstraints): Promise<MediaStream> {
    this.asked.push([video ? "video" : "", audio ? "audio" : ""].join(""));
    await this.hold;
    const exact =
      (typeof video === "object" &&
        (video.deviceId as { exact?: string } | undefined)?.exact) ||
      null;
    if (video && exact !== null && !this.plugged.has(exact))
      throw new DOMException("", "OverconstrainedError");
    if (video && this.camera !== "works")
      throw new DOMException("", this.camera);
    if (audio && this.microphone !== "works")
      throw new DOMException("", this.microphone);
    const tracks = [
      ...(video ? [new FakeTrack("video", exact ?? "cam-1")] : []),
      ...(audio ? [new FakeTrack("audio", "mic")] : []),
    ];
    this.given.push(...tracks);
    const of = (kind: string) => tracks.filter((track) => track.kind === kind);
    return {
      getTracks: () => tracks,
      getVideoTracks: () => of("video"),
      getAudioTracks: () => of("audio"),
    } as unknown as MediaStream;
  }
}

const both: Wanted = {
  camera: true,
  microphone: true,
  cameraId: "",
  microphoneId: "",
  attempt: 0,
};

function open(browser: FakeBrowser) {
  const state = { found: null as Found | null };
  const devices = new Devices(
    browser as unknown as MediaDevices,
    (found) => (state.found = found),
    (kind) => Promise.resolve(browser[kind] === "works"),
  );
  const says = () => [state.found?.cameraState, state.found?.microphoneState];
  return { devices, state, says };
}

test("both are asked for in one question", async () => {
  const browser = new FakeBrowser();
  const { devices, says } = open(browser);
  await devices.want(both);
  assert.deepEqual(browser.asked, ["videoaudio"]);
  assert.deepEqual(says(), ["on", "on"]);
});

test("a missing camera keeps nobody from speaking", async () => {
  const browser = new FakeBrowser();
  browser.camera = "NotFoundError";
  const { devices, says } = open(browser);
  await devices.want(both);
  assert.deepEqual(says(), ["missing", "on"]);
});

test("a busy microphone keeps nobody from being seen", async () => {
  const browser = new FakeBrowser();
  browser.microphone = "NotReadableError";
  const { devices, says } = open(browser);
  await devices.want(both);
  assert.deepEqual(says(), ["on", "busy"]);
});

test("after a no the person is not asked again until they want to be", async () => {
  const browser = new FakeBrowser();
  browser.camera = browser.microphone = "NotAllowedError";
  const { devices, says } = open(browser);
  await devices.want(both);
  assert.deepEqual(says(), ["denied", "denied"]);
  assert.equal(browser.asked.length, 1);
  browser.camera = browser.microphone = "works";
  await devices.want({ ...both, attempt: 1 });
  assert.deepEqual(says(), ["on", "on"]);
});

test("a no to the camera alone leaves the microphone that was allowed before", async () => {
  const browser = new FakeBrowser();
  browser.camera = "NotAllowedError";
  const { devices, says } = open(browser);
  await devices.want(both);
  assert.deepEqual(says(), ["denied", "on"]);
});

test("plain HTTP gives no devices, and says that there are none", async () => {
  let found: Found | null = null;
  const devices = new Devices(
    undefined,
    (now) => (found = now),
    () => Promise.resolve(false),
  );
  await devices.want(both);
  assert.equal((found as Found | null)?.cameraState, "missing");
});

test("a camera that is not wanted any more is let go of, its light goes out", async () => {
  const browser = new FakeBrowser();
  const { devices, says } = open(browser);
  await devices.want(both);
  await devices.want({ ...both, camera: false });
  assert.deepEqual(says(), ["off", "on"]);
  assert.equal(
    browser.given.find((track) => track.kind === "video")?.readyState,
    "ended",
  );
  await devices.want(both);
  assert.deepEqual(says(), ["on", "on"]);
});

test("another camera replaces the first, and one that was unplugged gives way to any", async () => {
  const browser = new FakeBrowser();
  const { devices, state } = open(browser);
  await devices.want(both);
  await devices.want({ ...both, cameraId: "cam-2" });
  assert.equal((state.found?.camera as unknown as FakeTrack).device, "cam-2");
  browser.plugged.delete("cam-2");
  (state.found?.camera as unknown as FakeTrack).unplug();
  assert.equal(state.found?.cameraState, "missing");
  await devices.want({ ...both, cameraId: "cam-2", attempt: 1 });
  assert.equal((state.found?.camera as unknown as FakeTrack).device, "cam-1");
});

test("a yes that comes after the person has gone opens nothing", async () => {
  const browser = new FakeBrowser();
  let allow = () => {};
  browser.hold = new Promise((resolve) => (allow = resolve));
  const { devices, state } = open(browser);
  const wanting = devices.want(both);
  devices.stop();
  allow();
  await wanting;
  assert.equal(state.found?.camera, null);
  assert.ok(browser.given.every((track) => track.readyState === "ended"));
});

test("a device that another program takes is busy, and on again when it gives it back", async () => {
  const browser = new FakeBrowser();
  const { devices, state, says } = open(browser);
  await devices.want(both);
  const camera = state.found?.camera as unknown as FakeTrack;
  camera.dispatchEvent(new Event("mute"));
  assert.deepEqual(says(), ["busy", "on"]);
  camera.dispatchEvent(new Event("unmute"));
  assert.deepEqual(says(), ["on", "on"]);
});

test("a device that the person forbids in the middle is denied, one that was unplugged is missing", async () => {
  const browser = new FakeBrowser();
  const { devices, state, says } = open(browser);
  await devices.want(both);
  browser.camera = "NotAllowedError";
  (state.found?.camera as unknown as FakeTrack).unplug();
  assert.deepEqual(says(), ["missing", "on"]);
  (state.found?.microphone as unknown as FakeTrack).unplug();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(says(), ["denied", "missing"]);
});

test("an old track that ends says nothing about the new one", async () => {
  const browser = new FakeBrowser();
  const { devices, state, says } = open(browser);
  await devices.want(both);
  const old = state.found?.camera as unknown as FakeTrack;
  await devices.want({ ...both, cameraId: "cam-2" });
  old.unplug();
  old.dispatchEvent(new Event("mute"));
  assert.deepEqual(says(), ["on", "on"]);
});
