// The way to the meeting: what is the matter with it, said once to those who listen to the screen, and looked after when
// the page wakes.

import { computed, effect } from "@preact/signals";
import { paused, resting, wanted } from "./media/session";
import { resume } from "./media/sound";
import { announce } from "./notices";
import { words } from "./room/words";
import { link, me, media } from "./store";
import { answers, renew } from "./transport";

/** What passes within this many ms is not read out. */
const SETTLES = 1000;
/** What a line may take to answer when the page wakes, in ms. */
const ANSWERS_WITHIN = 2000;

/** One sentence for the person; null when nothing is the matter, or when `Trouble` says more. */
export const waySays = computed(() => {
  if (me.value === null || link.value === "gone") return null;
  if (link.value !== "up") return words.lineDown;
  const { state, trouble } = media.value;
  if (state === "down") return trouble === null ? words.mediaDown : null;
  if (state !== "up") return null;
  if (paused.value.size > 0) return words.picturesPaused;
  if (resting.value.has(me.value.id) && me.value.camera) return words.pictureRests;
  return me.value.line === "poor" ? words.lineWeak : null;
});

/**
 * What of mine goes out of this page at all, for saying who can see and hear me.  Never what is only said of my line: that
 * may come late, and nobody may be told that they are not seen while they are.
 */
export const carried = computed(() => {
  const up = link.value === "up" && media.value.state === "up";
  const wish = wanted.value;
  return { voice: up, picture: up && wish !== null && (wish.high || wish.low) };
});

const well = computed(() => link.value === "up" && media.value.state === "up");

/** Reads it out whenever it changes, and that all is well again. */
export function tellOfTheWay(): void {
  let told: string | null = null;
  let timer: ReturnType<typeof setTimeout>;
  effect(() => {
    const now = waySays.value;
    const good = well.value;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (now === told || (now === null && !good)) return;
      announce(now ?? words.lineGood);
      told = now;
    }, SETTLES);
  });
}

/**
 * No clock has run while a machine slept, so nothing here knows yet that its line is dead; and a try that began without
 * a network would be waited for.  Whenever the page is looked at again or the network is back, the line is asked.
 */
export function watchWaking(): void {
  const awake = async () => {
    if (document.hidden) return;
    resume();
    const before = link.peek();
    if (before === "down" || (before === "up" && !(await answers(ANSWERS_WITHIN)) && link.peek() === "up"))
      renew();
  };
  document.addEventListener("visibilitychange", awake);
  document.addEventListener("resume", awake);
  addEventListener("online", awake);
}
