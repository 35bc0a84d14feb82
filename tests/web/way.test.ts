import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { paused } from "../../web/client/media/session";
import { changeMedia, link, view } from "../../web/client/store";
import { waySays } from "../../web/client/way";
import { viewOf } from "./samples";

beforeEach(() => {
  link.value = "up";
  view.value = viewOf({ line: "good" });
  changeMedia({ state: "up", trouble: null });
  paused.value = new Set();
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

test("where sound and pictures have stopped it is said once: by the part that failed, if that is known", () => {
  paused.value = new Set(["ruth"]);
  changeMedia({ state: "down" });
  assert.match(waySays.value ?? "", /^The sound and pictures stopped/);
  changeMedia({ trouble: "no-relay" });
  assert.equal(waySays.value, null);
});
