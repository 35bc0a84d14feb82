// What every screen before the meeting has: where I am, the ways out always in the same corner, one thing, its actions.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { quickExit } from "../acts";
import { openDrawer } from "../room/Drawer";
import { OpenDrawer } from "../room/drawers";
import { words } from "../room/words";
import { isFacilitator, link, may, view } from "../store";
import { failed, Trouble } from "../Trouble";
import { before } from "./words";

interface FrameProps {
  readonly name: string;
  /** 1 to 3, of the three steps before the door. */
  readonly step?: 1 | 2 | 3;
  /** Beside the ways out, where there are no steps. */
  readonly aside?: string;
  readonly children: ComponentChildren;
  readonly actions?: ComponentChildren | undefined;
}

export function Frame({ name, step, aside, children, actions }: FrameProps) {
  return (
    <div class={`before ${name}`}>
      <header class="before-top">
        {step === undefined || isFacilitator.value ? <span class="soft">{aside}</span> : <Steps now={step} />}
        <span class="ways-out">
          {may("leave") && !isFacilitator.value && (
            <button type="button" class="plain" onClick={() => openDrawer("leave")}>
              {before.leave}
            </button>
          )}
          <button type="button" class="pause small" onClick={() => void quickExit()}>
            {words.quickExit}
          </button>
        </span>
      </header>
      <main class="before-body">
        <div class="before-main">
          {link.value === "down" && failed.value === null && view.value !== null && (
            <p class="note down">{words.lineDown}</p>
          )}
          <Trouble />
          {children}
        </div>
        <OpenDrawer />
        {actions !== undefined && <div class="before-actions">{actions}</div>}
      </main>
    </div>
  );
}

function Steps({ now }: { now: number }) {
  return (
    <span class="steps" role="img" aria-label={before.step(now)}>
      {[1, 2, 3].map((step) => (
        <i key={step} class={step <= now ? "on" : ""} />
      ))}
    </span>
  );
}

let shownBefore = false;

/**
 * The heading of a screen.  When a screen takes another's place the focus goes to its heading, so that nobody is left in
 * a part of the page that is no longer there; a page that has just been loaded starts at its top, as every page does.
 */
export function Title({ children }: { children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (shownBefore) heading.current?.focus();
    shownBefore = true;
  }, []);
  return (
    <h1 tabIndex={-1} ref={heading}>
      {children}
    </h1>
  );
}
