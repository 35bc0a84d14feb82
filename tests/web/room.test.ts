import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../web/client/room/announcements";
import { byArrival, nextStep } from "../../web/client/room/nextStep";
import {
  columns,
  places,
  seatingOf,
  seatSize,
} from "../../web/client/room/seating";
import { whatNext, whoSeesAndHears } from "../../web/client/room/sentences";
import type { Console, Row, Seated, View } from "../../web/client/wire";
import { viewOf } from "./samples";

function seat(id: string, label: string, change: Partial<Seated> = {}): Seated {
  return {
    id,
    label,
    role: "victim",
    attached_to: null,
    me: false,
    holds: false,
    speaking: false,
    microphone: false,
    camera: true,
    away: false,
    hears_me: false,
    sees_me: true,
    ...change,
  };
}

const ruth = seat("ruth", "Ruth", { role: "facilitator" });
const june = seat("june", "June", { me: true });
const dan = seat("dan", "Dan", { role: "offender" });

function circle(here: readonly Seated[], change: Partial<View> = {}): View {
  return viewOf(
    { door: "admitted", in_circle: true },
    { phase: "under_way", mode: "chaired", next: "listen", here, ...change },
  );
}

const ALL = { voice: true, picture: true };

test("who can see and hear me is said by name, unless it is everyone or nobody", () => {
  const hearing = { hears_me: true };
  const sentence = (...here: Seated[]) => whoSeesAndHears(circle(here), ALL);
  assert.equal(
    sentence(ruth, june, dan),
    "Everyone here can see you. Nobody can hear you.",
  );
  assert.equal(
    sentence({ ...ruth, ...hearing }, june, { ...dan, ...hearing }),
    "Everyone here can see and hear you.",
  );
  assert.equal(
    sentence({ ...ruth, ...hearing }, june, { ...dan, sees_me: false }),
    "Ruth can see and hear you.",
  );
  assert.equal(
    sentence({ ...ruth, ...hearing, sees_me: false }, june, dan),
    "Dan can see you. Ruth can hear you.",
  );
  assert.equal(sentence(june), "Nobody can see or hear you.");
});

test("what my own line does not carry nobody sees or hears", () => {
  const here = [{ ...ruth, hears_me: true }, june, dan];
  const sentence = (voice: boolean, picture: boolean) =>
    whoSeesAndHears(circle(here), { voice, picture });
  assert.equal(sentence(true, false), "Nobody can see you. Ruth can hear you.");
  assert.equal(sentence(false, false), "Nobody can see or hear you.");
});

test("whoever's line dropped is not said to see or hear", () => {
  assert.equal(
    whoSeesAndHears(circle([ruth, june, { ...dan, away: true }]), ALL),
    "Ruth can see you. Nobody can hear you.",
  );
});

test("in private it is only the visitor, and it says so", () => {
  const view = viewOf(
    { in_holding: true },
    { here: [{ ...ruth, hears_me: true }, june] },
  );
  assert.equal(whoSeesAndHears(view, ALL), "Only Ruth can see and hear you.");
});

test("what happens next names the holder and my place in the queue", () => {
  const held = [ruth, june, { ...dan, holds: true }];
  assert.equal(
    whatNext(circle(held)),
    "Dan has the talking piece. Listen for now.",
  );
  assert.equal(
    whatNext(circle(held, { mode: "circle", next: "wait_for_turn" })),
    "Dan has the talking piece. It comes to you in turn.",
  );
  const queued = (position: number) =>
    whatNext(
      viewOf(
        { in_circle: true, queue_position: position },
        { next: "wait_for_turn", here: held },
      ),
    );
  assert.equal(queued(1), "You have asked to speak. You are next.");
  assert.equal(queued(2), "You have asked to speak. One person is before you.");
  assert.equal(
    queued(3),
    "You have asked to speak. Two people are before you.",
  );
});

test("the holder is large, the facilitator while nobody holds, and to whoever speaks all are alike", () => {
  assert.deepEqual(seatingOf(circle([ruth, june, { ...dan, holds: true }])), {
    form: "focus",
    focus: "dan",
  });
  assert.deepEqual(seatingOf(circle([ruth, june, dan])), {
    form: "focus",
    focus: "ruth",
  });
  assert.equal(
    seatingOf(circle([ruth, { ...june, holds: true }, dan])).form,
    "even",
  );
  assert.equal(
    seatingOf(circle([ruth, june, dan], { mode: "open" })).form,
    "even",
  );
});

test("chairs stand in their order round the ring, mine at the bottom, and none on another", () => {
  for (let people = 2; people <= 12; people++) {
    const ids = Array.from({ length: people }, (_, index) => `p${index}`);
    const at = places(ids, "p1");
    assert.ok((at.get("p1")?.y ?? 0) > 0.99);
    const points = ids.map((id) => at.get(id) ?? { x: 0, y: 0 });
    for (const [index, one] of points.entries())
      for (const other of points.slice(index + 1))
        assert.ok(Math.hypot(one.x - other.x, one.y - other.y) > 0.2);
    // clockwise on a screen, whose y grows downwards
    const turns = points.map((one, index) => {
      const next = points[(index + 1) % people] ?? one;
      return one.x * next.y - one.y * next.x;
    });
    if (people > 2) assert.ok(turns.every((turn) => turn > 0));
  }
});

test("seats never grow when people come", () => {
  for (let people = 2; people <= 12; people++) {
    const [fewer, more] = [seatSize(people - 1), seatSize(people)];
    const width = ({ wide, high, less }: typeof fewer) =>
      Math.min(13.66 * wide, 6 * high - less);
    assert.ok(width(more) <= width(fewer));
    assert.ok(width(more) >= 64);
    assert.ok(Math.ceil(people / columns(people)) <= 2);
  }
});

function row(id: string, label: string, change: Partial<Row> = {}): Row {
  return {
    id,
    label,
    role: "victim",
    attached_to: null,
    door: "waiting",
    willing: "yes",
    connected: true,
    line: "good",
    place: "own",
    visiting: null,
    waiting_since: 0,
    lost_at: null,
    called_until: null,
    not_yet: false,
    ready: false,
    microphone: false,
    camera: true,
    signal: null,
    signal_at: null,
    departure: null,
    arrival: 1,
    next_in: false,
    share: { spoken: 0, since: null },
    may: [],
    ...change,
  };
}

function consoleOf(people: Row[], change: Partial<Console> = {}): Console {
  return {
    people,
    queue: [],
    turn: null,
    come_back: [],
    rounds: 0,
    not_ready: [],
    ...change,
  };
}

const speak = () => Promise.resolve();

test("the next safe step brings in whoever is next, and sees to those who are not sure first", () => {
  const view = circle([ruth], { phase: "doors_open", next: "bring_in" });
  const step = (change: Partial<Row>) =>
    nextStep(
      view,
      consoleOf([row("june", "June", { next_in: true, ...change })]),
      0,
      speak,
    );
  const sure = step({ may: ["admit", "visit"] });
  assert.equal(sure.says, "Bring in June next. Their camera is on.");
  assert.equal(sure.button?.says, "Bring in June");
  const unsure = step({ willing: "not_sure", may: ["visit"] });
  assert.equal(unsure.button?.says, "Go to June");
  assert.equal(step({ door: "away", may: [] }).button, undefined);
  assert.equal(
    step({ may: [] }).button,
    undefined,
    "no button without the server's leave",
  );
});

test("who is in private with somebody and cannot be heard is offered that first", () => {
  const visit = (microphone: boolean) =>
    nextStep(
      viewOf(
        { door: "admitted", in_holding: true, microphone },
        {
          here: [seat("ruth", "Ruth", { me: true }), dan],
          may: ["return_to_circle", "set_microphone"],
        },
      ),
      consoleOf([]),
      0,
      speak,
    );
  const silent = visit(false);
  assert.match(silent.says, /Dan cannot hear you yet/);
  assert.equal(silent.button?.says, "Turn on my microphone");
  assert.equal(silent.button?.run, speak);
  assert.equal(silent.other?.says, "Back to the circle");
  const heard = visit(true);
  assert.doesNotMatch(heard.says, /cannot hear/);
  assert.equal(heard.button?.says, "Back to the circle");
  assert.equal(heard.other, undefined);
});

test("the next safe step of a pause names for whom it waits", () => {
  const view = circle([ruth], {
    phase: "paused",
    next: "resume",
    may: ["resume"],
  });
  const people = [row("june", "June"), row("dan", "Dan", { arrival: 2 })];
  const waits = nextStep(
    view,
    consoleOf(people, { not_ready: ["dan"] }),
    0,
    speak,
  );
  assert.match(waits.says, /Waiting for Dan’s “ready”/);
  const ready = nextStep(view, consoleOf(people), 0, speak);
  assert.equal(ready.button?.says, "Go on with the meeting");
});

test("people are listed in the order of arrival, without the facilitators", () => {
  const people = [
    row("ruth", "Ruth", { arrival: null }),
    row("dan", "Dan", { arrival: 2 }),
    row("june", "June"),
  ];
  assert.deepEqual(
    byArrival(people).map(({ id }) => id),
    ["june", "dan"],
  );
});

test("turns, lost lines and my own turn are told to those who listen to the screen", () => {
  const before = circle([ruth, june, dan]);
  const held = circle([ruth, june, { ...dan, holds: true }], {
    holder: "dan",
  });
  assert.deepEqual(changes(before, held), ["Dan has the talking piece."]);
  assert.deepEqual(changes(before, before), []);
  const lost = circle([ruth, june, { ...dan, away: true }]);
  assert.deepEqual(changes(before, lost), [
    "Dan’s line dropped. We keep their place.",
  ]);
  const mine: View = {
    ...before,
    holder: "june",
    me: { ...before.me, floor: "granted" },
  };
  assert.equal(
    changes(before, mine).at(-1),
    "You have the talking piece. Your microphone is off. Turn it on when you like.",
  );
});

test("nothing of the others is told to somebody who is apart from them", () => {
  const apart = viewOf(
    { door: "admitted", in_holding: true },
    { phase: "paused" },
  );
  assert.deepEqual(changes(apart, { ...apart }), []);
});
