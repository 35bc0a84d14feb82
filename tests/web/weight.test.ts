import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

/** What the join page and the room may weigh together, gzipped (`npm run build` comes first). */
const BUDGET = 60_000;
const web = process.cwd();

test("the join page and the room together stay within their budget", (context) => {
  const statics = join(web, "static");
  const manifest = JSON.parse(
    readFileSync(join(statics, "built/manifest.json"), "utf8"),
  ) as Record<string, string>;
  const files = [
    ...["room.js", "room.css", "pages.js", "pages.css"].map((name) =>
      join(statics, manifest[name] ?? name),
    ),
    ...["base.html", "join.html", "room.html"].map((name) =>
      join(web, "templates", name),
    ),
  ];
  const weights = files.map(
    (file) => gzipSync(readFileSync(file), { level: 9 }).length,
  );
  const sum = weights.reduce((one, other) => one + other, 0);
  context.diagnostic(`${sum} B of ${BUDGET} B`);
  assert.ok(sum <= BUDGET, `${sum} B: ${weights.join(" + ")}`);
});
