// Who may speak, who has asked, and how the time was shared so far (R23, R25).

import { useState } from "preact/hooks";
import { now } from "../beat";
import { send } from "../transport";
import type { Console, Mode, Row, View } from "../wire";
import { consoleWords as says } from "./consoleWords";
import { ago, names } from "./words";

const modes = Object.keys(says.modes) as readonly Mode[];

export function ModePanel({ view }: { view: View }) {
  // what the hand chose stands until the server has answered; then what the server says stands
  const [wished, setWished] = useState<Mode | null>(null);
  if (view.mode === null || !view.may.includes("set_mode")) return null;
  const shown = wished ?? view.mode;
  const choose = async (mode: Mode) => {
    setWished(mode);
    await send("set_mode", { mode });
    setWished(null);
  };
  return (
    <section class="panel">
      <fieldset class="segments wide">
        <legend>{says.whoMaySpeak}</legend>
        {modes.map((mode) => (
          <label key={mode}>
            <input
              type="radio"
              name="mode"
              checked={shown === mode}
              aria-describedby={shown === mode ? "mode-means" : undefined}
              onChange={() => choose(mode)}
            />
            <span>{says.modes[mode]}</span>
          </label>
        ))}
      </fieldset>
      <p class="soft means" id="mode-means">
        {says.modeMeans[shown]}
      </p>
    </section>
  );
}

export function QueuePanel({ view, console: { queue, people, come_back } }: PanelProps) {
  const chaired = view.mode === "chaired" || queue.length > 0;
  const label = (id: string) => people.find((row) => row.id === id)?.label ?? "";
  if (view.phase !== "under_way" && queue.length === 0) return null;
  if (!chaired && come_back.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="queue-title">
      <h2 id="queue-title">{chaired ? says.asked : says.comeBackTo}</h2>
      {come_back.length > 0 && <p>{names(come_back.map(label))}</p>}
      {chaired && queue.length === 0 && <p class="soft">{says.nobodyAsked}</p>}
      <ol class="rows">
        {queue.map(({ person, since }, index) => {
          const row = people.find((one) => one.id === person);
          return (
            row !== undefined && (
              <li class="row" key={person}>
                <div class="grow">
                  <b>{row.label}</b>
                  <small>{ago(now() - since)}</small>
                </div>
                {row.may.includes("deny_request") && (
                  <button
                    type="button"
                    class="small quiet"
                    aria-label={`${says.deny}, ${row.label}`}
                    onClick={() => send("deny_request", { person })}
                  >
                    {says.deny}
                  </button>
                )}
                {row.may.includes("grant_floor") && (
                  <button
                    type="button"
                    class={index === 0 ? "small primary" : "small"}
                    aria-label={`${says.give}, ${row.label}`}
                    onClick={() => send("grant_floor", { person })}
                  >
                    {says.give}
                  </button>
                )}
              </li>
            )
          );
        })}
      </ol>
    </section>
  );
}

export interface PanelProps {
  readonly view: View;
  readonly console: Console;
}

/** A picture, not a score: quiet bars against the longest, without figures. */
export function SharesPanel({ people }: { people: readonly Row[] }) {
  const shares = people
    .map((row) => ({
      row,
      time: row.share.spoken + (row.share.since === null ? 0 : now() - row.share.since),
    }))
    .filter(({ row, time }) => time > 0 || row.place === "circle");
  const longest = Math.max(1, ...shares.map(({ time }) => time));
  const spoken = shares.filter(({ time }) => time > 0);
  if (shares.length === 0) return null;
  const inOrder = [...spoken].sort((one, other) => other.time - one.time).map(({ row }) => row.label);
  return (
    <section class="panel" aria-labelledby="shares-title">
      <h2 id="shares-title">{says.shares}</h2>
      {spoken.length === 0 ? (
        <p class="soft">{says.sharesNone}</p>
      ) : (
        <div class="shares" role="img" aria-label={says.sharesSay(inOrder)}>
          {shares.map(({ row, time }) => (
            <div class={row.share.since === null ? "share" : "share now"} key={row.id}>
              <span>{row.label}</span>
              <i style={{ "--share": time / longest } as Record<string, number>} />
            </div>
          ))}
        </div>
      )}
    </section>
  );
}
