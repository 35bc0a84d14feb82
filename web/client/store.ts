// The one state of the client, in signals (STATE.md shows it as an example value).
//
// `view` is what the server says, replaced whole; nothing here works out what is allowed: `view.may` says it.
// Views read these signals and write only through `transport.send` and the functions of `acts.ts`.

import { computed, signal } from "@preact/signals";
import type { Trouble } from "./media/search";
import type { CommandName, PersonId, Row, Spell, View } from "./wire";

/** What the page was told about the meeting before any connection, from the attributes of `#room`. */
export interface Invitation {
  readonly person: PersonId;
  readonly title: string;
  /** ISO time of the appointment, or "". */
  readonly starts: string;
  /** The label of the facilitator who invited. */
  readonly inviter: string;
  /** Where the quick exit leads. */
  readonly exit: string;
}

export interface Message {
  readonly id: string;
  readonly from: PersonId;
  readonly label: string;
  /** null: to the facilitators. */
  readonly to: PersonId | null;
  readonly text: string;
  readonly at: number;
  readonly mine: boolean;
}

/** "up": this page is told everything; "down": it is being tried again; "gone": it will not be tried again. */
export type Link = "connecting" | "up" | "down" | "gone";

/** off: not asked for, or turned off; denied: the browser or the person said no; missing: there is none; busy: another program has it. */
export type DeviceState = "off" | "on" | "denied" | "missing" | "busy";

export interface Media {
  /** What each person sends, as far as a slot carries them now. */
  readonly streams: ReadonlyMap<PersonId, MediaStream>;
  /** My own camera's picture, for the self-view; never sound. */
  readonly own: MediaStream | null;
  readonly camera: DeviceState;
  readonly microphone: DeviceState;
  readonly state: "idle" | "connecting" | "up" | "down";
  /** Why the last try to connect came to nothing; null as soon as one does not. */
  readonly trouble: Trouble | null;
}

export type Step = "welcome" | "devices" | "question";

export interface Choice {
  readonly id: string;
  readonly label: string;
}

export const invitation = signal<Invitation>({ person: "", title: "", starts: "", inviter: "", exit: "" });
export const view = signal<View | null>(null);
export const link = signal<Link>("connecting");
/** Why the server said goodbye to this page, if it did. */
export const bye = signal<string | null>(null);
/** The server cannot record anything now; what was asked to stop has stopped. */
export const stalled = signal(false);
export const messages = signal<readonly Message[]>([]);

/** How people's lines were over the last minutes; told to facilitators only. */
export const lines = signal<Readonly<Record<PersonId, readonly Spell[]>>>({});

export const media = signal<Media>({
  streams: new Map(),
  own: null,
  camera: "off",
  microphone: "off",
  state: "idle",
  trouble: null,
});

export function changeMedia(change: Partial<Media>): void {
  media.value = { ...media.peek(), ...change };
}

/** What only this page knows: nobody else is told any of it. */
export const ui = {
  /** Which screen before the door is open. */
  step: signal<Step>("welcome"),
  /** The device check is done: the media may be joined. */
  checked: signal(false),
  /** Wants to be seen.  The server is told when it can be (`media/reconcile.ts`). */
  camera: signal(true),
  /** Wants to see the others; otherwise their pictures are not even sent here. */
  pictures: signal(true),
  /** My hand turned the microphone off and the server has not said so yet: nothing is sent meanwhile. */
  hushed: signal(false),
  /** Counts "try again" for the devices. */
  deviceTry: signal(0),
  /** Chosen devices; "" is the browser's own choice. */
  cameraId: signal(""),
  microphoneId: signal(""),
  cameras: signal<readonly Choice[]>([]),
  microphones: signal<readonly Choice[]>([]),
  /** My own picture is shown to me in the room. */
  selfView: signal(false),
  /** The browser lets no sound out before a touch. */
  soundBlocked: signal(false),
  /** Which dialog or drawer is open, by name. */
  drawer: signal<string | null>(null),
  /** Somebody who had withdrawn wants to answer the question again. */
  reconsider: signal(false),
  /** How many messages have been read; the rest is new. */
  read: signal(0),
};

/** Milliseconds by which the server's clock is ahead of this one. */
export const clockOffset = signal(0);

export function serverNow(): number {
  return Date.now() + clockOffset.peek();
}

export const me = computed(() => view.value?.me ?? null);
export const isFacilitator = computed(() => me.value?.role === "facilitator");
/** My microphone as it is for everyone: open by my own hand, and not just closed by it. */
export const microphoneOn = computed(() => (me.value?.microphone ?? false) && !ui.hushed.value);
export const unread = computed(
  () => messages.value.filter((message) => !message.mine).length - ui.read.value,
);

/** Would the server accept this command from me now? */
export function may(command: CommandName): boolean {
  return view.value?.may.includes(command) ?? false;
}

/** Would the server accept this command from me now, given for this person of the console? */
export function mayFor(row: Row, command: CommandName): boolean {
  return row.may.includes(command);
}

/** What a person is called, by id: from those here or from the console. */
export function labelOf(person: PersonId): string {
  const now = view.value;
  const found =
    now?.here.find((seat) => seat.id === person) ?? now?.console?.people.find((row) => row.id === person);
  return found?.label ?? "";
}
