// What a person does here that is more than one command to the server.

import { effect } from "@preact/signals";
import { stopAll } from "./media/live";
import { say } from "./notices";
import { bye, invitation, link, me, media, ui, view, type DeviceState } from "./store";
import { disconnect, lastWord, reconnect, send, type Ack } from "./transport";

/** How long the quick exit waits for the server to have heard it, in ms; the screen is blank by then. */
const LAST_WORD = 150;
const CHECKED = "checked";
/** What a device is said to have become, it has been for so long, in ms. */
const SETTLES = 1000;

/** Opens or closes my microphone.  Closing works at once, whether or not the server can be reached. */
export async function setMicrophone(on: boolean): Promise<void> {
  if (!on) {
    ui.hushed.value = true;
    // if this does not reach the server, media/live.ts tells it as soon as the line is back
    await send("set_microphone", { on }, { quietly: link.peek() !== "up" });
    return;
  }
  ui.hushed.value = false;
  if (media.peek().microphone !== "on") {
    say(deviceSays(media.peek().microphone, "microphone"), "microphone");
    ui.deviceTry.value++;
  }
  await send("set_microphone", { on });
}

/** Opens or closes my camera.  The server learns of it when the camera is really on or off. */
export function setCamera(on: boolean): void {
  ui.camera.value = on;
  const state = media.peek().camera;
  if (on && state !== "on" && state !== "off") {
    say(deviceSays(state, "camera"), "camera");
    ui.deviceTry.value++;
  }
}

/** Voices only, for a weak line: no pictures come, and none goes unless the camera is turned on again. */
export function setPictures(on: boolean): void {
  ui.pictures.value = on;
  if (!on) setCamera(false);
}

/** One sentence on a device that does not work. */
export function deviceSays(state: DeviceState, device: "camera" | "microphone"): string {
  switch (state) {
    case "denied":
      return `Your browser does not let this page use the ${device}. You can allow it beside the address, at the top.`;
    case "missing":
      return `No ${device} was found. You can plug one in, or go on without.`;
    case "busy":
      return `Another program is using the ${device}. Close it, then try again.`;
    default:
      return `We are asking your browser for the ${device}.`;
  }
}

/** Says it when a device stops in the middle of a meeting, and when it works again. */
export function tellOfDevices(): void {
  for (const device of ["camera", "microphone"] as const) {
    let before: DeviceState = "off";
    let lost = false;
    const tell = () => {
      const state = media.peek()[device];
      if (state !== "on" && state !== "off") say(deviceSays(state, device), device);
    };
    effect(() => {
      const now = media.value[device];
      if (now === before) return;
      if (ui.checked.peek() && before === "on" && now !== "off") setTimeout(tell, SETTLES);
      if (lost && now === "on") say(`Your ${device} works again.`, device);
      lost = now !== "off" && now !== "on" && (lost || before === "on");
      before = now;
    });
  }
}

/** The device check is done: whoever loads this page again in the same tab need not repeat it. */
export function finishCheck(): void {
  ui.step.value = "question";
  ui.checked.value = true;
}

/** Keeps, for a reload of this page, whether this person wants to be seen and to see. */
export function keepCheck(): void {
  effect(() => {
    const wishes = [ui.camera.value ? "seen" : "", ui.pictures.value ? "seeing" : ""].join(" ");
    if (ui.checked.value) sessionStorage.setItem(CHECKED, wishes);
  });
}

/** Takes up the device check of this tab, if there was one. */
export function resumeCheck(): void {
  const kept = sessionStorage.getItem(CHECKED);
  if (kept === null) return;
  ui.camera.value = kept.includes("seen");
  ui.pictures.value = kept.includes("seeing");
  ui.step.value = "question";
  ui.checked.value = true;
}

/** Leave for now: one can come back through the door.  Nothing that the server may answer, or not, keeps anybody here. */
export async function leave(): Promise<void> {
  ui.drawer.value = null;
  await send("leave", {}, { quietly: true });
  if (me.peek()?.door === "left") return; // the view said so; see `closeWhenGone`
  bye.value = "left";
  disconnect();
}

/** No longer take part. */
export async function withdraw(): Promise<Ack> {
  ui.drawer.value = null;
  ui.reconsider.value = false;
  return send("withdraw_consent");
}

/** Camera, microphone and this page end at once; the facilitators are told (R12, R20). */
export async function quickExit(): Promise<void> {
  document.body.replaceChildren();
  document.title = "";
  stopAll();
  sessionStorage.clear();
  await lastWord(LAST_WORD);
  location.replace(invitation.peek().exit || "about:blank");
}

/** Comes back after having left, or takes this page instead of another one. */
export function comeBack(): void {
  ui.checked.value = false;
  ui.step.value = "devices";
  ui.reconsider.value = false;
  reconnect();
}

/** Three times Escape within this many ms is the quick exit. */
const THREE_WITHIN = 1500;

/** Escape closes what lies over the screen, wherever the focus is; three times, it is the quick exit. */
export function watchEscape(): void {
  let presses: number[] = [];
  // while capturing, so that a dialog which closes on Escape does not swallow it
  addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || event.repeat) return;
      presses = [...presses, event.timeStamp].filter((at) => event.timeStamp - at < THREE_WITHIN);
      if (presses.length >= 3) void quickExit();
      else ui.drawer.value = null;
    },
    { capture: true },
  );
}

/** A person who has left keeps no line open: nobody should think that they are still here. */
export function closeWhenGone(): void {
  effect(() => {
    if (me.value?.door !== "left" || view.value?.phase === "ended") return;
    sessionStorage.removeItem(CHECKED);
    disconnect();
  });
}
