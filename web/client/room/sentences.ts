// The two sentences that are always on the screen, made from what the server says of each person here.

import { microphoneOn, ui } from "../store";
import type { Seated, View } from "../wire";
import { names, words } from "./words";

function who(some: readonly Seated[], all: readonly Seated[], alone: boolean): string {
  const labels = some.map((seat) => seat.label);
  if (alone) return words.only(labels);
  return some.length === all.length && all.length > 1 ? words.everyone : names(labels);
}

/** What of mine goes out of this page at this moment (`carried` in way.ts). */
export interface Carried {
  readonly voice: boolean;
  readonly picture: boolean;
}

/** "Everyone here can see you. Nobody can hear you now." */
export function whoSeesAndHears(view: View, carried: Carried): string {
  const others = view.here.filter((seat) => !seat.me && !seat.away);
  const see = others.filter((seat) => carried.picture && seat.sees_me);
  const hear = others.filter((seat) => carried.voice && seat.hears_me);
  const alone = view.me.in_holding;
  if (see.length === 0 && hear.length === 0) return words.nobodySeesOrHears;
  if (see.length === hear.length && see.every((seat) => hear.includes(seat)))
    return words.seeAndHear(who(see, others, alone));
  return [
    see.length === 0 ? words.nobodySees : words.see(who(see, others, alone)),
    hear.length === 0 ? words.nobodyHears : words.hear(who(hear, others, alone)),
  ].join(" ");
}

/** What happens next, for somebody who is not a facilitator. */
export function whatNext(view: View): string {
  const holder = view.here.find((seat) => seat.holds && !seat.me);
  const held = holder === undefined ? "" : `${words.holds(holder.label)}. `;
  const { queue_position } = view.me;
  switch (view.next) {
    case "wait_for_turn":
      if (queue_position !== null)
        return queue_position === 1 ? words.youAreNext : words.before(queue_position - 1);
      return held === "" ? words.roundComes : held + words.comesToYou;
    case "ask_to_speak":
      return held + words.nexts[view.next];
    case "listen":
      if (held !== "") return held + words.listenNow;
      return view.mode === "quiet" ? words.listenQuiet : words.listen;
    default:
      return words.nexts[view.next] ?? "";
  }
}

/** Where my microphone stands, in words. */
export function microphoneSays(view: View, device: string): string {
  const { me } = view;
  if (device === "denied") return words.microphone.denied;
  if (device === "missing") return words.microphone.missing;
  if (device === "busy") return words.microphone.busy;
  if (microphoneOn.value) return me.may_speak ? words.microphone.on : words.microphone.armed;
  if (me.floor === "granted") return words.microphone.yours;
  const speaking = view.here.find((seat) => seat.holds && !seat.me && seat.speaking);
  return speaking === undefined ? words.microphone.off : words.microphone.offWhile(speaking.label);
}

/** What is the matter with my camera, in words; nothing where it runs or is not wanted. */
export function cameraSays(device: string): string {
  return ui.camera.value ? (words.cameraFails[device] ?? "") : "";
}
