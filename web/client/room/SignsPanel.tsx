// Wordless signs to the facilitators, first on the console because somebody may be in need (R11).

import { now } from "../beat";
import { send } from "../transport";
import type { Row } from "../wire";
import { consoleWords as says } from "./consoleWords";
import { ago, words } from "./words";

export function SignsPanel({ people }: { people: readonly Row[] }) {
  const rows = people.filter((row) => row.signal !== null);
  if (rows.length === 0) return null;
  return (
    <section class="panel signs" aria-labelledby="signs-title">
      <h2 id="signs-title">{says.signs}</h2>
      <ul class="rows">
        {rows.map((row) => (
          <li class="row" key={row.id}>
            <div class="grow">
              <b>{row.label}</b>: {row.signal !== null && words.signs[row.signal][0]}
              <small>
                {row.signal_at !== null && `${ago(now() - row.signal_at)} · `}
                {says.signsNote}
              </small>
            </div>
            {row.may.includes("clear_signal") && (
              <button
                type="button"
                class="small"
                aria-label={`${says.answered}, ${row.label}`}
                onClick={() => send("clear_signal", { person: row.id })}
              >
                {says.answered}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
