// Wishes are reconciled, never driven edge by edge: however quickly a wish changes, one deed runs at a time and the last
// wish wins; a deed that failed is tried again, a little later each time.

import { effect, untracked } from "@preact/signals";

const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;

export type Wait = (ms: number) => Promise<void>;

const byClock: Wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Calls `act` with the latest value of `wish` whenever it differs from the one last acted upon.  Values are compared
 * field by field, so wishes are small flat objects.  Returns how to stop.
 */
export function reconcile<Wish extends object>(
  wish: () => Wish,
  act: (wish: Wish) => Promise<void> | void,
  wait: Wait = byClock,
): () => void {
  let latest: Wish | null = null;
  let done: Wish | null = null;
  let running = false;
  let stopped = false;

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    let pause = FIRST_WAIT;
    while (!stopped && latest !== null && !same(latest, done)) {
      const wanted: Wish = latest;
      try {
        await act(wanted);
        done = wanted;
        pause = FIRST_WAIT;
      } catch {
        // half done is not done: whatever is wished next is acted upon, even if it was done before
        done = null;
        await wait(pause);
        pause = Math.min(pause * 2, LONGEST_WAIT);
      }
    }
    running = false;
  }

  const release = effect(() => {
    latest = wish();
    untracked(() => void run());
  });
  return () => {
    stopped = true;
    release();
  };
}

function same(one: object, other: object | null): boolean {
  if (other === null) return false;
  const keys = Object.keys(one) as (keyof typeof one)[];
  return keys.every((key) => Object.is(one[key], other[key]));
}
