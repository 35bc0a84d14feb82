// How somebody's line was over the last minutes, as the console draws it and puts it into words.

import type { Spell } from "../wire";
import { consoleWords as says } from "./consoleWords";
import { names } from "./words";

/** What the picture shows, in ms. */
export const SPAN = 300_000;

/** Pictures that are paused are the work of a thin line, even where what is left comes well. */
export type Level = "good" | "weak" | "lost";

/** How a line was all the time between two moments, in ms of the picture; null: there was none to judge. */
export interface Stretch {
  readonly level: Level | null;
  readonly from: number;
  readonly to: number;
}

function levelOf({ line, pictures }: Spell): Level | null {
  return line === "poor" || (line === "good" && pictures === "paused") ? "weak" : line;
}

/** The picture at a moment of the server's clock, oldest first; neighbours of one level are one. */
export function stretches(spells: readonly Spell[], at: number): readonly Stretch[] {
  const found: Stretch[] = [];
  spells.forEach((spell, index) => {
    const within = (moment: number) => Math.min(SPAN, Math.max(0, moment - at + SPAN));
    const level = levelOf(spell);
    const from = within(spell.since);
    const to = within(spells[index + 1]?.since ?? at);
    const last = found.at(-1);
    if (last?.level === level) found[found.length - 1] = { ...last, to };
    else if (to > 0) found.push({ level, from, to });
  });
  return found;
}

const isTrouble = ({ level }: Stretch) => level === "weak" || level === "lost";

/** In a sentence what matters now; "" where nothing does.  `trouble`: it does not come well at this moment. */
export function lineNow(spells: readonly Spell[], at: number): { trouble: boolean; says: string } {
  const all = stretches(spells, at);
  const last = all.at(-1);
  const pictures = spells.at(-1)?.pictures ?? "all";
  if (last === undefined || !isTrouble(last)) {
    const again = last?.level && all.some(isTrouble) ? says.lineGoodAgain : "";
    return { trouble: false, says: pictures === "off" ? says.voicesOnly : again };
  }
  if (last.level === "lost") return { trouble: true, says: says.lineDropped(SPAN - last.from) };
  // a line that drops for a moment now and then has been weak all along
  const since = all[all.findLastIndex((stretch) => !isTrouble(stretch)) + 1] ?? last;
  return { trouble: true, says: says.lineWeak(SPAN - since.from, pictures) };
}

/** The whole picture in words, for whoever does not see it. */
export function pictureSays(spells: readonly Spell[], at: number): string {
  const lasted = { good: 0, weak: 0, lost: 0 };
  for (const { level, from, to } of stretches(spells, at)) if (level) lasted[level] += to - from;
  const levels = (["good", "weak", "lost"] as const).filter((level) => lasted[level]);
  return says.lineWas(names(levels.map((level) => says.lineLevels[level](lasted[level]))));
}
