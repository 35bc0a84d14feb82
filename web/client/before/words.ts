// Every sentence of the screens before the meeting, so that translations can come later.

export const before = {
  leave: "Leave",
  step: (number: number) => `Step ${number} of 3`,

  // ---- welcome ----------------------------------------------------------------------------------------------
  invited: "You are invited to a conversation",
  by: (inviter: string) => `${inviter} has invited you.`,
  first: ["First", "we check that you can hear and be heard."],
  then: ["Then", "you wait in a place of your own. Nobody sees you but your facilitator."],
  last: ["Your facilitator brings you in.", "You can pause or leave at any moment."],
  notRecorded:
    "Nothing is recorded. The others see the name your facilitator agreed with you, and nothing else about you.",
  today: (hour: string) => `${hour} today`,
  start: "Start",
  question: "I have a question first",

  // ---- devices ----------------------------------------------------------------------------------------------
  check: "Can we see and hear you?",
  checkVoice: "Can we hear you?",
  onlyYou: "Only you see this",
  byVoice: "You take part by voice. Nobody sees you.",
  noPicture: "No camera picture",
  asking: "Your browser asks whether this page may use your camera and microphone. You can allow it.",
  speak: "Say a few words and watch the bars move.",
  heard: "Your microphone works.",
  level: "Microphone level",
  play: "Play a soft sound",
  listen: "Listen",
  played: "Did you hear it? If not, turn up the volume, or look whether headphones are plugged in.",
  unseen: "Take part without being seen",
  voiceOnly: "Take part by voice only, for a weak line",
  voicesOnly: "You hear everyone, and see nobody.",
  leaveOut: "Voices only",
  bringBack: "With pictures",
  cameraOff: "Camera off",
  cameraOn: "Camera on",
  camera: "Camera",
  microphone: "Microphone",
  tryAgain: "Try again",
  works: "It works",
  goOnByVoice: "Go on by voice",
  goOnWithout: "Go on without a microphone",
  goOnListening: "Go on and listen",
  wrong: "Something is wrong",
  bothDenied: [
    "Your browser does not let this page use the camera and the microphone.",
    "Touch the small sign beside the address at the top, allow both, then try again. You can also go on without them: you can listen, and write to your facilitator.",
  ],
  bothMissing: [
    "We found no camera and no microphone.",
    "You can plug them in, then try again. You can also go on without them: you can listen, and write to your facilitator.",
  ],
  troubles: {
    camera: {
      denied: [
        "Your browser does not let this page use the camera.",
        "Touch the small sign beside the address at the top, allow the camera, then try again. Taking part by voice is fine too.",
      ],
      missing: ["We found no camera.", "You can plug one in. Taking part by voice is fine too."],
      busy: [
        "Another program is using your camera.",
        "Close the other program or tab, then try again. Taking part by voice is fine too.",
      ],
    },
    microphone: {
      denied: [
        "Your browser does not let this page use the microphone.",
        "Touch the small sign beside the address at the top, allow the microphone, then try again. Without it you can listen and write to your facilitator.",
      ],
      missing: [
        "We found no microphone.",
        "You can plug one in. Without it you can listen and write to your facilitator.",
      ],
      busy: [
        "Another program is using your microphone.",
        "Close the other program or tab, then try again. Without it you can listen and write to your facilitator.",
      ],
    },
  },
  helpTitle: "What you can try",
  help: [
    "No sound: turn up the volume, and look whether headphones are plugged in.",
    "The bars do not move: choose another microphone, or speak a little louder.",
    "No picture: look for a cover on the camera, or take part by voice.",
    "Nothing helps: load this page again, or open your link on another phone or computer.",
  ],
  helpWrite: "You can also write to your facilitator.",

  // ---- before the doors are open ------------------------------------------------------------------------------
  early: "You are here",
  earlyMore: "The meeting is not open yet. When your facilitator opens it, this page goes on by itself.",
  earlyWho: "Nobody can see or hear you.",

  // ---- the question -------------------------------------------------------------------------------------------
  ask: "Do you still want to take part today?",
  askMore: "Each answer is fine. Only your facilitator sees it.",
  answers: {
    yes: ["Yes", "I am ready to be brought in"],
    not_sure: ["I am not sure", "I would like to talk to my facilitator first"],
    no: ["No, not today", "Nobody will be told why"],
  },
  askAfter: "You can change your mind at any time.",

  // ---- the holding place ----------------------------------------------------------------------------------------
  own: "You are in your own place",
  breathe: ["breathe", "with the circle,", "if you like"],
  yes: "Your facilitator knows that you are here and will bring you in.",
  not_sure: "You said that you are not sure. Your facilitator knows, and will come and talk with you.",
  no: "You said: not today. Your facilitator knows. You can wait for them here, or leave. Nobody will be told why.",
  saidNotYet: "You said “not yet”. Your facilitator knows. Take the time you need.",
  onlyFacilitator: "Only your facilitator can see and hear you, when they visit.",
  untilThen: "Until then nobody but your facilitator can see or hear you.",
  nextTitle: "What happens next",
  nextNotice:
    "You will be told ten seconds before anyone else can see or hear you, and you can say “not yet”.",
  nextTalk: "Your facilitator comes to you here. You can change your answer.",
  changeAnswer: "Change my answer",
  write: "Write to my facilitator",
  sign: "Show a sign",
  calling: (seconds: number) =>
    seconds === 0
      ? "You are coming into the circle"
      : `You will come into the circle in ${seconds} ${seconds === 1 ? "second" : "seconds"}`,
  callingSaid:
    "Your facilitator is bringing you in. You will come into the circle in 10 seconds. You can say “not yet”.",
  callingMore: "Then the people there can see you. Your microphone is off until you turn it on.",
  enterNow: "Come in now",
  notYet: "Not yet",
  visited: (names: string, are: string) => `${names} ${are} here with you`,
  visitedAlone: "You are by yourself again.",
  microphoneOn: "Turn on my microphone",
  microphoneOff: "Turn off my microphone",

  // ---- gone -----------------------------------------------------------------------------------------------------
  connecting: "One moment. We are opening your place.",
  slow: "This takes longer than usual. You can wait, or load this page again.",
  gone: {
    left: [
      "You have left",
      "Your camera and microphone are off. You can come back as long as the meeting lasts.",
    ],
    seen_off: ["Goodbye for now", "Thank you for being here. Your camera and microphone are off."],
    withdrawn: [
      "You are no longer taking part",
      "Your facilitator knows. Nobody else will be told why. Your camera and microphone are off.",
    ],
    refused: [
      "Not today",
      "Your facilitator is not bringing you in today. They will speak with you about it. Your camera and microphone are off.",
    ],
    removed: [
      "Your facilitator has ended your part for now",
      "They will speak with you about it. Your camera and microphone are off.",
    ],
    ended: ["The meeting has ended", "Thank you for being here. Your camera and microphone are off."],
    elsewhere: [
      "You are here on another device",
      "This page is closed, so that you are heard from one place only. Your camera and microphone are off here.",
    ],
    session_ended: [
      "This page has been closed",
      "Your link was replaced or has ended. You can open your newest link, or ask your facilitator for one.",
    ],
    other: [
      "The line to this page was closed",
      "Nothing was lost. You can come back. If it happens again, ask your facilitator for help.",
    ],
  },
  comeBack: "Come back",
  useHere: "Take part here instead",
  reconsider: "I would like to think again",
  closePage: "You can close this page.",
} as const;
