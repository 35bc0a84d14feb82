// Which part of the console is looked at; on a wide screen the circle is always there beside it.

import { signal } from "@preact/signals";
import { send } from "../transport";

export type PanelName = "circle" | "now" | "people" | "letters";

export const panel = signal<PanelName>("now");

/** With whom the console's messages are open; null: with nobody yet. */
export const openWith = signal<string | null>(null);

/** Opens the thread with a person. */
export function writeTo(person: string): void {
  openWith.value = person;
  showPanel("letters");
}

export function showPanel(name: PanelName): void {
  panel.value = name;
}

/** Goes to a person's own place; on a narrow screen the stage is what one wants to see then. */
export async function goTo(person: string): Promise<void> {
  if ((await send("visit", { person })).ok) showPanel("circle");
}
