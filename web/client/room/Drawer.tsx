// A drawer lies over the seats and leaves everything else within reach: the exit, the pause and my main action.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ui } from "../store";
import { words } from "./words";

/** Which drawers there are. */
export type DrawerName = "write" | "sign" | "view" | "leave";

export function openDrawer(name: DrawerName | null): void {
  ui.drawer.value = ui.drawer.peek() === name ? null : name;
}

interface DrawerProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

export function Drawer({ title, children }: DrawerProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    heading.current?.focus();
    return () => {
      // once the drawer is out of the page: back to where the hand was, unless it has gone elsewhere by itself
      requestAnimationFrame(() => {
        if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus();
      });
    };
  }, []);
  const close = () => (ui.drawer.value = null);
  return (
    <div
      class="drawer"
      role="dialog"
      aria-labelledby="drawer-title"
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <div class="drawer-top">
        <h2 id="drawer-title" tabIndex={-1} ref={heading}>
          {title}
        </h2>
        <button type="button" class="small" onClick={close}>
          {words.close}
        </button>
      </div>
      <div class="drawer-body">{children}</div>
    </div>
  );
}
