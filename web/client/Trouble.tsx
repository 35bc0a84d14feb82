// The meeting cannot be reached from here: which part of the way does not work, and what one can do.

import { computed, effect, signal } from "@preact/signals";
import { announce } from "./notices";
import type { Trouble as OfMedia } from "./media/search";
import { isFacilitator, link, media } from "./store";

/** How long a line may be down before more is said than that it is, in ms. */
const LONG = 10_000;
const NETWORK =
  "You can try another network: mobile data in place of Wi\u2011Fi, or the other way round. If you use a VPN, turn it off. We keep trying.";
const OURS = "This is for us to mend, and not for you. Please tell ";
const WRITE = "Messages get through, and your place is kept.";
/** What is; what one can do; whom to ask. */
const says: Readonly<Record<OfMedia | "no-line", readonly [string, string]>> = {
  "no-line": [
    "We cannot reach the meeting from here.",
    `Nothing is lost. ${NETWORK} If it stays like this, ring `,
  ],
  "no-way": [
    "Sound and pictures do not get through this network.",
    `${WRITE} ${NETWORK} If it stays like this, tell `,
  ],
  "no-relay": [
    "Sound and pictures do not get through: this network lets us reach no relay.",
    `${WRITE} ${NETWORK} If it stays like this, tell `,
  ],
  "relay-refused": ["Our relay does not let sound and pictures in.", `${WRITE} ${OURS}`],
  "behind-relay": ["Sound and pictures come as far as our relay, and no further.", `${WRITE} ${OURS}`],
  "not-hidden": [
    "Your address is to stay hidden, and we cannot hide it now. So sound and pictures are off.",
    `${WRITE} ${OURS}`,
  ],
};

const long = signal(false);
let timer: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  clearTimeout(timer);
  if (link.value === "down") timer = setTimeout(() => (long.value = true), LONG);
  else long.value = false;
});

/** The part of the way that does not work, if it is known and worth saying. */
export const failed = computed(() =>
  link.value === "down" ? (long.value ? "no-line" : null) : media.value.trouble,
);

const ring = () => (isFacilitator.peek() ? "the person who runs this service" : "your facilitator");

// read out once, whichever screen shows it
effect(() => {
  if (failed.value !== null) announce(`${says[failed.value].join(" ")}${ring()}.`);
});

export function Trouble() {
  const part = failed.value;
  if (part === null) return null;
  return (
    <div class="note trouble">
      <b>{says[part][0]}</b> {says[part][1]}
      {ring()}. <small>(for your helper: {part})</small>
    </div>
  );
}
