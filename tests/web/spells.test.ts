import assert from "node:assert/strict";
import { test } from "node:test";
import {
  lineNow,
  pictureSays,
  SPAN,
  stretches,
} from "../../web/client/room/spells";
import type { Line, Pictures, Spell } from "../../web/client/wire";

const minute = 60_000;
const at = 1_000 * minute;

/** How many minutes ago it became what; which pictures came. */
type Change = readonly [number, Line | null, Pictures?];

function history(...changes: Change[]): readonly Spell[] {
  return changes.map(([ago, line, pictures = "all"]) => ({
    since: at - ago * minute,
    line,
    pictures,
  }));
}

test("the picture is the last five minutes, and what goes on reaches its right edge", () => {
  const spells = history([20, "good"], [4, "poor"], [3, "lost"], [2, "good"]);
  assert.deepEqual(stretches(spells, at), [
    { level: "good", from: 0, to: minute },
    { level: "weak", from: minute, to: 2 * minute },
    { level: "lost", from: 2 * minute, to: 3 * minute },
    { level: "good", from: 3 * minute, to: SPAN },
  ]);
  assert.deepEqual(stretches(spells, at + 10 * minute), [
    { level: "good", from: 0, to: SPAN },
  ]);
});

test("what came before somebody was there stays empty", () => {
  assert.deepEqual(stretches(history([1, "good"]), at), [
    { level: "good", from: 4 * minute, to: SPAN },
  ]);
  assert.deepEqual(stretches([], at), []);
});

test("a clock that is a little behind the server's draws nothing beyond the edge", () => {
  const ahead = [{ since: at + 400, line: "good", pictures: "all" }] as const;
  assert.deepEqual(stretches(ahead, at), [
    { level: "good", from: SPAN, to: SPAN },
  ]);
  assert.equal(lineNow(ahead, at).trouble, false);
});

test("paused pictures count as weak, and equal neighbours are one", () => {
  assert.deepEqual(
    stretches(
      history(
        [4, "poor"],
        [3, "poor", "paused"],
        [2, "good", "paused"],
        [1, "good"],
      ),
      at,
    ),
    [
      { level: "weak", from: minute, to: 4 * minute },
      { level: "good", from: 4 * minute, to: SPAN },
    ],
  );
});

test("in words: how long it has been weak, and what becomes of pictures", () => {
  const says = (...changes: Change[]) => lineNow(history(...changes), at);
  assert.deepEqual(says([9, "good"]), { trouble: false, says: "" });
  assert.deepEqual(says(), { trouble: false, says: "" });
  assert.deepEqual(says([9, "good"], [2, "poor"]), {
    trouble: true,
    says: "Their line has been weak for 2 min. Voices go first, pictures may stop.",
  });
  assert.deepEqual(says([9, "good"], [2, "poor"], [1, "good", "paused"]), {
    trouble: true,
    says: "Their line has been weak for 2 min. Pictures to them are paused so that voices get through.",
  });
  assert.deepEqual(says([9, "good"], [3, "poor"], [2, "lost"]), {
    trouble: true,
    says: "Their line dropped 2 min ago. We keep their place.",
  });
  assert.deepEqual(says([9, "good", "off"]), {
    trouble: false,
    says: "They chose voices only: no pictures come to them.",
  });
  assert.deepEqual(says([9, "good", "off"], [2, "poor", "off"]), {
    trouble: true,
    says: "Their line has been weak for 2 min. They chose voices only.",
  });
  assert.deepEqual(says([9, "good"], [3, "lost"], [2, "good"]), {
    trouble: false,
    says: "Their line is good again.",
  });
  assert.deepEqual(says([9, "good"], [3, "poor"], [2, null]), {
    trouble: false,
    says: "",
  });
});

test("a line that drops for a moment now and then has been weak all along", () => {
  const spells = history(
    [5, "good"],
    [4, "poor"],
    [3, "lost"],
    [2.9, "poor"],
    [1, "lost"],
    [0.9, "poor"],
  );
  assert.match(lineNow(spells, at).says, /weak for 4 min/);
});

test("whoever does not see the picture gets all of it in words", () => {
  assert.equal(
    pictureSays(history([9, "good"]), at),
    "The last five minutes: good for 5 min.",
  );
  assert.equal(
    pictureSays(history([9, "good"], [3, "poor"], [0.5, "lost"]), at),
    "The last five minutes: good for 2 min, weak for 2 min and dropped for less than a minute.",
  );
});
