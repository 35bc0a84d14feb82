// What is said to the person besides the screen itself: the polite aria-live region, and short notices at the edge.

import { effect, signal } from "@preact/signals";
import { stalled } from "./store";

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly about: string;
  readonly act: Act | undefined;
}

/** What one may do about it at once. */
interface Act {
  readonly says: string;
  readonly run: () => void;
}

const STAYS = 9000;
const STALLED =
  "We cannot write anything down at this moment, so nothing new can begin. What was asked to stop has stopped. We keep trying.";
const announced = signal("");
const waiting: string[] = [];
const shown = signal<readonly Notice[]>([]);
let last = 0;

/** Reads a sentence out to those who listen to the screen; nothing is shown.  What comes at once is read together. */
export function announce(text: string): void {
  if (waiting.push(text) > 1) return;
  queueMicrotask(() => {
    const all = waiting.splice(0).join(" ");
    // the same sentence twice is not a change, and would not be read: a no-break space makes it one
    announced.value = announced.peek() === all ? `${all}\u00a0` : all;
  });
}

/** Shows a short sentence for a while, and reads it out.  It takes the place of an older one about the same. */
export function say(text: string, about = text, act?: Act): void {
  const notice = { id: ++last, text, about, act };
  shown.value = [...shown.peek().filter((other) => other.about !== about), notice].slice(-2);
  announce(text);
  setTimeout(() => dismiss(notice.id), STAYS);
}

/** Takes away what was said about this, since it is seen. */
export function unsay(about: string): void {
  shown.value = shown.peek().filter((notice) => !notice.about.startsWith(about));
}

function dismiss(id: number): void {
  shown.value = shown.peek().filter((notice) => notice.id !== id);
}

effect(() => {
  if (stalled.value) announce(STALLED);
});

export function Announcer() {
  return (
    <div class="hush" role="status" aria-live="polite" aria-atomic="true">
      {announced.value}
    </div>
  );
}

function follow({ id, act }: Notice): void {
  dismiss(id);
  act?.run();
}

export function Notices() {
  if (shown.value.length === 0 && !stalled.value) return null;
  return (
    <aside class="notices" aria-label="Notices">
      {stalled.value && (
        <div class="notice">
          <p>{STALLED}</p>
        </div>
      )}
      {shown.value.map((notice) => (
        <div class="notice" key={notice.id}>
          <p>{notice.text}</p>
          {notice.act !== undefined && (
            <button type="button" onClick={() => follow(notice)}>
              {notice.act.says}
            </button>
          )}
          <button type="button" class="quiet" onClick={() => dismiss(notice.id)}>
            Close
          </button>
        </div>
      ))}
    </aside>
  );
}
