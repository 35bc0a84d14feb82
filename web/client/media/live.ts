// Joins the wishes of this page with the devices, the connection and the server.
//
// Six wishes, each reconciled by itself: which devices are open; whether there is a connection; what goes out over it;
// whether the server knows of my camera; whether it knows that my hand closed the microphone; whether pictures come in.

import { computed, signal } from "@preact/signals";
import { screen } from "../screen";
import { changeMedia, link, may, me, media, ui, type DeviceState } from "../store";
import { disconnect, onMedia, send } from "../transport";
import { allowedBefore, Devices, onAllowed, type Found, type Kind } from "./devices";
import { reconcile } from "./reconcile";
import { connection, drop, hear, join, shaken, showPictures, told, wanted } from "./session";

const KINDS: readonly Kind[] = ["camera", "microphone"];
/** How long after it is asked for again: a device that is busy, and one that was lost; in ms. */
const BUSY_AGAIN = 5000;
const LOST_AGAIN = 300;

const camera = signal<MediaStreamTrack | null>(null);
const microphone = signal<MediaStreamTrack | null>(null);
const devices = new Devices(navigator.mediaDevices, devicesChanged, allowedBefore);

/** Somewhere where a facilitator or the circle can be met. */
const placed = computed(() => {
  const now = me.value;
  if (now === null || !ui.checked.value || screen.value === "gone") return false;
  return now.role === "facilitator" || now.door === "waiting" || now.door === "admitted";
});

/** From the device check on, until there is nobody left to meet. */
const capturing = computed(() => ["devices", "early", "question", "holding", "room"].includes(screen.value));

/** Starts everything; called once. */
export function startMedia(): void {
  onMedia(hear);
  link.subscribe((now) => {
    if (now !== "up") told.value = false;
  });

  reconcile(
    () => ({
      camera: capturing.value && ui.camera.value,
      microphone: capturing.value,
      cameraId: ui.cameraId.value,
      microphoneId: ui.microphoneId.value,
      attempt: ui.deviceTry.value,
    }),
    (wanted) => devices.want(wanted),
  );
  reconcile(
    () => ({ wanted: placed.value, ready: link.value === "up" && told.value, shaken: shaken.value }),
    ({ wanted, ready }) => (wanted ? (ready ? join() : undefined) : drop()),
  );
  reconcile(
    () => {
      const now = connection.value;
      const want = wanted.value;
      const open = (me.value?.microphone ?? false) && !ui.hushed.value;
      return {
        connection: now,
        audio: want?.audio === true && open ? microphone.value : null,
        camera: camera.value,
        high: want?.high ?? false,
        low: want?.low ?? false,
      };
    },
    async ({ connection: now, ...published }) => {
      await now?.publish(published);
    },
  );
  reconcile(
    () => ({
      wanted: ui.camera.value && media.value.camera === "on",
      is: me.value?.camera ?? false,
      allowed: may("set_camera") && ui.checked.value && link.value === "up",
    }),
    async ({ wanted, is, allowed }) => {
      if (wanted !== is && allowed) await must("set_camera", wanted);
    },
  );
  reconcile(
    () => ({ hushed: ui.hushed.value, is: me.value?.microphone ?? false, up: link.value === "up" }),
    async ({ hushed, is, up }) => {
      if (hushed && !is) ui.hushed.value = false;
      else if (hushed && up) await must("set_microphone", false);
    },
  );

  reconcile(
    () => ({ pictures: ui.pictures.value, connected: connection.value !== null && link.value === "up" }),
    ({ pictures, connected }) => (connected ? showPictures(pictures) : undefined),
  );

  // the page goes: neither the server nor the person should have to wait until that is noticed
  addEventListener("pagehide", () => {
    stopAll();
    disconnect();
  });
  addEventListener("pageshow", (event) => {
    // a browser that kept the page would show a room without a line
    if (event.persisted) location.reload();
  });
  navigator.mediaDevices?.addEventListener("devicechange", () => {
    void listDevices();
    tryAgain("missing");
  });
  for (const kind of KINDS) void onAllowed(kind, () => tryAgain("denied"));
  // no browser says when another program has let go of a device; to ask must not put a question to the person
  setInterval(async () => {
    for (const kind of KINDS)
      if (media.peek()[kind] === "busy" && (await allowedBefore(kind))) ui.deviceTry.value++;
  }, BUSY_AGAIN);
}

/** Asks for a device again that is in this state. */
function tryAgain(state: DeviceState): void {
  if (KINDS.some((kind) => media.peek()[kind] === state)) ui.deviceTry.value++;
}

/** Camera, microphone and connection end now, in this very turn of the event loop. */
export function stopAll(): void {
  devices.stop();
  drop();
}

/** The microphone's own track, for the meter of the device check. */
export function microphoneTrack(): MediaStreamTrack | null {
  return microphone.value;
}

async function must(command: "set_camera" | "set_microphone", on: boolean): Promise<void> {
  const ack = await send(command, { on }, { quietly: true });
  if (!ack.ok) throw new Error(ack.code);
}

function devicesChanged(found: Found): void {
  if (found.microphoneState === "on" && microphone.peek() === null) void listDevices();
  if (found.cameraState === "on" && camera.peek() === null) void listDevices();
  // it may be another one that the browser takes instead, or the same once more
  if (KINDS.some((kind) => media.peek()[kind] === "on" && found[`${kind}State`] === "missing"))
    setTimeout(() => tryAgain("missing"), LOST_AGAIN);
  if (camera.peek() !== found.camera) {
    changeMedia({ own: found.camera === null ? null : new MediaStream([found.camera]) });
  }
  camera.value = found.camera;
  microphone.value = found.microphone;
  changeMedia({ camera: found.cameraState, microphone: found.microphoneState });
}

async function listDevices(): Promise<void> {
  const { cameras, microphones } = await devices.choices();
  ui.cameras.value = cameras;
  ui.microphones.value = microphones;
}
