// The people who share my place: on a wide stage round a circle, on a narrow one a large picture and a row of seats.

import type { ComponentChildren, JSX } from "preact";
import type { Row, Seated, View } from "../wire";
import { columns, columnsAlike, companion, places, seatingOf, seatSize, type Point } from "./seating";
import { Tile } from "./Tile";
import { roleWords, words } from "./words";

interface StageProps {
  readonly view: View;
  readonly label: string;
  /** What stands in the middle. */
  readonly children?: ComponentChildren;
  /** Everybody with a chair in the circle, for facilitators, who see the empty ones too. */
  readonly chairs?: readonly Row[];
  /** What is said on an empty chair. */
  readonly emptyChair?: (row: Row) => string;
  /** Who has asked to speak. */
  readonly asking?: ReadonlySet<string>;
}

export function Stage({ view, label, children, chairs, emptyChair, asking }: StageProps) {
  const { form, focus } = seatingOf(view);
  const order = chairs?.map((row) => row.id) ?? view.here.map((seat) => seat.id);
  const place = places(order, view.me.id);
  const size = seatSize(order.length);
  const inRow = columns(view.here.length);
  const alike = columnsAlike(order.length);
  const empty = chairs?.filter((row) => !view.here.some((seat) => seat.id === row.id)) ?? [];
  return (
    <section class={`stage ${form}${view.me.in_holding ? " private" : ""}`} aria-label={label}>
      <div
        class="ring"
        style={style({
          "--wide": size.wide,
          "--high": size.high,
          "--less": size.less,
          "--people": order.length,
          "--in-row": inRow,
          "--rows": Math.ceil(view.here.length / inRow),
          "--alike": alike,
          "--alike-rows": Math.ceil(order.length / alike),
        })}
      >
        <div class="table" aria-hidden="true" />
        <ol class={view.here.length > 8 ? "seats many" : "seats"} aria-label={label}>
          {view.here.map((seat, index) => (
            <Seat
              key={seat.id}
              seat={seat}
              view={view}
              focused={seat.id === focus}
              row={Math.floor(index / inRow) + 2}
              column={(index % inRow) + 1}
              at={place.get(seat.id)}
              asks={asking?.has(seat.id) ?? false}
              known={chairs !== undefined}
            />
          ))}
          {empty.map((row) => (
            <li class="seat chair" key={row.id} style={style(onRing(place.get(row.id)))}>
              <div class={row.ready || row.called_until !== null ? "tile empty ready-chair" : "tile empty"}>
                <span class="status">{emptyChair?.(row)}</span>
              </div>
              <p class="name">
                <b>{row.label}</b> <span>{roleWords[row.role]}</span>
              </p>
            </li>
          ))}
        </ol>
        <div class="middle">{children}</div>
      </div>
    </section>
  );
}

interface SeatProps {
  readonly seat: Seated;
  readonly view: View;
  readonly focused: boolean;
  readonly row: number;
  readonly column: number;
  readonly at: Point | undefined;
  readonly asks: boolean;
  /** The reader knows everybody's role. */
  readonly known: boolean;
}

function Seat({ seat, view, focused, row, column, at, asks, known }: SeatProps) {
  const place = {
    ...onRing(at),
    "--column": column,
    "--row": row,
  };
  const classes = ["seat", seat.holds && "holds", focused && "focused", seat.me && "me", seat.away && "away"];
  return (
    <>
      <li class={classes.filter(Boolean).join(" ")} style={style(place)}>
        <Tile seat={seat}>
          {seat.holds && <span class="badge piece">{words.piece}</span>}
          {seat.speaking ? (
            <span class="badge state">{words.speaking}</span>
          ) : (
            asks && <span class="badge state">{words.asks}</span>
          )}
        </Tile>
        <p class="name">
          <b>{seat.label}</b> <span>{beside(seat, view, known)}</span>
        </p>
      </li>
      {focused && (
        <li class="kept" style={style(place)} aria-hidden="true">
          {seat.label}
        </li>
      )}
    </>
  );
}

/** What is said beside a name: to participants only what helps them, never the role of a party. */
function beside(seat: Seated, view: View, known: boolean): string {
  if (seat.me) return words.you;
  const other = companion(seat, view.here);
  if (seat.role === "supporter" && other !== null) return words.with(other);
  return known ? roleWords[seat.role] : (words.roleHere[seat.role] ?? "");
}

function onRing(at: Point | undefined): Readonly<Record<string, number>> {
  return { "--x": at?.x ?? 0, "--y": at?.y ?? 0 };
}

/** Custom properties are not in the types; they are set through the style object, which the CSP allows. */
function style(values: Readonly<Record<string, string | number>>): JSX.CSSProperties {
  return values as JSX.CSSProperties;
}
