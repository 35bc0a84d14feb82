// What has changed, said politely to those who listen to the screen (R38): turn, mode, pause, who came and went.

import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { announce, say, unsay } from "../notices";
import { isFacilitator, link, messages, ui, view, type Message } from "../store";
import type { Row, View } from "../wire";
import { panel, writeTo } from "./panels";
import { words } from "./words";

/** The sentences between two views of the same reader, the weightiest last, since it is the one that is heard out. */
export function changes(before: View, after: View): readonly string[] {
  const told: string[] = [];
  if (before.me.in_circle && after.me.in_circle) {
    for (const seat of after.here) {
      const was = before.here.find((other) => other.id === seat.id);
      if (was === undefined) told.push(words.cameIn(seat.label));
      else if (was.away !== seat.away)
        told.push(seat.away ? words.lostLine(seat.label) : words.isBack(seat.label));
    }
    for (const seat of before.here)
      if (!after.here.some((other) => other.id === seat.id)) told.push(words.wentOut(seat.label));
    if (after.mode !== null && before.mode !== after.mode) told.push(`${words.modeSays[after.mode]}.`);
    if (before.holder !== after.holder && after.holder !== after.me.id) {
      const holder = after.here.find((seat) => seat.id === after.holder);
      told.push(holder === undefined ? words.pieceFree : `${words.holds(holder.label)}.`);
    }
  }
  told.push(...forFacilitators(before.console?.people ?? [], after.console?.people ?? []));
  if (before.phase !== after.phase) told.push(words.phases[after.phase]);
  if (before.me.floor !== after.me.floor) {
    if (after.me.floor === "offered") told.push(`${words.beforeYou}. ${words.beforeYouMore}`);
    if (after.me.floor === "granted") told.push(`${words.youHold}. ${words.microphone.yours}`);
  }
  return told;
}

function forFacilitators(before: readonly Row[], after: readonly Row[]): readonly string[] {
  return after.flatMap((row) => {
    const was = before.find((other) => other.id === row.id);
    if (was === undefined) return [];
    const told: string[] = [];
    if (row.door === "waiting" && was.door !== "waiting") told.push(words.arrived(row.label));
    if (row.not_yet && !was.not_yet) told.push(words.saidNotYet(row.label));
    if (row.signal !== null && row.signal !== was.signal)
      told.push(words.showsSign(row.label, words.signs[row.signal][0]));
    return told;
  });
}

/** What a notice of a letter is about, before its writer's id. */
export const LETTER = "letter ";

function read({ from }: Message): void {
  if (isFacilitator.peek()) writeTo(from);
  else ui.drawer.value = "write";
}

/** Announces while the room is on the screen; a sign and a letter are shown as well, unless they are in sight anyway. */
export function useAnnouncements(): void {
  const before = useRef<View | null>(null);
  const seen = useRef(messages.peek().length);
  const dropped = useRef(false);
  useSignalEffect(() => {
    const after = view.value;
    if (link.value === "down") dropped.current = true;
    if (after === before.current) return;
    if (after !== null && before.current !== null) {
      const told = changes(before.current, after);
      if (told.length > 0) announce(told.join(" "));
      if (dropped.current && before.current.me.floor === "granted" && after.me.floor !== "granted")
        say(words.turnEnded);
      for (const row of after.console?.people ?? []) {
        const was = before.current.console?.people.find((other) => other.id === row.id);
        if (row.signal !== null && was?.signal !== row.signal && panel.peek() !== "now")
          say(words.showsSign(row.label, words.signs[row.signal][0]));
      }
    }
    before.current = after;
    dropped.current = false;
  });
  useSignalEffect(() => {
    if (ui.drawer.value === "write") unsay(LETTER);
  });
  useSignalEffect(() => {
    const fresh = messages.value.slice(seen.current).filter((message) => !message.mine);
    seen.current = messages.value.length;
    const last = fresh.at(-1);
    const open = ui.drawer.peek() === "write" || panel.peek() === "letters";
    if (last === undefined) return;
    if (open) announce(words.wrote(last.label));
    else say(words.wrote(last.label), LETTER + last.from, { says: words.read, run: () => read(last) });
  });
}
