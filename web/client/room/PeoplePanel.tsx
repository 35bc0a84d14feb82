// Everybody of this meeting: how they are, and what a facilitator can do for each.

import { send } from "../transport";
import type { Mode, Row } from "../wire";
import { ask } from "./Confirm";
import { consoleWords as says } from "./consoleWords";
import { CameraIcon, MicrophoneIcon } from "./icons";
import { LineHistory } from "./LineHistory";
import { goTo, writeTo } from "./panels";
import { roleWords, words } from "./words";

export function PeoplePanel({ people, mode }: { people: readonly Row[]; mode: Mode | null }) {
  return (
    <section class="panel" aria-labelledby="people-title">
      <h2 id="people-title">{says.people}</h2>
      <ul class="rows">
        {people.map((row) => (
          <li class="row person" key={row.id}>
            <div class="grow">
              <b>{row.label}</b> <span class="soft">{roleOf(row, people)}</span>
              <small>{whereabouts(row, people)}</small>
            </div>
            {row.connected && <Devices row={row} />}
            <LineHistory person={row.id} />
            <PersonActs row={row} mode={mode} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function roleOf(row: Row, people: readonly Row[]): string {
  const other = people.find((person) => person.id === row.attached_to);
  return other === undefined ? roleWords[row.role] : `${roleWords[row.role]}, ${words.with(other.label)}`;
}

/** Where somebody is and how they stand, in words. */
export function whereabouts(row: Row, people: readonly Row[]): string {
  if (row.place === null) {
    const went =
      row.departure === null || row.door !== "left" ? says.doors[row.door] : says.departures[row.departure];
    return row.lost_at === null ? went : says.lines.lost;
  }
  const host = people.find((person) => person.id === row.visiting);
  const place =
    row.place === "circle" ? says.inCircle : host === undefined ? says.ownPlace : says.withPerson(host.label);
  return row.connected ? place : `${place} · ${says.lines.lost}`;
}

function Devices({ row }: { row: Row }) {
  return (
    <span class="devices">
      <MicrophoneIcon on={row.microphone} />
      <span class="unseen">{says.microphone(row.microphone)}.</span>
      <CameraIcon on={row.camera} />
      <span class="unseen">{says.camera(row.camera)}.</span>
    </span>
  );
}

function PersonActs({ row, mode }: { row: Row; mode: Mode | null }) {
  const { id: person, label } = row;
  const buttons: readonly (readonly [string, string, () => unknown])[] = [
    ["grant_floor", mode === "circle" ? says.lay : says.give, () => send("grant_floor", { person })],
    ["admit", says.bringIn(label), () => send("admit", { person })],
    ["see_off", says.seeOff(label), () => send("see_off", { person })],
    ["visit", says.visit(label), () => goTo(person)],
    ["send_message", says.write, () => writeTo(person)],
    ["allow_return", says.allowReturn, () => send("allow_return", { person })],
    [
      "remove",
      says.remove,
      () =>
        ask({
          title: says.removeTitle(label),
          text: says.removeText(label),
          yes: says.removeYes(label),
          run: () => send("remove", { person }),
        }),
    ],
  ];
  const mine = buttons.filter(([command]) => row.may.includes(command));
  if (mine.length === 0) return null;
  return (
    <div class="acts">
      {mine.map(([command, text, run]) => (
        <button
          type="button"
          class={command === "remove" ? "small quiet remove" : "small"}
          key={command}
          aria-label={text.includes(label) ? undefined : `${text} ${label}`}
          onClick={run}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
