// How I want to see the others: my own choice, told to nobody, forgotten with the page (R28).

import { signal } from "@preact/signals";
import type { PersonId } from "../wire";

export type Shown = "shown" | "blurred" | "hidden";

const wishes = signal<ReadonlyMap<PersonId, Shown>>(new Map());

/** How I see this person's picture. */
export function shownTo(person: PersonId): Shown {
  return wishes.value.get(person) ?? "shown";
}

export function show(person: PersonId, how: Shown): void {
  wishes.value = new Map(wishes.peek()).set(person, how);
}
