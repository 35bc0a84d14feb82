import assert from "node:assert/strict";
import { test } from "node:test";
import { screenOf, type Standing } from "../../web/client/screen";
import { viewOf } from "./samples";

const here: Standing = {
  view: viewOf({}),
  link: "up",
  bye: null,
  step: "welcome",
  checked: false,
  reconsider: false,
};

test("nothing is shown before the server has said anything", () => {
  assert.equal(
    screenOf({ ...here, view: null, link: "connecting" }),
    "connecting",
  );
});

test("whoever arrives goes from the welcome over the device check to the question", () => {
  assert.equal(screenOf(here), "welcome");
  assert.equal(screenOf({ ...here, step: "devices" }), "devices");
  assert.equal(
    screenOf({ ...here, step: "question", checked: true }),
    "question",
  );
});

test("before the doors are open there is nothing to answer, and the question comes by itself", () => {
  const ready: Standing = { ...here, step: "question", checked: true };
  assert.equal(
    screenOf({ ...ready, view: viewOf({}, { next: "wait_for_doors" }) }),
    "early",
  );
  assert.equal(
    screenOf({ ...ready, view: viewOf({}, { next: "check_in" }) }),
    "question",
  );
});

test("nobody is brought before the others without having looked at their own picture", () => {
  for (const door of ["waiting", "admitted"] as const)
    assert.equal(
      screenOf({
        ...here,
        view: viewOf({ door, in_circle: door === "admitted" }),
      }),
      "devices",
    );
});

test("who waits is in their own place until they are in the circle, and may answer the question again", () => {
  const waiting: Standing = {
    ...here,
    checked: true,
    step: "question",
    view: viewOf({ door: "waiting" }),
  };
  assert.equal(screenOf(waiting), "holding");
  assert.equal(screenOf({ ...waiting, reconsider: true }), "question");
  assert.equal(
    screenOf({
      ...waiting,
      view: viewOf({ door: "admitted", in_circle: true }),
    }),
    "room",
  );
});

test("a pause leaves people in the room, where its controls are", () => {
  const paused = viewOf(
    { door: "admitted", in_holding: true },
    { phase: "paused" },
  );
  assert.equal(screenOf({ ...here, checked: true, view: paused }), "room");
});

test("a lost line changes no screen", () => {
  const view = viewOf({ door: "admitted", in_circle: true });
  assert.equal(
    screenOf({ ...here, checked: true, view, link: "down" }),
    "room",
  );
});

test("each way of being gone shows that one is gone", () => {
  for (const door of ["left", "withdrawn", "refused", "removed"] as const)
    assert.equal(
      screenOf({ ...here, checked: true, view: viewOf({ door }) }),
      "gone",
    );
  assert.equal(
    screenOf({
      ...here,
      view: viewOf({ door: "waiting" }, { phase: "ended" }),
    }),
    "gone",
  );
  assert.equal(screenOf({ ...here, bye: "elsewhere" }), "gone");
});

test("who has withdrawn can come back to the question", () => {
  const withdrawn: Standing = {
    ...here,
    checked: true,
    reconsider: true,
    view: viewOf({ door: "withdrawn" }),
  };
  assert.equal(screenOf(withdrawn), "question");
});

test("a facilitator checks the devices and is in the room", () => {
  const view = viewOf({
    role: "facilitator",
    door: "admitted",
    in_circle: true,
  });
  assert.equal(screenOf({ ...here, view }), "devices");
  assert.equal(screenOf({ ...here, view, checked: true }), "room");
});
