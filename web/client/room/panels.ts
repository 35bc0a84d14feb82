// Which part of the console is looked at; on a wide screen the circle is always there beside it.

import { signal } from "@preact/signals";

export type PanelName = "circle" | "now" | "people" | "letters";

export const panel = signal<PanelName>("now");

export function showPanel(name: PanelName): void {
  panel.value = name;
}
