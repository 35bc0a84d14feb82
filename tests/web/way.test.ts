import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Connection } from "../../web/client/media/connection";
import {
  connection,
  hear,
  paused,
  resting,
  told,
  wanted,
} from "../../web/client/media/session";
import { Announcer } from "../../web/client/notices";
import { changeMedia, link, view } from "../../web/client/store";
import { carried, tellOfTheWay, waySays } from "../../web/client/way";
import { viewOf } from "./samples";

beforeEach(() => {
  link.value = "up";
  view.value = viewOf({ line: "good" });
  changeMedia({ state: "up", trouble: null });
  paused.value = resting.value = new Set();
});

test("nothing is said of a good line, nor before there is one, nor after it was closed", () => {
  assert.equal(waySays.value, null);
  link.value = "gone";
  assert.equal(waySays.value, null);
  link.value = "down";
  view.value = null;
  assert.equal(waySays.value, null);
});

test("a lost line counts for more than anything else", () => {
  paused.value = new Set(["ruth"]);
  link.value = "down";
  assert.match(waySays.value ?? "", /^Your line dropped\./);
});

test("pictures that are paused count for more than the weak line that is why", () => {
  view.value = viewOf({ line: "poor" });
  assert.match(waySays.value ?? "", /^Your line is weak\. Your voice/);
  paused.value = new Set(["ruth"]);
  assert.match(waySays.value ?? "", /Pictures are paused/);
});

test("whose own picture is paused is told that, if there would be one", () => {
  view.value = viewOf({ line: "poor", camera: true });
  resting.value = new Set(["ruth"]);
  assert.match(
    waySays.value ?? "",
    /your picture may stop/,
    "that of somebody else is not mine",
  );
  resting.value = new Set(["june"]);
  assert.match(waySays.value ?? "", /your picture is paused/);
  view.value = viewOf({ line: "poor", camera: false });
  assert.match(waySays.value ?? "", /your picture may stop/);
});

test("where sound and pictures have stopped it is said once: by the part that failed, if that is known", () => {
  paused.value = new Set(["ruth"]);
  changeMedia({ state: "down" });
  assert.match(waySays.value ?? "", /^The sound and pictures stopped/);
  changeMedia({ trouble: "no-relay" });
  assert.equal(waySays.value, null);
});

test("my picture is carried only while this page sends it, whatever is said of my line", () => {
  const none = { slots: new Map(), slot: () => undefined, close: () => {} };
  connection.value = { ...none, generation: "new" } as unknown as Connection;
  told.value = true;
  const send = (generation: string, low: boolean) =>
    hear({ kind: "send", generation, audio: true, high: false, low });
  assert.deepEqual(carried.value, { voice: true, picture: false });
  send("old", true);
  assert.equal(carried.value.picture, false);
  send("new", true);
  resting.value = new Set(["june"]);
  assert.equal(carried.value.picture, true, "what is said may come late");
  changeMedia({ state: "connecting" });
  assert.deepEqual(carried.value, { voice: false, picture: false });
  changeMedia({ state: "up" });
  link.value = "down";
  assert.deepEqual(carried.value, { voice: false, picture: false });
  told.value = false; // as `startMedia` does then
  assert.equal(wanted.value, null, "without a line nothing is sent");
  link.value = "up";
  assert.equal(
    wanted.value,
    null,
    "nor before the server has said what it has of us",
  );
  told.value = true;
  assert.equal(carried.value.picture, true);
  send("new", false);
  assert.deepEqual(carried.value, { voice: true, picture: false });
  connection.value = null;
});

test("it is read out once it lasts, and that it is good again only when it is", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const after = async (ms: number) => {
    t.mock.timers.tick(ms);
    await Promise.resolve();
    return String(Announcer().props.children);
  };
  tellOfTheWay();
  assert.equal(
    await after(5000),
    "",
    "of a good line there is nothing to tell",
  );

  link.value = "down";
  assert.equal(await after(900), "");
  link.value = "up";
  assert.equal(
    await after(5000),
    "",
    "what passes within a second is not read out",
  );

  link.value = "down";
  assert.match(await after(1100), /^Your line dropped\./);
  link.value = "up";
  changeMedia({ state: "connecting" });
  assert.equal(waySays.value, null);
  assert.match(
    await after(5000),
    /^Your line dropped\./,
    "the line is back, sound and pictures are not",
  );
  changeMedia({ state: "up" });
  assert.equal(await after(1100), "Your line is good again.");

  paused.value = new Set(["ruth"]);
  assert.match(await after(1100), /Pictures are paused/);
  link.value = "gone";
  assert.match(
    await after(5000),
    /Pictures are paused/,
    "who has left is not told that their line is good",
  );
});
