// What the facilitators' console says: the same plainness, and the next safe step.

import type { Departure, Door, Line, Mode, Phase, Pictures, Willing } from "../wire";
import { ago, lasted, names } from "./words";

const theirs = (label: string) => (label.endsWith("s") ? `${label}’` : `${label}’s`);

const picturesToThem: Readonly<Record<Pictures, string>> = {
  all: "Voices go first, pictures may stop.",
  paused: "Pictures to them are paused so that voices get through.",
  off: "They chose voices only.",
};

export const consoleWords = {
  console: "Your console",
  show: "Show",
  tabs: { circle: "Circle", now: "Now", people: "People", letters: "Messages" },
  steps: [
    { says: "Doors", phases: ["scheduled", "doors_open"] },
    { says: "Circle", phases: ["under_way"] },
    { says: "Closing", phases: ["closing"] },
    { says: "Ended", phases: ["ended"] },
  ] as readonly { readonly says: string; readonly phases: readonly Phase[] }[],
  phase: "Where the meeting is",
  paused: "paused",
  frozen: "stopped",

  // ---- the next safe step ------------------------------------------------------------------------------------
  nextStep: "Next safe step",
  nothingNow: "Nothing can be done from here until your line is back.",
  circleWaits: "If no other facilitator is in the circle, it stops and waits for you.",
  openDoors: "Open the doors",
  openDoorsWhy:
    "Nobody can come in yet. Open the doors when you are ready: each person then waits in a place of their own.",
  bringIn: (label: string) => `Bring in ${label}`,
  bringInWhy: (label: string, camera: boolean, weak: boolean) =>
    `Bring in ${label} next. ${camera ? "Their camera is on." : "They have no camera on."}${weak ? " Their line is weak." : ""}`,
  called: (label: string) => `${label} comes in within ten seconds, unless they say “not yet”.`,
  notYetWhy: (label: string) => `${label} said “not yet”. Ask again when they are ready, or go to them.`,
  unsureWhy: (label: string) => `${label} is not sure about today. Go to them first.`,
  noWhy: (label: string) => `${label} does not want to take part today. Go to them, or let them go.`,
  nextAway: (label: string) => `${label} is next, and is not here yet. You can change the order.`,
  nextArriving: (label: string) => `${label} is next, and is trying their device.`,
  begin: "Begin the meeting",
  beginWhy: "Everyone who came is in the circle. Begin when you are ready.",
  beginAnyway: "Begin without the others",
  giveTo: (label: string) => `Give ${label} the piece`,
  layBefore: (label: string) => `Lay the piece before ${label}`,
  askedFor: (label: string, time: string) => `${label} asked to speak, ${time}.`,
  leadQuiet: "Only facilitators speak. Choose who may speak when you are ready.",
  leadHolds: (label: string) => `${label} has the piece. There is nothing that you have to do.`,
  leadLies: (label: string) => `The piece lies before ${label}. Give them time.`,
  leadKept: (label: string) =>
    `${theirs(label)} line dropped. Their turn is kept for a short while. Wait with them.`,
  leadOpen: "Everyone may speak. You can go back to one at a time.",
  leadFree: "Nobody has the piece. Give it to somebody, or wait for a request.",
  leadRound: "The round has not begun. Lay the piece before the first person.",
  roundOver: "The round is complete. Lay the piece down again for another, or choose another way to speak.",
  resume: "Go on with the meeting",
  resumeWhy: "Everyone is ready. You can go on.",
  waitsForReady: (labels: readonly string[]) =>
    `Waiting for ${names(labels.map(theirs))} “ready”. You can go to them meanwhile.`,
  frozenWhy: "The circle was left without a facilitator, so everyone went to their own place.",
  pausedWhy: "Everyone is in a place of their own.",
  seeOff: (label: string) => `See off ${label}`,
  seeOffWhy: (label: string, last: boolean) =>
    last
      ? `Say goodbye to ${label}. Nobody else is left.`
      : `Say goodbye to ${label} first. The others stay until you see them off.`,
  endWhy: "Everyone has gone. You can end the meeting.",
  visiting: (label: string) =>
    `You are with ${label} in their own place. Nobody else can see or hear what happens there.`,
  notHeardThere: (label: string) => `${label} cannot hear you yet.`,
  returnToCircle: "Back to the circle",

  closedDoors: "The doors are closed",
  arriving: "People are arriving",

  // ---- the door ----------------------------------------------------------------------------------------------
  atTheDoor: "At the door",
  earlier: (label: string) => `Bring in ${label} earlier`,
  later: (label: string) => `Bring in ${label} later`,
  visit: (label: string) => `Go to ${label}`,
  goThere: "Go to them",
  refuse: "Not today",
  doors: {
    away: "not here yet",
    arriving: "trying their device",
    waiting: "waits in their own place",
    admitted: "in the meeting",
    refused: "not today",
    removed: "taken out",
    left: "has left",
    withdrawn: "no longer takes part",
  } satisfies Readonly<Record<Door, string>>,
  willing: {
    unasked: "not asked yet",
    yes: "says yes",
    not_sure: "is not sure",
    no: "says no",
  } satisfies Readonly<Record<Willing, string>>,
  departures: {
    left: "left by themselves",
    quick_exit: "left quickly",
    seen_off: "seen off",
    line_lost: "line lost",
  } satisfies Readonly<Record<Departure, string>>,
  lines: { good: "good line", poor: "weak line", lost: "line dropped" } satisfies Readonly<
    Record<Line, string>
  >,
  waits: (length: number) => (length < 60_000 ? "just arrived" : `waiting ${lasted(length)}`),
  cameraOn: "camera on",
  cameraOff: "no camera",
  saysNotYet: "“not yet”",
  comesIn: "coming in",
  isReady: "ready to go on",
  notReady: "not ready yet",
  ownPlace: "in their own place",
  inCircle: "in the circle",
  withPerson: (label: string) => `with ${label}`,

  // ---- the floor ---------------------------------------------------------------------------------------------
  whoMaySpeak: "Who may speak",
  modes: { quiet: "Quiet", chaired: "Chaired", circle: "Circle", open: "Open" } satisfies Readonly<
    Record<Mode, string>
  >,
  modeMeans: {
    quiet: "Only facilitators speak.",
    chaired: "You give the piece to one person at a time.",
    circle: "The piece goes round, seat by seat.",
    open: "Everyone may speak.",
  } satisfies Readonly<Record<Mode, string>>,
  asked: "Asked to speak",
  nobodyAsked: "Nobody has asked.",
  give: "Give the piece",
  lay: "Lay before them",
  deny: "Not now",
  heldFor: (time: string) => `for ${time}`,
  takeBack: "Take the piece back",
  keptTurn: "Line dropped. The turn is kept.",
  comeBackTo: "Come back to",
  shares: "Time so far",
  sharesSay: (labels: readonly string[]) =>
    labels.length === 0 ? "Nobody has spoken yet." : `From most to least time: ${labels.join(", ")}`,
  sharesNone: "Nobody has spoken yet.",

  // ---- lines -------------------------------------------------------------------------------------------------
  weakLines: "Weak lines",
  lineWas: (was: string) => `The last five minutes: ${was}.`,
  lineLevels: {
    good: (length: number) => `good for ${lasted(length)}`,
    weak: (length: number) => `weak for ${lasted(length)}`,
    lost: (length: number) => `dropped for ${lasted(length)}`,
  },
  lineGoodAgain: "Their line is good again.",
  lineWeak: (length: number, pictures: Pictures) =>
    `Their line has been weak for ${lasted(length)}. ${picturesToThem[pictures]}`,
  voicesOnly: "They chose voices only: no pictures come to them.",
  lineDropped: (length: number) => `Their line dropped ${ago(length)}. We keep their place.`,

  // ---- people ------------------------------------------------------------------------------------------------
  signs: "Signs to you",
  signsNote: "Only facilitators see this.",
  answered: "Seen",
  people: "Everyone",
  write: "Write",
  remove: "Take out…",
  allowReturn: "Let them come back",
  letters: "Messages",
  lettersNote: "Only this person and the facilitators read this. It is not kept.",
  lettersWith: (label: string) => `Messages with ${label}`,
  choosePerson: "Choose a person to write to.",
  back: "All people",
  nobodyToWrite: "Nobody is here to write to.",

  // ---- the foot ----------------------------------------------------------------------------------------------
  microphone: (on: boolean) => (on ? "Microphone is on" : "Microphone is off"),
  camera: (on: boolean) => (on ? "Camera is on" : "Camera is off"),
  pause: "Pause for everyone",
  beginClosing: "Begin the closing",
  end: "End meeting…",
  leave: "Leave…",

  // ---- what is asked before it is done -----------------------------------------------------------------------
  endTitle: "End the meeting?",
  endText: (labels: readonly string[]) =>
    `${labels.length === 0 ? "Nobody else is here." : `${names(labels)} ${labels.length === 1 ? "is" : "are"} still here. They see a calm goodbye.`} All microphones and cameras go off. It cannot be opened again.`,
  endYes: "End the meeting",
  removeTitle: (label: string) => `Take ${label} out of the meeting?`,
  removeText: (label: string) =>
    `${label} sees and hears nothing from then on, and nobody sees or hears them. They are told calmly, without a reason. You can let them come back.`,
  removeYes: (label: string) => `Take ${label} out`,
  leaveTitle: "Leave the meeting?",
  leaveText:
    "If no other facilitator is in the circle, everyone goes to a place of their own until one comes back. Nobody can see or hear anybody meanwhile.",
  leaveYes: "Leave",
  refuseTitle: (label: string) => `Not today for ${label}?`,
  refuseText: (label: string) =>
    `${label} is told calmly that the meeting goes on without them today. You can let them come back.`,
  no: "Go back",
};
