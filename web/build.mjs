// Builds what the browser loads into static/built/, with names that carry a hash of their content, so that they may be
// cached for ever.  manifest.json says which name is current, relative to static/:
//   {"room.js": "built/room-1A2B3C4D.js", "room.css": "built/room-....css", "pages.js": ..., "pages.css": ...}
// The room is made of three modules: room.js, the facilitators' console.js, which nobody else loads, and shared.js, what
// both stand on.
// The room's style sheet is tokens + base + everything in static/css that is not named pages*; the pages' style sheet is
// tokens + base + pages*.

import { mkdirSync, readdirSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const statics = join(here, "static");
const built = join(statics, "built");
const scripts = {
  room: { entry: "client/main.tsx", format: "esm", splitting: true },
  pages: { entry: "client/pages.ts", format: "iife", splitting: false },
};
const parts = { "client/main.tsx": "room.js", "client/room/FacilitatorRoom.tsx": "console.js" };

/**
 * The line is a websocket and nothing else (server/realtime refuses the rest), so the other transports of engine.io-client
 * stay out of the bundle: 2.5 kB gzip.
 */
const websocketOnly = {
  name: "websocket only",
  setup({ onLoad }) {
    const transports = /engine\.io-client[\\/]build[\\/]esm[\\/]transports[\\/]/.source;
    onLoad({ filter: new RegExp(`${transports}index\\.js$`) }, () => ({
      contents: 'import { WS } from "./websocket.js"; export const transports = { websocket: WS };',
    }));
    onLoad({ filter: new RegExp(`${transports}(polling.*|webtransport)\\.js$`) }, () => ({
      contents: "export const Fetch = null, XHR = null, WT = null;",
    }));
  },
};

/** The sheets of one bundle, the shared ones first; order matters only between these groups. */
function sheets(wanted) {
  const folder = join(statics, "css");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".css"));
  const shared = ["tokens.css", "base.css"].filter((name) => names.includes(name));
  const own = names.filter((name) => !shared.includes(name) && wanted(name)).sort();
  return [...shared, ...own].map((name) => join(folder, name));
}

const styles = {
  room: () => sheets((name) => !name.startsWith("pages")),
  pages: () => sheets((name) => name.startsWith("pages")),
};

async function build() {
  const manifest = {};
  const weights = [];
  const shared = {
    bundle: true,
    minify: true,
    write: false,
    outdir: built,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    metafile: true,
    legalComments: "none",
    target: ["es2022", "chrome110", "firefox115", "safari16.4"],
    logLevel: "warning",
    absWorkingDir: here,
  };
  const results = [];
  for (const [name, { entry, format, splitting }] of Object.entries(scripts)) {
    results.push([
      `${name}.js`,
      await esbuild.build({
        ...shared,
        entryPoints: { [name]: join(here, entry) },
        format,
        splitting,
        jsx: "automatic",
        jsxImportSource: "preact",
        // socket.io-client carries its debug log only in builds without this condition
        conditions: ["production", "browser"],
        plugins: [websocketOnly],
        define: { "process.env.NODE_ENV": '"production"' },
      }),
    ]);
  }
  for (const [name, files] of Object.entries(styles)) {
    const contents = files()
      .map((file) => `@import ${JSON.stringify(`./${relative(statics, file)}`)};`)
      .join("\n");
    if (contents === "") continue;
    results.push([
      `${name}.css`,
      await esbuild.build({
        ...shared,
        stdin: { contents, resolveDir: statics, sourcefile: `${name}.css`, loader: "css" },
      }),
    ]);
  }
  rmSync(built, { recursive: true, force: true });
  mkdirSync(built, { recursive: true });
  for (const [name, result] of results) {
    for (const file of result.outputFiles) {
      const { entryPoint } = result.metafile.outputs[relative(here, file.path)];
      const part = name === "room.js" ? (parts[entryPoint] ?? "shared.js") : name;
      if (part in manifest) throw new Error(`two files would be ${part}: say what the second one is`);
      // a bundle made from standard input is called stdin: give it its name
      const path = file.path.replace(/stdin(?=-[A-Z0-9]+\.css$)/, name.replace(".css", ""));
      writeFileSync(path, file.contents);
      manifest[part] = relative(statics, path);
      const small = gzipSync(file.contents, { level: 9 }).length;
      weights.push(`${part} ${file.contents.length} B, ${small} B gzip`);
    }
  }
  writeFileSync(join(built, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(weights.join("\n"));
}

await build();
