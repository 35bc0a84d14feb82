import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const web = process.cwd();
const statics = join(web, "static");
const manifest = JSON.parse(
  readFileSync(join(statics, "built/manifest.json"), "utf8"),
) as Record<string, string>;

/** The join page and the room, as a participant loads them on an old phone. */
const PARTICIPANT = [
  ...["room.js", "shared.js", "room.css", "pages.js", "pages.css"].map((name) =>
    join(statics, manifest[name] ?? name),
  ),
  ...["base.html", "join.html", "room.html"].map((name) =>
    join(web, "templates", name),
  ),
];
/** Facilitators load their console besides, at a desk as a rule. */
const FACILITATOR = [
  ...PARTICIPANT,
  join(statics, manifest["console.js"] ?? "console.js"),
];

for (const [who, files, budget] of [
  ["a participant", PARTICIPANT, 60_000],
  ["a facilitator", FACILITATOR, 68_000],
] as const)
  test(`what ${who} loads stays within ${budget} B gzip`, (context) => {
    const weights = files.map(
      (file) => gzipSync(readFileSync(file), { level: 9 }).length,
    );
    const sum = weights.reduce((one, other) => one + other, 0);
    context.diagnostic(`${sum} B of ${budget} B`);
    assert.ok(sum <= budget, `${sum} B: ${weights.join(" + ")}`);
  });
