// What a facilitator and one person write to each other, one thread for each person.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { unsay } from "../notices";
import { messages, ui, type Message } from "../store";
import type { Row } from "../wire";
import { LETTER } from "./announcements";
import { consoleWords as says } from "./consoleWords";
import { openWith } from "./panels";
import { Thread } from "./Thread";
import { roleWords, words } from "./words";

const readWith = signal<ReadonlyMap<string, number>>(new Map());

const between = (all: readonly Message[], person: string) =>
  all.filter((message) => message.from === person || message.to === person);

const received = (all: readonly Message[], person: string) =>
  between(all, person).filter((one) => !one.mine).length;

export function LettersPanel({ people }: { people: readonly Row[] }) {
  const all = messages.value;
  const person = people.find((row) => row.id === openWith.value);
  const count = person === undefined ? 0 : received(all, person.id);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // the notice by which it was opened is gone, and the focus with it
    if (document.activeElement === document.body) heading.current?.focus();
  }, [person?.id]);
  useEffect(() => {
    if (person === undefined) return;
    unsay(LETTER + person.id);
    readWith.value = new Map(readWith.peek()).set(person.id, count);
    ui.read.value = [...readWith.value.values()].reduce((sum, read) => sum + read, 0);
  }, [person?.id, count]);

  if (person === undefined) return <Choose people={people} all={all} />;
  return (
    <section class="panel letters-panel" aria-labelledby="letters-title">
      <div class="panel-top">
        <h2 id="letters-title" tabIndex={-1} ref={heading}>
          {says.lettersWith(person.label)}
        </h2>
        <button type="button" class="small" onClick={() => (openWith.value = null)}>
          {says.back}
        </button>
      </div>
      <Thread
        key={person.id}
        messages={between(all, person.id)}
        to={person.id}
        allowed={person.may.includes("send_message")}
        label={says.lettersWith(person.label)}
        note={says.lettersNote}
      />
    </section>
  );
}

function Choose({ people, all }: { people: readonly Row[]; all: readonly Message[] }) {
  const rows = people.filter(
    (row) =>
      row.role !== "facilitator" && (row.may.includes("send_message") || between(all, row.id).length > 0),
  );
  return (
    <section class="panel" aria-labelledby="letters-title">
      <h2 id="letters-title">{says.letters}</h2>
      <p class="soft">{rows.length === 0 ? says.nobodyToWrite : says.choosePerson}</p>
      <ul class="rows">
        {rows.map((row) => {
          const fresh = received(all, row.id) - (readWith.value.get(row.id) ?? 0);
          return (
            <li key={row.id}>
              <button type="button" class="letter-to" onClick={() => (openWith.value = row.id)}>
                <span class="grow">
                  <b>{row.label}</b> <span class="soft">{roleWords[row.role]}</span>
                  <small class="last">{between(all, row.id).at(-1)?.text}</small>
                </span>
                {fresh > 0 && <span class="count">{words.fresh(fresh)}</span>}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
