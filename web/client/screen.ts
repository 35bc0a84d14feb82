// Which screen is shown: one pure question on the state, so that there is one place to look when the wrong one is.

import { computed } from "@preact/signals";
import { bye, link, ui, view, type Link, type Step } from "./store";
import type { View } from "./wire";

export type Screen =
  "connecting" | "welcome" | "devices" | "question" | "early" | "holding" | "room" | "gone";

export interface Standing {
  readonly view: View | null;
  readonly link: Link;
  readonly bye: string | null;
  readonly step: Step;
  readonly checked: boolean;
  readonly reconsider: boolean;
}

export function screenOf({ view, link, bye, step, checked, reconsider }: Standing): Screen {
  if (bye !== null) return "gone";
  if (view === null) return "connecting";
  const { me, phase } = view;
  if (phase === "ended") return "gone";
  if (me.role === "facilitator")
    return me.door === "left" || link === "gone" ? "gone" : checked ? "room" : "devices";
  switch (me.door) {
    case "away":
    case "arriving":
      // the question is asked when somebody is there to hear the answer
      return step === "question" && view.next === "wait_for_doors" ? "early" : step;
    case "waiting":
      return !checked ? "devices" : reconsider ? "question" : "holding";
    case "admitted":
      // the room also shows its people their own places, while the meeting is paused or frozen
      return checked ? "room" : "devices";
    case "withdrawn":
      if (reconsider) return checked ? "question" : "devices";
      return "gone";
    case "refused":
    case "removed":
    case "left":
      return "gone";
  }
}

/** The screen that is shown now. */
export const screen = computed(() =>
  screenOf({
    view: view.value,
    link: link.value,
    bye: bye.value,
    step: ui.step.value,
    checked: ui.checked.value,
    reconsider: ui.reconsider.value,
  }),
);
