// Every sentence that the room says, so that translations can come later.  Say what is, then what happens next, then
// what you can do; short, true, kind, without blame and without cheer.

import type { Mode, Phase, Role, Signal } from "../wire";

const list = new Intl.ListFormat("en-GB", { type: "conjunction" });

/** "Ruth, June and Dan" */
export function names(labels: readonly string[]): string {
  return list.format(labels);
}

const count = [
  "nobody",
  "one person",
  "two people",
  "three people",
  "four people",
  "five people",
  "six people",
];
const people = (number: number) => count[number] ?? `${number} people`;
const is = (labels: readonly string[]) => (labels.length === 1 ? "is" : "are");

/** "2 min": how long something has lasted, in ms.  Minutes are enough: nobody is to be hurried. */
export function lasted(length: number): string {
  const minutes = Math.floor(length / 60_000);
  return minutes < 1 ? "less than a minute" : `${minutes} min`;
}

/** "just now", "2 min ago" */
export function ago(length: number): string {
  return length < 60_000 ? "just now" : `${lasted(length)} ago`;
}

export const words = {
  room: "The room",
  circle: "The circle",
  skip: "Go to what you can do",
  quickExit: "Leave quickly",
  you: "you",

  // ---- who can see and hear me; what happens next --------------------------------------------------------------
  aware: "Who can see and hear you, and what happens next",
  nobodySeesOrHears: "Nobody can see or hear you.",
  nobodyHears: "Nobody can hear you.",
  nobodySees: "Nobody can see you.",
  everyone: "Everyone here",
  only: (labels: readonly string[]) => `Only ${names(labels)}`,
  seeAndHear: (who: string) => `${who} can see and hear you.`,
  see: (who: string) => `${who} can see you.`,
  hear: (who: string) => `${who} can hear you.`,
  next: "Next",
  nexts: {
    check_in: "You will be asked one question.",
    wait_for_doors: "The meeting is not open yet. You do not have to do anything.",
    wait_for_facilitator: "Your facilitator comes to you, or brings you in.",
    will_be_brought_in: "You will be brought in. You can say “not yet”.",
    ask_to_speak: "Listen, and ask to speak when you like.",
    wait_for_turn: "You have asked to speak. Your facilitator has seen it.",
    your_turn: "You have the talking piece. Speak when you like.",
    piece_before_you: "The talking piece is before you. Take it, or pass it on.",
    talk_freely: "Everyone may speak.",
    talk_in_private: "Your facilitator is here with you. You can talk.",
    say_ready: "Say when you are ready to go on.",
    wait_to_resume: "Your facilitator starts again when everyone is ready.",
    goodbyes: "The meeting is closing. Your facilitator lets people go one by one.",
    gone: "Nothing more happens here.",
  } as Readonly<Record<string, string>>,
  listenNow: "Listen for now.",
  comesToYou: "It comes to you in turn.",
  roundComes: "The talking piece will come to you in turn.",
  listenQuiet: "Your facilitator speaks first. Listen for now.",
  listen: "Listen for now. Your facilitator leads.",

  // ---- the seats ---------------------------------------------------------------------------------------------
  lineDropped: "Line dropped.",
  placeKept: "We keep their place.",
  piece: "talking piece",
  speaking: "speaking",
  asks: "asks to speak",
  roleHere: { facilitator: "facilitator", interpreter: "interpreter", observer: "listens only" } as Readonly<
    Record<string, string>
  >,
  with: (label: string) => `with ${label}`,
  soundOff: "Your browser keeps the sound off until you tap.",
  tapToHear: "Tap to hear",
  lineDown: "Your line dropped. We keep your place. You are coming back.",
  lineDownLong: "Your line dropped. We keep your place.",
  keepTrying: "We keep trying. You do not have to do anything.",
  picturesPaused: "Your line is weak. Pictures are paused so that you can hear.",
  pictureRests: "Your line is weak. Your voice goes first, your picture is paused.",
  lineWeak: "Your line is weak. Your voice goes first, your picture may stop.",
  lineGood: "Your line is good again.",
  turnEnded: "Your turn ended while your line was down. You can have another.",
  mediaDown: "The sound and pictures stopped for a moment. They are coming back.",

  // ---- the middle of the circle ------------------------------------------------------------------------------
  youHold: "You have the talking piece",
  youHoldMore: "Take your time. Silence is fine too.",
  beforeYou: "The talking piece is before you",
  beforeYouMore: "Take it and speak, pass it on, or ask it to come back to you.",
  holds: (label: string) => `${label} has the talking piece`,
  laidBefore: (label: string) => `The talking piece is before ${label}`,
  closingMiddle: "Saying goodbye",
  modeSays: {
    quiet: "Only facilitators speak now",
    chaired: "The talking piece is in the middle",
    circle: "The talking piece goes round",
    open: "Everyone may speak",
  } satisfies Readonly<Record<Mode, string>>,

  // ---- what I can do -----------------------------------------------------------------------------------------
  controls: "What you can do",
  askToSpeak: "Ask to speak",
  takeBack: "Take back my request",
  turnMicrophoneOn: "Turn on my microphone",
  turnMicrophoneOff: "Turn off my microphone",
  finished: "I have finished",
  takePiece: "Take the piece and speak",
  passOn: "Pass it on",
  comeBack: "Come back to me",
  listening: "You can listen",
  takeYourTime: "Take your time",
  needPause: "I need a pause",
  needHelp: "I need help",
  write: "Write",
  toPerson: (label: string) => `to ${label}`,
  sign: "Show a sign",
  myView: "My view",
  leave: "Leave",
  more: "More that you can do",
  close: "Close",
  fresh: (number: number) => `${number} new`,
  camera: "Camera",
  cameraOn: "Turn camera on",
  cameraOff: "Turn camera off",
  microphoneSwitch: "Microphone",
  youAreNext: "You have asked to speak. You are next.",
  before: (number: number) =>
    `You have asked to speak. ${people(number).replace(/^./, (first) => first.toUpperCase())} ${number === 1 ? "is" : "are"} before you.`,
  microphone: {
    on: "Your microphone is on.",
    armed: "Your microphone is on. Nobody hears you until it is your turn.",
    off: "Your microphone is off.",
    offWhile: (label: string) => `Your microphone is off while ${label} speaks.`,
    yours: "Your microphone is off. Turn it on when you like.",
    denied: "Your browser does not let us use the microphone.",
    missing: "There is no microphone here. You can write instead.",
    busy: "Another program is using your microphone.",
  },
  cameraFails: {
    denied: "Your browser does not let us use the camera.",
    missing: "There is no camera here.",
    busy: "Another program is using your camera.",
  } as Readonly<Record<string, string>>,

  // ---- apart from the circle -----------------------------------------------------------------------------------
  pausedTitle: "The meeting is paused",
  pausedText:
    "Everyone is in a place of their own. Nobody can see or hear anybody. Your place in the circle is kept.",
  frozenTitle: "We stopped for a moment",
  frozenText:
    "No facilitator is in the circle, so everyone is in a place of their own. Nobody can see or hear anybody. Your place is kept.",
  apartTitle: "You are in your own place",
  apartText: "Only your facilitator can come here.",
  readyAsk: "Are you ready to go on?",
  readyAskMore: "Take the time you need. Only your facilitator sees your answer.",
  ready: "I am ready",
  notReady: "Not yet",
  saidReady: "You said that you are ready. You can change your mind.",
  saidNotReady: "You said “not yet”. Take the time you need.",
  withYou: (labels: readonly string[]) => `${names(labels)} ${is(labels)} here with you`,
  betweenYou: "Nobody else can see or hear what happens here.",

  // ---- the drawers ---------------------------------------------------------------------------------------------
  writeTitle: "Write to your facilitator",
  writeNote: "Only the facilitators read this. It is not kept after the meeting.",
  writeEmpty: "Nothing has been written yet.",
  yourMessage: "Your message",
  send: "Send",
  youWrote: "You",
  signTitle: "Show a sign",
  signNote: "Only the facilitators see it. You do not have to say anything.",
  signs: {
    need_a_moment: ["I need a moment", "I would like things to slow down."],
    someone_came_in: ["Someone came in", "I am not alone where I am."],
    cannot_hear: ["I cannot hear", "Something is wrong with the sound."],
    not_safe: ["I do not feel safe", "I want my facilitator to act now."],
  } satisfies Readonly<Record<Signal, readonly [string, string]>>,
  signShown: (sign: string) => `You are showing: ${sign}`,
  signSeen: "Your facilitator can see it.",
  signBack: "Take it back",
  viewTitle: "My view",
  viewNote: "What follows changes only what you see. Nobody is told.",
  voicesOnly: "Voices only, no pictures",
  voicesOnlyMore: "For a weak line. Your camera goes off, too.",
  showMyself: "Show my own picture to me",
  pictures: "Pictures of the others",
  shown: { shown: "Show", blurred: "Blur", hidden: "Hide" },
  pictureOf: (label: string) => `Picture of ${label}`,
  leaveTitle: "Would you like to leave?",
  leaveNote: "You can leave at any moment. Your camera and microphone go off at once.",
  leaveNow: "Leave for now",
  leaveNowMore: "You can come back with your link, and your facilitator lets you in again.",
  withdraw: "I no longer want to take part",
  withdrawMore: "Nobody will be told why. You can change your mind.",
  stay: "Stay",
  stayMore: "Go back to the meeting.",

  // ---- announcements ---------------------------------------------------------------------------------------------
  cameIn: (label: string) => `${label} has come in.`,
  wentOut: (label: string) => `${label} is no longer here.`,
  lostLine: (label: string) => `${label}’s line dropped. We keep their place.`,
  isBack: (label: string) => `${label} is back.`,
  pieceFree: "Nobody has the talking piece now.",
  // to facilitators; here, because whoever announces is loaded by everybody and the console's own words are not
  arrived: (label: string) => `${label} waits at the door.`,
  saidNotYet: (label: string) => `${label} said “not yet”.`,
  showsSign: (label: string, sign: string) => `${label} shows you a sign: ${sign}.`,
  wrote: (label: string) => `${label} wrote to you.`,
  read: "Read it",
  phases: {
    scheduled: "The meeting has not opened yet.",
    doors_open: "The doors are open.",
    under_way: "The meeting has begun.",
    paused: "The meeting is paused. Nobody can see or hear you.",
    frozen: "The meeting has stopped for a moment. Nobody can see or hear you.",
    closing: "The meeting is closing.",
    ended: "The meeting has ended.",
  } satisfies Readonly<Record<Phase, string>>,

  // ---- keys ------------------------------------------------------------------------------------------------------
  keys: "Keys",
  keysMain: ["Alt + A", "press the main button"],
  keysAll: [
    ["Alt + M", "microphone on or off"],
    ["Alt + P", "pause"],
    ["Esc, three times", "leave quickly"],
  ],
};

/** What a role is called on the facilitators' screens. */
export const roleWords: Readonly<Record<Role, string>> = {
  facilitator: "facilitator",
  victim: "person harmed",
  offender: "person responsible",
  supporter: "supporter",
  interpreter: "interpreter",
  observer: "observer",
};
