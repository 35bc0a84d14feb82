// The one file that knows Socket.IO: commands out, views and messages in.
//
// A command carries an id of its own and is sent at most twice: when the line drops before its answer came, it goes out
// again with the same id on the next connection, and the server answers a repeated id without repeating the deed.
// A view replaces the one before if its `rev` is newer on this connection; `rev` starts anew with each connection.

import { io, type Socket } from "socket.io-client";
import { say } from "./notices";
import { bye, changeMedia, clockOffset, lines, link, messages, stalled, view, type Message } from "./store";
import type { Commands, PersonId, Spell, View } from "./wire";

export type Ack =
  | { readonly ok: true; readonly rev: number }
  | {
      readonly ok: false;
      readonly kind: "refused" | "malformed" | "fault";
      readonly code: string;
      readonly detail?: Readonly<Record<string, unknown>>;
      /** A sentence for the person. */
      readonly say: string;
    };

export type MediaWord =
  | { readonly kind: "state"; readonly generation: string | null }
  | {
      readonly kind: "offer";
      readonly generation: string;
      readonly sdp: string;
      /** The relays, and whether there may be any other way. */
      readonly ice: RTCConfiguration;
    }
  | {
      readonly kind: "slots";
      readonly generation: string;
      readonly slots: Readonly<Record<string, string | null>>;
    }
  | {
      readonly kind: "send";
      readonly generation: string;
      readonly audio: boolean;
      readonly high: boolean;
      readonly low: boolean;
    }
  | {
      readonly kind: "pictures";
      readonly generation: string;
      readonly paused: readonly PersonId[];
      readonly resting: readonly PersonId[];
    }
  | { readonly kind: "closed"; readonly generation: string };

interface Answer {
  readonly ok: boolean;
  readonly code?: string;
}

export type MediaReply =
  | { readonly kind: "join"; readonly pictures: boolean }
  | { readonly kind: "answer"; readonly generation: string; readonly sdp: string }
  | { readonly kind: "pictures"; readonly on: boolean };

/** How long an answer may take before we say so, in ms. */
const PATIENCE = 6000;
/** How long a command waits for the line to come back, in ms. */
const WAIT_FOR_LINE = 8000;
/** For which of the server's reasons to let nobody in now it is worth coming back (PROTOCOL.md, "Connecting"). */
const COMES_BACK: ReadonlySet<string> = new Set(["stalled", "closed", "fault"]);
/** How long a refused connection waits before it is tried again, in ms. */
const AGAIN_AFTER = 1000;

const NO_ANSWER: Ack = {
  ok: false,
  kind: "fault",
  code: "no_answer",
  say: "We cannot tell if that reached us. Look at your screen before you try again.",
};

let socket: Socket | null = null;
let rev = -1;
let offsetKnown = false;
let hearMedia: (word: MediaWord) => void = () => {};

/** Opens the line for a person, to where the page came from.  The cookie of this browser proves who it is. */
export function connect(person: string, server = ""): void {
  socket = io(server, {
    path: "/live",
    transports: ["websocket"],
    auth: { person },
    reconnectionDelay: 250,
    // half a second and a bit: whoever waits for a restarted server is the last thing that pictures still wait for
    reconnectionDelayMax: 500,
    randomizationFactor: 0.3,
    timeout: 4000,
  });
  socket.on("connect", () => {
    rev = -1;
    clockOffset.value = 0;
    offsetKnown = false;
    bye.value = null;
    stalled.value = false;
    link.value = "up";
  });
  socket.on("disconnect", (reason) => {
    if (bye.peek() !== null || reason === "io client disconnect") return;
    link.value = "down";
    // Socket.IO does not come back by itself when it was the server that closed
    if (reason === "io server disconnect") setTimeout(() => socket?.connect(), AGAIN_AFTER);
  });
  socket.on("connect_error", (error) => {
    if (bye.peek() !== null) return;
    link.value = "down";
    // still active: it did not reach the server, and tries again by itself
    if (socket === null || socket.active) return;
    if (COMES_BACK.has(error.message)) setTimeout(() => socket?.connect(), AGAIN_AFTER);
    else farewell(error.message);
  });
  socket.on("view", (told: { rev: number; now: number; view: View }) => {
    if (told.rev <= rev) return;
    rev = told.rev;
    setClock(told.now);
    view.value = told.view;
  });
  socket.on("message", (message: Message) => {
    void request("received", { id: message.id });
    if (messages.peek().some((known) => known.id === message.id)) return;
    messages.value = [...messages.peek(), message];
  });
  socket.on("media", (word: MediaWord) => hearMedia(word));
  socket.on("lines", ({ whole, people }: { whole: boolean; people: Record<PersonId, readonly Spell[]> }) => {
    const before = whole ? {} : lines.peek();
    const after = { ...before };
    for (const [person, begun] of Object.entries(people))
      after[person] = [...(before[person] ?? []), ...begun].slice(-100);
    lines.value = after;
  });
  socket.on("stalled", ({ on }: { on: boolean }) => (stalled.value = on));
  socket.on("bye", ({ reason }: { reason: string }) => farewell(reason));
}

/** Who is told what the media plane says. */
export function onMedia(listener: (word: MediaWord) => void): void {
  hearMedia = listener;
}

/**
 * Gives a command and waits for its answer.  What did not work is said to the person here (`say` in the answer), unless
 * `quietly`; the promise never rejects.
 */
export async function send<Name extends keyof Commands>(
  type: Name,
  ...[fields, how]: Record<never, never> extends Commands[Name]
    ? [fields?: Commands[Name], how?: { quietly: boolean }]
    : [fields: Commands[Name], how?: { quietly: boolean }]
): Promise<Ack> {
  const ack = await sendTwice({ id: crypto.randomUUID(), type, ...fields });
  if (!ack.ok && how?.quietly !== true) say(ack.say);
  return ack;
}

/** Tells the media plane something. */
export function sendMedia(reply: MediaReply): Promise<Answer> {
  return request("media", reply);
}

/**
 * The last word before this page goes: written to the line at once, and waited for no longer than `patience` ms, since
 * the person has to be gone before anybody can read the screen (R20).
 */
export async function lastWord(patience: number): Promise<void> {
  const told =
    socket?.connected === true ? sendOnce({ id: crypto.randomUUID(), type: "leave", quick: true }) : null;
  await Promise.race([told, new Promise((resolve) => setTimeout(resolve, patience))]);
  disconnect();
}

/** Does the server answer over this line, within so many ms? */
export async function answers(within: number): Promise<boolean> {
  return (await request("there", {}, within)).ok;
}

/** Gives the line up, which may not know yet that it is dead, and opens another at once. */
export function renew(): void {
  if (link.peek() === "gone") return;
  link.value = "down";
  socket?.disconnect().connect();
}

/** Closes the line by our own wish. */
export function disconnect(): void {
  link.value = "gone";
  socket?.disconnect();
}

/** Opens the line again after `disconnect` or a goodbye. */
export function reconnect(): void {
  bye.value = null;
  view.value = null;
  link.value = "connecting";
  socket?.connect();
}

function farewell(reason: string): void {
  bye.value = reason;
  link.value = "gone";
  changeMedia({ state: "idle" });
  socket?.disconnect();
}

async function sendTwice(command: object): Promise<Ack> {
  for (const attempt of [1, 2]) {
    if (!(await lineUp())) return NO_ANSWER;
    const ack = await sendOnce(command);
    if (ack !== null) return ack;
    // unanswered on a line that still stands: a second try would only wait behind the first
    if (attempt === 1 && socket?.connected === true) return NO_ANSWER;
  }
  return NO_ANSWER;
}

async function sendOnce(command: object): Promise<Ack | null> {
  try {
    return (await socket?.timeout(PATIENCE).emitWithAck("command", command)) as Ack;
  } catch {
    return null; // no answer in time, or the line dropped
  }
}

async function request(event: string, body: object, within = PATIENCE): Promise<Answer> {
  try {
    return (await socket?.timeout(within).emitWithAck(event, body)) as Answer;
  } catch {
    return { ok: false };
  }
}

/** Waits until the line stands; false if it did not within the time a command may wait. */
function lineUp(): Promise<boolean> {
  if (socket?.connected === true) return Promise.resolve(true);
  if (link.peek() === "gone") return Promise.resolve(false);
  return new Promise((resolve) => {
    const stop = link.subscribe((now) => {
      if (now === "up" || now === "gone") queueMicrotask(() => done(now === "up"));
    });
    const timer = setTimeout(() => done(false), WAIT_FOR_LINE);
    const done = (up: boolean) => {
      clearTimeout(timer);
      stop();
      resolve(up);
    };
  });
}

/** Every estimate is too low by the time the message took, so the largest of a connection is the best. */
function setClock(serverTime: number): void {
  const offset = serverTime - Date.now();
  if (!offsetKnown || offset > clockOffset.peek()) clockOffset.value = offset;
  offsetKnown = true;
}
