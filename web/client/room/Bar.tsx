// The line at the top of every screen of the room: where I am, and the way out, always in the same corner (R12, R20).

import type { ComponentChildren } from "preact";
import { quickExit } from "../acts";
import { invitation } from "../store";
import { words } from "./words";

export function Bar({ children }: { children?: ComponentChildren }) {
  return (
    <header class="bar">
      <h1 tabIndex={-1}>{invitation.value.title}</h1>
      {children}
      <button type="button" class="pause small exit" onClick={quickExit}>
        {words.quickExit}
      </button>
    </header>
  );
}
