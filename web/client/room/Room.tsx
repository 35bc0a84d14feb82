// In the meeting: a facilitator's console, or everybody else's room.

import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { isFacilitator } from "../store";
import { useAnnouncements } from "./announcements";
import { Participant } from "./Participant";
import { useShortcuts } from "./shortcuts";

const AGAIN = 1000;
const MOST = 5;

/** A module of its own, which only facilitators load. */
const Console = signal<ComponentType | null>(null);

async function load(tries = 1): Promise<void> {
  try {
    const { FacilitatorRoom } = await import("./FacilitatorRoom");
    Console.value = FacilitatorRoom;
  } catch {
    // a browser may remember that a module could not be fetched, and then only a new page asks again
    if (tries === MOST) location.reload();
    else setTimeout(() => void load(tries + 1), AGAIN);
  }
}

isFacilitator.subscribe((leads) => {
  if (leads && Console.peek() === null) void load();
});

export function Room() {
  useAnnouncements();
  useShortcuts();
  if (!isFacilitator.value) return <Participant />;
  const Loaded = Console.value;
  return Loaded === null ? null : <Loaded />;
}
