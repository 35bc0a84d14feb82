// How the lines of people were over the last minutes: calm while all is well, and what is not rises.

import { now } from "../beat";
import { lines } from "../store";
import type { PersonId, Row } from "../wire";
import { consoleWords as says } from "./consoleWords";
import { lineNow, pictureSays, SPAN, stretches, type Level } from "./spells";

const heights: Readonly<Record<Level, number>> = { good: 4, weak: 8, lost: 14 };

/** The picture, and in words what it means now. */
export function LineHistory({ person }: { person: PersonId }) {
  const spells = lines.value[person];
  if (!spells?.length) return null;
  const at = now();
  const sentence = lineNow(spells, at).says;
  return (
    <>
      <svg
        class="history"
        role="img"
        aria-label={pictureSays(spells, at)}
        viewBox={`0 0 ${SPAN} 14`}
        preserveAspectRatio="none"
      >
        {stretches(spells, at).map(
          ({ level, from, to }) =>
            level && (
              <rect
                key={from}
                class={level}
                x={from}
                width={to - from}
                y={14 - heights[level]}
                height={heights[level]}
              />
            ),
        )}
      </svg>
      {sentence && <small class="line-says">{sentence}</small>}
    </>
  );
}

/** Whose line does not come well now; nothing at all while everybody's does. */
export function LinesPanel({ people }: { people: readonly Row[] }) {
  const at = now();
  const weak = people.filter((row) => lineNow(lines.value[row.id] ?? [], at).trouble);
  if (weak.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="lines-title">
      <h2 id="lines-title">{says.weakLines}</h2>
      <ul class="rows">
        {weak.map((row) => (
          <li class="row person" key={row.id}>
            <b class="grow">{row.label}</b>
            <LineHistory person={row.id} />
          </li>
        ))}
      </ul>
    </section>
  );
}
