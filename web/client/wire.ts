// Generated from server/room/view.py and server/room/commands.py by `python -m server.realtime.typescript`.
// Change those, not this.  Times are milliseconds since the epoch.

export type Phase =
  | "scheduled"
  | "doors_open"
  | "under_way"
  /** Somebody asked for a pause (R10): everyone is in their own holding place. */
  | "paused"
  /** The circle was left without a facilitator (R6): everyone is in their own holding place. */
  | "frozen"
  /** People leave one by one, in the facilitator's order. */
  | "closing"
  | "ended";

export type Mode =
  /** Only facilitators speak. */
  | "quiet"
  /** A facilitator grants the floor. */
  | "chaired"
  /** The talking piece goes round in seat order. */
  | "circle"
  | "open";

export type PersonId = string;

/** What a person is in the meeting.  What they are *called* is a label, set by a facilitator (R17). */
export type Role =
  | "facilitator"
  | "victim"
  | "offender"
  /** Attached to a victim or an offender. */
  | "supporter"
  /** Attached to any person who is not an interpreter or observer. */
  | "interpreter"
  /** Never speaks, and is named to everyone whom they can hear. */
  | "observer";

/** How far a person has come through the door. */
export type Door =
  | "away"
  /** Connected, at the device check or at the question. */
  | "arriving"
  /** Answered the question, in their own holding place. */
  | "waiting"
  | "admitted"
  | "refused"
  | "removed"
  /** Went by their own hand, or was seen off in the closing. */
  | "left"
  /** No longer wants to take part (R4). */
  | "withdrawn";

/** The answer to "Do you still want to take part today?" (R3). */
export type Willing =
  | "unasked"
  | "yes"
  | "not_sure"
  | "no";

/** How a person went: told to the facilitators and to the person, to nobody else. */
export type Departure =
  | "left"
  | "quick_exit"
  | "seen_off"
  | "line_lost";

/** A wordless sign to the facilitators, which nobody else sees (R11). */
export type Signal =
  | "need_a_moment"
  | "someone_came_in"
  | "cannot_hear"
  | "not_safe";

/** How good a person's connection is. */
export type Line =
  | "good"
  | "poor"
  | "lost";

/** Where I stand with the floor (RFC 8855 request status, as seen by its requester). */
export type FloorStatus =
  | "none"
  /** My request waits in the queue. */
  | "accepted"
  /** The piece lies before me. */
  | "offered"
  | "granted";

export interface Me {
  readonly id: PersonId;
  readonly label: string;
  readonly role: Role;
  readonly door: Door;
  readonly willing: Willing;
  readonly in_circle: boolean;
  /** In a holding place: my own, or (facilitators) one I visit. */
  readonly in_holding: boolean;
  readonly called_until: number | null;
  readonly not_yet: boolean;
  readonly ready: boolean;
  /** How I went, if I went: to be seen off at the end is no leaving. */
  readonly departure: Departure | null;
  readonly microphone: boolean;
  readonly camera: boolean;
  /** If my microphone is on, somebody would hear me. */
  readonly may_speak: boolean;
  readonly signal: Signal | null;
  readonly line: Line;
  readonly floor: FloorStatus;
  /** 1 for the next one. */
  readonly queue_position: number | null;
}

/** Somebody who shares my place, me included, in seat order. */
export interface Seated {
  readonly id: PersonId;
  readonly label: string;
  readonly role: Role;
  readonly attached_to: PersonId | null;
  readonly me: boolean;
  /** Has the floor, or has the talking piece before them. */
  readonly holds: boolean;
  /** Is permitted to speak and has the microphone on. */
  readonly speaking: boolean;
  readonly microphone: boolean;
  readonly camera: boolean;
  /** Their line dropped; their place is kept. */
  readonly away: boolean;
  readonly hears_me: boolean;
  readonly sees_me: boolean;
}

/** What happens next, for the line that is always on the screen. */
export type Next =
  /** Answer the question at the door. */
  | "check_in"
  | "wait_for_doors"
  /** In the holding place: the facilitator comes, or brings you in. */
  | "wait_for_facilitator"
  /** Called: moved when the notice is over. */
  | "will_be_brought_in"
  | "listen"
  | "ask_to_speak"
  | "wait_for_turn"
  /** You have the floor: speak when you like. */
  | "your_turn"
  | "piece_before_you"
  | "talk_freely"
  /** A facilitator is with you. */
  | "talk_in_private"
  | "say_ready"
  | "wait_to_resume"
  | "goodbyes"
  /** Left, removed, refused, withdrawn or ended: nothing more happens unless you come back. */
  | "gone"
  | "open_the_doors"
  | "bring_in"
  | "begin"
  | "lead"
  | "resume"
  | "see_off"
  | "end";

/** How long somebody has spoken so far (R25), in milliseconds; add the time since `since` while they speak. */
export interface Share {
  readonly spoken: number;
  readonly since: number | null;
}

/** One person on the facilitators' console. */
export interface Row {
  readonly id: PersonId;
  readonly label: string;
  readonly role: Role;
  readonly attached_to: PersonId | null;
  readonly door: Door;
  readonly willing: Willing;
  readonly connected: boolean;
  readonly line: Line;
  /** "circle", "own" (their holding place), "visiting" (a facilitator elsewhere) or null. */
  readonly place: string | null;
  readonly visiting: PersonId | null;
  readonly waiting_since: number | null;
  readonly lost_at: number | null;
  readonly called_until: number | null;
  readonly not_yet: boolean;
  readonly ready: boolean;
  readonly microphone: boolean;
  readonly camera: boolean;
  readonly signal: Signal | null;
  readonly signal_at: number | null;
  readonly departure: Departure | null;
  /** Place in the order of arrival, from 1; null for facilitators. */
  readonly arrival: number | null;
  /** The next one to be brought in. */
  readonly next_in: boolean;
  readonly share: Share;
  /** The commands that I could give now with this person as operand. */
  readonly may: readonly string[];
}

export interface Queued {
  readonly person: PersonId;
  readonly since: number;
}

export interface HeldTurn {
  readonly person: PersonId;
  readonly since: number;
  readonly taken: boolean;
  /** The holder's line dropped; the turn is kept until then (R24). */
  readonly kept_until: number | null;
}

/** What only facilitators see. */
export interface Console {
  readonly people: readonly Row[];
  readonly queue: readonly Queued[];
  readonly turn: HeldTurn | null;
  readonly come_back: readonly PersonId[];
  readonly rounds: number;
  /** Parties for whose "ready" a resume still waits. */
  readonly not_ready: readonly PersonId[];
}

export interface View {
  /** A person outside the circle sees only: scheduled, doors_open, paused, frozen or ended (see `view_for`). */
  readonly phase: Phase;
  /** null to a participant outside the circle. */
  readonly mode: Mode | null;
  readonly me: Me;
  /** Everyone in my place, me included.  Whoever can hear or see me is named here: nobody is present unseen. */
  readonly here: readonly Seated[];
  readonly holder: PersonId | null;
  readonly next: Next;
  /** The commands without a personal operand that I could give now. */
  readonly may: readonly string[];
  readonly console: Console | null;
}

/** Which of the pictures that a person may see come to them. */
export type Pictures =
  | "all"
  /** Their line does not carry all of them, so that voices get through. */
  | "paused"
  /** They chose to have voices only. */
  | "off";

/** How somebody's line was from a moment on.  For facilitators only, and told beside their views: see `spells`. */
export interface Spell {
  readonly since: number;
  /** null: they had no sound and picture connection that could be judged, and were not to have one. */
  readonly line: Line | null;
  /** `ALL` where nothing came at all. */
  readonly pictures: Pictures;
}

/** What each command carries, by its name. */
export interface Commands {
  /** "Do you still want to take part today?" (R3). */
  answer_door: { readonly willing: Willing };
  /** Come into the circle without waiting for the end of the notice. */
  enter_now: Record<never, never>;
  /** Answer a call into the circle with "not yet". */
  not_yet: Record<never, never>;
  /** Go, at once and from anywhere (R12).  `quick` is the quick exit (R20). */
  leave: { readonly quick?: boolean };
  /** No longer take part (R4). */
  withdraw_consent: Record<never, never>;
  /** Call a waiting person into the circle (R9); they are moved after the notice. */
  admit: { readonly person: PersonId };
  /** Do not let a waiting person in today. */
  refuse: { readonly person: PersonId };
  /** Take a person out of the meeting. */
  remove: { readonly person: PersonId };
  /** Let a refused or removed person come to the door again. */
  allow_return: { readonly person: PersonId };
  /** In which order people are brought in (R9): a permutation of everyone but the facilitators. */
  set_arrival_order: { readonly order: readonly PersonId[] };
  open_doors: Record<never, never>;
  begin: Record<never, never>;
  /** Stop for everyone (R10).  Anybody may, at any time. */
  pause: Record<never, never>;
  /** Ready, or not yet ready, to go on after a pause or a freeze (R10). */
  set_ready: { readonly ready: boolean };
  resume: Record<never, never>;
  begin_closing: Record<never, never>;
  /** Let one person go, in the closing (R9). */
  see_off: { readonly person: PersonId };
  end_meeting: Record<never, never>;
  /** Go to a person's holding place and talk there in private. */
  visit: { readonly person: PersonId };
  return_to_circle: Record<never, never>;
  set_mode: { readonly mode: Mode };
  request_floor: Record<never, never>;
  cancel_request: Record<never, never>;
  /** Chaired: give the floor, requested or not.  Circle: lay the piece before a person.  Takes it from its holder. */
  grant_floor: { readonly person: PersonId };
  deny_request: { readonly person: PersonId };
  /** Chaired: I have finished. */
  release_floor: Record<never, never>;
  revoke_floor: Record<never, never>;
  /** Circle: take up the piece that lies before me; the same hand opens the microphone. */
  take_piece: Record<never, never>;
  /** Circle: pass it on, with or without having spoken. */
  pass_piece: Record<never, never>;
  /** Circle: pass it on for now, and ask me again at the end of the round (R25). */
  come_back_to_me: Record<never, never>;
  set_microphone: { readonly on: boolean };
  set_camera: { readonly on: boolean };
  /** Show the facilitators a sign without words (R11). */
  send_signal: { readonly signal: Signal };
  /** Take back one's own sign, or, as a facilitator, answer somebody's. */
  clear_signal: { readonly person: PersonId };
  /** Write to the facilitators, or as a facilitator to one person (R15).
   *  The text travels beside the command and never enters the room: `to` is null for "the facilitators". */
  send_message: { readonly to?: PersonId | null; readonly text: string };
}

export type CommandName = keyof Commands;
