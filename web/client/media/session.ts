// This page's one place in the media plane: asks for an offer, answers it, and asks again when the connection dies or
// the server knows of another one than we have.

import { computed, signal } from "@preact/signals";
import { changeMedia, link, ui } from "../store";
import { answers, renew, sendMedia, type MediaWord } from "../transport";
import { Connection } from "./connection";
import type { PersonId } from "../wire";
import { play } from "./sound";

const OFFER_WITHIN = 5000;
/** What a line may take to answer besides two round trips, in ms. */
const ANSWERS_WITHIN = 500;

export interface Asked {
  readonly generation: string;
  readonly audio: boolean;
  readonly high: boolean;
  readonly low: boolean;
}

const NOBODY: ReadonlySet<PersonId> = new Set();

export const connection = signal<Connection | null>(null);
/** Counts the deaths of connections and the server's news of them: each is a reason to look again. */
export const shaken = signal(0);
const asked = signal<Asked | null>(null);
/** Whose pictures the line does not carry now. */
export const paused = signal<ReadonlySet<PersonId>>(NOBODY);
/** Whose own lines carry their voices at most; I may be among them. */
export const resting = signal<ReadonlySet<PersonId>>(NOBODY);
/** On this line the server has said which connection it has of us. */
export const told = signal(false);
/**
 * What the server wants to be sent over the connection that there is.  Until it says so: nothing; nor without a line, since
 * then nothing of it is passed on, and it may be what keeps a new line from coming about.
 */
export const wanted = computed(() =>
  told.value && asked.value?.generation === connection.value?.generation ? asked.value : null,
);

/** Whether the server was asked for the others' pictures. */
let pictures = true;
let serverGeneration: string | null = null;
let slots: { readonly generation: string; readonly slots: Readonly<Record<string, string | null>> } | null =
  null;
let awaited: { readonly resolve: () => void; readonly reject: (reason: Error) => void } | null = null;

/** Takes what the server says about the media. */
export function hear(word: MediaWord): void {
  switch (word.kind) {
    case "state":
      serverGeneration = word.generation;
      void survives().then(() => {
        told.value = true;
        shaken.value++;
      });
      break;
    case "offer":
      void accept(word).then(
        () => awaited?.resolve(),
        (error: Error) => awaited?.reject(error),
      );
      break;
    case "slots":
      slots = word;
      point();
      break;
    case "send":
      asked.value = word;
      break;
    case "pictures":
      paused.value = new Set(word.paused);
      resting.value = new Set(word.resting);
      break;
    case "closed":
      if (connection.peek()?.generation === word.generation) died();
      break;
  }
}

/** Makes sure that there is a connection which both sides have; throws if that did not come about. */
export async function join(): Promise<void> {
  const now = connection.peek();
  if (now !== null && now.generation === serverGeneration) return;
  changeMedia({ state: "connecting" });
  const offered = new Promise<void>((resolve, reject) => {
    awaited = { resolve, reject };
    setTimeout(() => reject(new Error("no offer came")), OFFER_WITHIN);
  });
  offered.catch(() => undefined);
  try {
    const wanted = ui.pictures.peek();
    const { ok, code } = await sendMedia({ kind: "join", pictures: wanted });
    if (code === "no_relay") changeMedia({ trouble: "not-hidden" });
    if (!ok) throw new Error("not let in");
    pictures = wanted;
    await offered;
  } finally {
    awaited = null;
  }
}

/** Asks for the others' pictures, or for their voices only. */
export async function showPictures(on: boolean): Promise<void> {
  if (on === pictures) return;
  if (!(await sendMedia({ kind: "pictures", on })).ok) throw new Error("not taken");
  pictures = on;
}

async function accept({ generation, sdp, ice }: Extract<MediaWord, { kind: "offer" }>): Promise<void> {
  const next = new Connection(generation, ice, {
    up: () => {
      if (connection.peek() === next) changeMedia({ state: "up", trouble: null });
    },
    dead: (trouble) => {
      if (connection.peek() !== next) return;
      if (trouble !== null) changeMedia({ trouble });
      died();
    },
    odd: (roundTrip) => void doubt(next, roundTrip),
    slot: point,
  });
  try {
    const answer = await next.answer(sdp);
    connection.peek()?.close();
    connection.value = next;
    paused.value = resting.value = NOBODY;
    serverGeneration = generation;
    point();
    if (!(await sendMedia({ kind: "answer", generation, sdp: answer })).ok)
      throw new Error("the answer was not taken");
  } catch (error) {
    next.close();
    if (connection.peek() === next) died();
    throw error;
  }
}

/**
 * Sound and pictures stay away.  If the line does not answer either, the whole way has gone (from Wi-Fi to mobile, out of
 * a sleep): a new line at once, long before the old one would be given up; the connection follows when it stands.
 */
async function doubt(of: Connection, roundTrip: number): Promise<void> {
  if (link.peek() !== "up" || (await answers(ANSWERS_WITHIN + 2 * roundTrip))) return;
  if (connection.peek() === of && (await of.silent())) renew();
}

/** There is a new line.  If still nothing comes, the way has changed and the old connection does not know it. */
async function survives(): Promise<void> {
  const now = connection.peek();
  if (now !== null && (await now.silent()) && connection.peek() === now) died();
}

function died(): void {
  connection.peek()?.close();
  connection.value = null;
  serverGeneration = null;
  point();
  changeMedia({ state: "down" });
  shaken.value++;
}

/** Ends the connection: nobody is to be met. */
export function drop(): void {
  connection.peek()?.close();
  connection.value = null;
  serverGeneration = null;
  point();
  changeMedia({ state: "idle", trouble: null });
}

/** Brings the streams of the slots under the names of the people whom they carry now. */
function point(): void {
  const now = connection.peek();
  const streams = new Map<string, MediaStream>();
  if (now !== null && slots?.generation === now.generation) {
    for (const [index, person] of Object.entries(slots.slots)) {
      const stream = now.slot(Number(index));
      if (person !== null && stream !== undefined) streams.set(person, stream);
    }
  }
  changeMedia({ streams });
  play(now?.slots.values() ?? []);
}
