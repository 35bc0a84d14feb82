// Who stands before the door, in the order in which they are to be brought in (R9).

import { now } from "../beat";
import { send } from "../transport";
import type { Row, View } from "../wire";
import { ask } from "./Confirm";
import { consoleWords as says } from "./consoleWords";
import { byArrival } from "./nextStep";
import { goTo } from "./panels";
import { roleWords, words } from "./words";

const outside: readonly Row["door"][] = ["away", "arriving", "waiting"];

export function DoorPanel({ view, people }: { view: View; people: readonly Row[] }) {
  const order = byArrival(people);
  const rows = order.filter((row) => outside.includes(row.door));
  if (rows.length === 0) return null;
  const swap = (row: Row, other: Row) => {
    const ids = order.map((person) => person.id);
    const swapped = ids.map((id) => (id === row.id ? other.id : id === other.id ? row.id : id));
    void send("set_arrival_order", { order: swapped });
  };
  return (
    <section class="panel" aria-labelledby="door-title">
      <h2 id="door-title">{says.atTheDoor}</h2>
      <ol class="rows">
        {rows.map((row, index) => (
          <DoorRow
            key={row.id}
            row={row}
            orderable={view.may.includes("set_arrival_order")}
            earlier={rows[index - 1]}
            later={rows[index + 1]}
            swap={(other) => swap(row, other)}
          />
        ))}
      </ol>
    </section>
  );
}

interface DoorRowProps {
  readonly row: Row;
  readonly orderable: boolean;
  readonly earlier: Row | undefined;
  readonly later: Row | undefined;
  readonly swap: (other: Row) => void;
}

function DoorRow({ row, orderable, earlier, later, swap }: DoorRowProps) {
  return (
    <li class={row.next_in ? "row person first" : "row person"}>
      {orderable && (
        <span class="move">
          <button
            type="button"
            aria-label={says.earlier(row.label)}
            disabled={earlier === undefined}
            onClick={() => earlier !== undefined && swap(earlier)}
          >
            <span aria-hidden="true">↑</span>
          </button>
          <button
            type="button"
            aria-label={says.later(row.label)}
            disabled={later === undefined}
            onClick={() => later !== undefined && swap(later)}
          >
            <span aria-hidden="true">↓</span>
          </button>
        </span>
      )}
      <div class="grow">
        <b>{row.label}</b> <span class="soft">{roleWords[row.role]}</span>
        <DoorState row={row} />
      </div>
      <DoorActs row={row} />
    </li>
  );
}

/** "says yes · camera on · waiting 3 min" */
function DoorState({ row }: { row: Row }) {
  if (row.door !== "waiting")
    return <small>{row.connected || row.door === "away" ? says.doors[row.door] : says.lines.lost}</small>;
  const facts = [
    says.willing[row.willing],
    row.camera ? says.cameraOn : says.cameraOff,
    ...(row.line === "good" ? [] : [says.lines[row.line]]),
    ...(row.waiting_since === null ? [] : [says.waits(now() - row.waiting_since)]),
  ];
  return (
    <>
      <small>{facts.join(" · ")}</small>
      {row.called_until !== null && <span class="pill ok">{says.comesIn}</span>}
      {row.not_yet && row.called_until === null && <span class="pill">{says.saysNotYet}</span>}
      {row.signal !== null && <span class="pill alert">{words.signs[row.signal][0]}</span>}
    </>
  );
}

function DoorActs({ row }: { row: Row }) {
  const may = (command: string) => row.may.includes(command);
  // the one who comes next is brought in from the next safe step, above
  const admit = may("admit") && !row.next_in;
  if (!admit && !may("visit") && !may("refuse")) return null;
  return (
    <div class="acts">
      {admit && (
        <button type="button" class="small" onClick={() => send("admit", { person: row.id })}>
          {says.bringIn(row.label)}
        </button>
      )}
      {may("visit") && (
        <button
          type="button"
          class="small"
          aria-label={`${says.goThere}, ${row.label}`}
          onClick={() => goTo(row.id)}
        >
          {says.goThere}
        </button>
      )}
      {may("refuse") && (
        <button
          type="button"
          class="small quiet"
          aria-label={`${says.refuse}, ${row.label}`}
          onClick={() =>
            ask({
              title: says.refuseTitle(row.label),
              text: says.refuseText(row.label),
              yes: says.refuse,
              run: () => send("refuse", { person: row.id }),
            })
          }
        >
          {says.refuse}
        </button>
      )}
    </div>
  );
}
