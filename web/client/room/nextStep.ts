// The next safe step, in words and with the button that does it; whether it may be done, the server says.

import { send } from "../transport";
import type { Console, Row, View } from "../wire";
import { consoleWords as says } from "./consoleWords";
import { goTo } from "./panels";
import { ago, words } from "./words";

export interface Step {
  readonly says: string;
  readonly button?: { readonly says: string; readonly run: () => Promise<unknown> };
  /** Second, when there is another way on. */
  readonly other?: { readonly says: string; readonly run: () => Promise<unknown> };
}

/** `at` is the server's time, for how long somebody has waited; `speak` turns my microphone on. */
export function nextStep(view: View, console: Console, at: number, speak: () => Promise<unknown>): Step {
  const visited = view.me.in_holding ? view.here.find((seat) => !seat.me) : undefined;
  if (view.may.includes("return_to_circle")) return apart(view, visited?.label, speak);
  switch (view.next) {
    case "open_the_doors":
      return { says: says.openDoorsWhy, ...offer(view, "open_doors", says.openDoors) };
    case "bring_in":
      return bringIn(view, console);
    case "begin":
      return { says: says.beginWhy, ...offer(view, "begin", says.begin) };
    case "resume":
      return resume(view, console);
    case "see_off": {
      const [first, ...others] = byArrival(console.people).filter((row) => row.may.includes("see_off"));
      if (first === undefined) return { says: says.endWhy };
      return {
        says: says.seeOffWhy(first.label, others.length === 0),
        button: { says: says.seeOff(first.label), run: () => send("see_off", { person: first.id }) },
      };
    }
    case "end":
      return { says: says.endWhy };
    default:
      return lead(view, console, at);
  }
}

/** In private with somebody, or on the way back; who cannot be heard there is offered that first. */
function apart({ me, may }: View, visited: string | undefined, speak: () => Promise<unknown>): Step {
  const back = { says: says.returnToCircle, run: () => send("return_to_circle") };
  if (visited === undefined) return { says: says.ownPlace, button: back };
  if (me.microphone || !may.includes("set_microphone")) return { says: says.visiting(visited), button: back };
  return {
    says: `${says.visiting(visited)} ${says.notHeardThere(visited)}`,
    button: { says: words.turnMicrophoneOn, run: speak },
    other: back,
  };
}

function offer(view: View, command: "open_doors" | "begin" | "resume", label: string): Pick<Step, "button"> {
  return view.may.includes(command) ? { button: { says: label, run: () => send(command) } } : {};
}

function bringIn(view: View, { people }: Console): Step {
  const row = people.find((person) => person.next_in);
  const begin = view.may.includes("begin")
    ? { other: { says: says.beginAnyway, run: () => send("begin") } }
    : {};
  if (row === undefined) return { says: says.beginWhy, ...offer(view, "begin", says.begin) };
  const visit = row.may.includes("visit")
    ? { button: { says: says.visit(row.label), run: () => goTo(row.id) } }
    : {};
  if (row.called_until !== null) return { says: says.called(row.label) };
  if (row.door === "away") return { says: says.nextAway(row.label), ...begin };
  if (row.door === "arriving") return { says: says.nextArriving(row.label), ...begin };
  if (row.willing === "not_sure") return { says: says.unsureWhy(row.label), ...visit, ...begin };
  if (row.willing === "no") return { says: says.noWhy(row.label), ...visit, ...begin };
  return {
    says: row.not_yet
      ? says.notYetWhy(row.label)
      : says.bringInWhy(row.label, row.camera, row.line === "poor"),
    ...(row.may.includes("admit")
      ? { button: { says: says.bringIn(row.label), run: () => send("admit", { person: row.id }) } }
      : {}),
    ...begin,
  };
}

function resume(view: View, { people, not_ready }: Console): Step {
  const waiting = people.filter((row) => not_ready.includes(row.id));
  const why = view.phase === "frozen" ? says.frozenWhy : says.pausedWhy;
  const near = waiting.find((row) => row.may.includes("visit"));
  return {
    says: `${why} ${waiting.length > 0 ? says.waitsForReady(waiting.map((row) => row.label)) : says.resumeWhy}`,
    ...offer(view, "resume", says.resume),
    ...(near === undefined ? {} : { other: { says: says.visit(near.label), run: () => goTo(near.id) } }),
  };
}

function lead(view: View, console: Console, at: number): Step {
  const { queue, turn, people, rounds } = console;
  const row = (id: string) => people.find((person) => person.id === id);
  const first = queue[0] === undefined ? undefined : row(queue[0].person);
  if (turn !== null) {
    const label = row(turn.person)?.label ?? "";
    if (turn.kept_until !== null) return { says: says.leadKept(label) };
    return { says: turn.taken ? says.leadHolds(label) : says.leadLies(label) };
  }
  if (first?.may.includes("grant_floor") && queue[0] !== undefined)
    return {
      says: says.askedFor(first.label, ago(at - queue[0].since)),
      button: { says: says.giveTo(first.label), run: () => send("grant_floor", { person: first.id }) },
    };
  if (view.mode === "quiet") return { says: says.leadQuiet };
  if (view.mode === "open") return { says: says.leadOpen };
  if (view.mode === "chaired") return { says: says.leadFree };
  const start = people.find((person) => person.may.includes("grant_floor"));
  return {
    says: rounds > 0 ? says.roundOver : says.leadRound,
    ...(start === undefined
      ? {}
      : {
          button: { says: says.layBefore(start.label), run: () => send("grant_floor", { person: start.id }) },
        }),
  };
}

/** Everyone who goes through the door, in the order of arrival. */
export function byArrival(people: readonly Row[]): readonly Row[] {
  return people
    .filter((row) => row.arrival !== null)
    .sort((one, other) => (one.arrival ?? 0) - (other.arrival ?? 0));
}
