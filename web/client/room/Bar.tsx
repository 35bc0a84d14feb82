// The line at the top of every screen of the room: where I am, and the way out, always in the same corner (R12, R20).

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { quickExit } from "../acts";
import { invitation } from "../store";
import { words } from "./words";

export function Bar({ children }: { children?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // the screen before is gone, and with it whatever had the focus
    if (document.activeElement === document.body) heading.current?.focus();
  }, []);
  return (
    <header class="bar">
      <h1 tabIndex={-1} ref={heading}>
        {invitation.value.title}
      </h1>
      {children}
      <button type="button" class="pause small exit" onClick={quickExit}>
        {words.quickExit}
      </button>
    </header>
  );
}
