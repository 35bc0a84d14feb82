// Runs the unit tests of ../tests/web with node:test: esbuild turns each into one plain file first.

import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "../tests/web");
const out = join(here, "node_modules/.cache/talkingpiece-tests");

const tests = readdirSync(source)
  .filter((name) => /\.test\.tsx?$/.test(name))
  .map((name) => join(source, name));
if (tests.length === 0) throw new Error("no tests found");

rmSync(out, { recursive: true, force: true });
await esbuild.build({
  entryPoints: tests,
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
  jsx: "automatic",
  jsxImportSource: "preact",
  // packages are loaded as they are: some of socket.io-client's cannot be bundled for Node
  packages: "external",
  // the type checker's paths are not ways in which Node finds a package
  tsconfigRaw: {},
  logLevel: "warning",
});
const built = readdirSync(out).map((name) => join(out, name));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...built], {
  stdio: "inherit",
});
process.exit(status ?? 1);
