// A clock that views may read: it beats once a second, and only while somebody looks.

import { signal } from "@preact/signals";
import { serverNow } from "./store";

let timer: ReturnType<typeof setInterval> | undefined;

const beat = signal(serverNow(), {
  watched() {
    beat.value = serverNow();
    timer = setInterval(() => (beat.value = serverNow()), 1000);
  },
  unwatched() {
    clearInterval(timer);
  },
});

/** The server's time, followed by whoever reads it while rendering. */
export function now(): number {
  return beat.value;
}

/** Whole seconds until a moment of the server's clock, never below 0. */
export function secondsUntil(moment: number): number {
  return Math.max(0, Math.ceil((moment - now()) / 1000));
}

/** "3:07" for a length in milliseconds. */
export function asMinutes(length: number): string {
  const seconds = Math.max(0, Math.floor(length / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
