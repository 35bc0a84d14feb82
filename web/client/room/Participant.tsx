// The room as everybody but a facilitator sees it.

import { view } from "../store";
import type { View } from "../wire";
import { Apart } from "./Apart";
import { Awareness } from "./Awareness";
import { Bar } from "./Bar";
import { Controls } from "./Controls";
import { OpenDrawer } from "./drawers";
import { Stage } from "./Stage";
import { words } from "./words";

export function Participant() {
  const now = view.value;
  if (now === null) return null;
  return (
    <div class="room participant">
      <a class="skip" href="#controls">
        {words.skip}
      </a>
      <Bar />
      <main class="scene">
        <Awareness />
        <div class="space">
          {now.me.in_circle ? (
            <Stage view={now} label={words.circle}>
              <Middle view={now} />
            </Stage>
          ) : (
            <Apart view={now} />
          )}
          <OpenDrawer />
        </div>
      </main>
      <Controls />
    </div>
  );
}

function middleSays({ phase, mode }: View): string {
  return phase === "closing" ? words.closingMiddle : words.modeSays[mode ?? "quiet"];
}

/** What stands in the middle of the circle: whose turn it is. */
function Middle({ view: now }: { view: View }) {
  const holder = now.here.find((seat) => seat.holds);
  if (holder?.me) {
    const taken = now.me.floor === "granted";
    return (
      <div class="yours">
        <h2>{taken ? words.youHold : words.beforeYou}</h2>
        <p>{taken ? words.youHoldMore : words.beforeYouMore}</p>
      </div>
    );
  }
  return (
    <div class="turn">
      <h2>{holder === undefined ? middleSays(now) : words.holds(holder.label)}</h2>
    </div>
  );
}
