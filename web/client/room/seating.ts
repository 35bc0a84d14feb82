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

/**
 * On a narrow screen the holder is large, or the facilitator while nobody holds; whoever speaks sees all alike.  In private
 * the other one is large, on any screen.
 */
export function seatingOf(view: View): Seating {
  const others = view.here.filter((seat) => !seat.me);
  const even: Seating = { form: "even", focus: null };
  if (view.me.in_holding && others[0] !== undefined) return { form: "focus", focus: others[0].id };
  const iHold = view.here.some((seat) => seat.me && seat.holds);
  if (view.mode === "open" || iHold || others.length === 0) return even;
  const focus = others.find((seat) => seat.holds) ?? others.find((seat) => seat.role === "facilitator");
  return focus === undefined ? even : { form: "focus", focus: focus.id };
}

/** The same, where all are alike. */
export function columnsAlike(people: number): number {
  return people > 9 ? 4 : people > 4 ? 3 : 2;
}

export interface Point {
  /** From -1, left, to 1, right. */
  readonly x: number;
  /** From -1, top, to 1, bottom. */
  readonly y: number;
}

/** The ring is a little squarer than an ellipse and about this much wider than high. */
const SQUARENESS = 0.85;
const WIDTH_TO_HEIGHT = 1.8;
const STEPS = 720;

const ring: readonly (Point & { readonly along: number })[] = (() => {
  const bent = (value: number) => Math.sign(value) * Math.abs(value) ** SQUARENESS;
  let along = 0;
  let last: Point | null = null;
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const angle = (2 * Math.PI * step) / STEPS;
    const point: Point = { x: -bent(Math.sin(angle)), y: bent(Math.cos(angle)) };
    if (last !== null) along += Math.hypot((point.x - last.x) * WIDTH_TO_HEIGHT, point.y - last.y);
    last = point;
    return { ...point, along };
  });
})();

/**
 * Where each chair stands on the ring: clockwise in the order of the seats, mine nearest to me, at the bottom, and equally
 * far apart along the ring (equal angles would crowd its narrow sides).
 */
export function places(chairs: readonly string[], me: string): ReadonlyMap<string, Point> {
  const mine = Math.max(0, chairs.indexOf(me));
  const whole = ring.at(-1)?.along ?? 0;
  return new Map(
    chairs.map((id, index) => {
      const along = (whole * ((index - mine + chairs.length) % chairs.length)) / chairs.length;
      return [id, ring.find((point) => point.along >= along) ?? { x: 0, y: 1 }];
    }),
  );
}

/** How wide a seat of the ring is: at most `wide` % of the stage's width, and `high` % of its height less `less` px. */
export interface SeatSize {
  readonly wide: number;
  readonly high: number;
  readonly less: number;
}

/** The largest that leaves room for a larger holder on any chair and for the words in the middle, found by trying. */
export function seatSize(chairs: number): SeatSize {
  if (chairs <= 4) return { wide: 23, high: 53, less: 112 };
  if (chairs <= 6) return { wide: 23, high: 50, less: 108 };
  if (chairs === 7) return { wide: 19.5, high: 41, less: 66 };
  if (chairs === 8) return { wide: 20, high: 33, less: 45 };
  if (chairs <= 10) return { wide: 15, high: 33, less: 46 };
  return { wide: 13.5, high: 24, less: 28 };
}

/** Who a person came with, as far as that is somebody here. */
export function companion(seat: Seated, here: readonly Seated[]): string | null {
  return here.find((other) => other.id === seat.attached_to)?.label ?? null;
}
