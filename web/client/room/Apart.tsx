// Away from the circle: paused, stopped, or with a facilitator in private.

import { useState } from "preact/hooks";
import { may } from "../store";
import { send } from "../transport";
import type { View } from "../wire";
import { Stage } from "./Stage";
import { words } from "./words";

export function Apart({ view: now }: { view: View }) {
  const visitors = now.here.filter((seat) => !seat.me);
  return (
    <div class={visitors.length > 0 ? "apart visited" : "apart"}>
      {visitors.length > 0 ? (
        <Stage view={now} label={words.withYou(visitors.map((seat) => seat.label))}>
          <div class="turn">
            <h2>{words.withYou(visitors.map((seat) => seat.label))}</h2>
            <p>{words.betweenYou}</p>
          </div>
        </Stage>
      ) : (
        <div class="calm">
          <h2>
            {now.phase === "paused"
              ? words.pausedTitle
              : now.phase === "frozen"
                ? words.frozenTitle
                : words.apartTitle}
          </h2>
          <p>
            {now.phase === "paused"
              ? words.pausedText
              : now.phase === "frozen"
                ? words.frozenText
                : words.apartText}
          </p>
        </div>
      )}
      {may("set_ready") && <Ready view={now} />}
    </div>
  );
}

/** Two answers of equal weight; either can be changed until the meeting goes on (R10). */
function Ready({ view: { me } }: { view: View }) {
  const [declined, decline] = useState(false);
  const say = (ready: boolean) => {
    decline(!ready);
    void send("set_ready", { ready });
  };
  return (
    <fieldset class="ready card">
      <legend>{words.readyAsk}</legend>
      <p class="soft">{me.ready ? words.saidReady : declined ? words.saidNotReady : words.readyAskMore}</p>
      <div class="pair">
        <button type="button" aria-pressed={me.ready} onClick={() => say(true)}>
          {words.ready}
        </button>
        <button type="button" aria-pressed={declined && !me.ready} onClick={() => say(false)}>
          {words.notReady}
        </button>
      </div>
    </fieldset>
  );
}
