// Where everybody sits.  Seats keep the order of `view.here` whatever happens (R28): somebody who holds the piece is
// shown larger, and their own place stays theirs.

import type { Seated, View } from "../wire";

/** How many small seats stand in a row on a narrow screen: few rows, so that everybody is seen at once. */
export function columns(people: number): number {
  return people > 8 ? 6 : 4;
}

export interface Seating {
  /** "focus": one large, the others small below; "even": all alike. */
  readonly form: "focus" | "even";
  /** Whose picture is the large one. */
  readonly focus: string | null;
}

/** On a narrow screen: the holder is large, or the facilitator while nobody holds; whoever speaks sees all alike. */
export function seatingOf(view: View): Seating {
  const others = view.here.filter((seat) => !seat.me);
  const even: Seating = { form: "even", focus: null };
  const iHold = view.here.some((seat) => seat.me && seat.holds);
  if (view.mode === "open" || iHold || others.length === 0) return even;
  const focus = others.find((seat) => seat.holds) ?? others.find((seat) => seat.role === "facilitator");
  return focus === undefined ? even : { form: "focus", focus: focus.id };
}

export interface Point {
  /** From -1, left, to 1, right. */
  readonly x: number;
  /** From -1, top, to 1, bottom. */
  readonly y: number;
}

/** Where each chair stands on the ring: clockwise in the order of the seats, mine nearest to me, at the bottom. */
export function places(chairs: readonly string[], me: string): ReadonlyMap<string, Point> {
  const mine = Math.max(0, chairs.indexOf(me));
  return new Map(
    chairs.map((id, index) => {
      const angle = (2 * Math.PI * (index - mine)) / chairs.length;
      return [id, { x: -Math.sin(angle), y: Math.cos(angle) }];
    }),
  );
}

/** How wide a seat of the ring may be, as shares of the stage's width and height in per cent: more people, smaller. */
export function seatSize(chairs: number): { readonly wide: number; readonly high: number } {
  if (chairs <= 4) return { wide: 23, high: 34 };
  if (chairs <= 6) return { wide: 17.5, high: 28 };
  if (chairs <= 8) return { wide: 15, high: 22 };
  if (chairs <= 10) return { wide: 12.5, high: 18.5 };
  return { wide: 11, high: 15.5 };
}

/** Who a person came with, as far as that is somebody here. */
export function companion(seat: Seated, here: readonly Seated[]): string | null {
  return here.find((other) => other.id === seat.attached_to)?.label ?? null;
}
