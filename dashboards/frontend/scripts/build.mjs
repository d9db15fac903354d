// Builds the components of the pages: one script that every page loads, one style sheet, and the lazy modules
// (`*.lazy.ts`), which bring the big libraries and are fetched when a page first needs them.
//
// The main script is a classic one, because Dash's renderer looks for `window.amber_ui` as soon as it runs; lazy modules
// are ES modules under names with a hash, so that a browser may keep them for ever.
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { licences } from "./licences.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const target = path.join(root, "..", "assets");
const fresh = `${target}.new`;
const watch = process.argv.includes("--watch");

/** React comes with Dash; a second copy would not share its state. */
const reactOfDash = {
  name: "react-of-dash",
  setup(build) {
    const globals = { react: "React", "react-dom": "ReactDOM" };
    build.onResolve({ filter: /^react(-dom)?$/ }, (args) => ({ path: args.path, namespace: "react-of-dash" }));
    build.onLoad({ filter: /.*/, namespace: "react-of-dash" }, (args) => ({
      contents: `module.exports = window.${globals[args.path]};`,
      loader: "js",
    }));
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: !watch,
  sourcemap: watch ? "inline" : false,
  target: ["es2022"],
  charset: "utf8",
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
  jsx: "transform",
  plugins: [reactOfDash],
};

async function buildAll() {
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const entries = globSync("src/**/*.lazy.{ts,tsx}", { cwd: root }).sort();
  const lazy = await esbuild.build({
    ...shared,
    entryPoints: entries,
    outdir: fresh,
    outbase: path.join(root, "src"),
    format: "esm",
    splitting: true,
    entryNames: "[dir]-[name]-[hash]",
    chunkNames: "chunk-[hash]",
  });
  const urls = {};
  for (const [file, output] of Object.entries(lazy.metafile.outputs)) {
    if (output.entryPoint) {
      urls[output.entryPoint.replace(/^src\//, "").replace(/\.lazy\.tsx?$/, "")] = path
        .relative(fresh, path.join(root, file))
        .replaceAll(path.sep, "/");
    }
  }
  const main = await esbuild.build({
    ...shared,
    entryPoints: { amber_ui: "src/index.ts" },
    outdir: fresh,
    format: "iife",
    define: { LAZY_MODULES: JSON.stringify(urls) },
  });
  const styles = await esbuild.build({
    ...shared,
    entryPoints: { amber_ui: "src/styles/index.css", login: "src/styles/login_page.css" },
    outdir: fresh,
  });
  writeFileSync(path.join(fresh, "THIRD_PARTY.txt"), licences(root, [lazy, main, styles]));
  const files = globSync("**/*", { cwd: fresh, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(fresh, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
    .sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(path.join(fresh, file)));
  writeFileSync(
    path.join(fresh, "manifest.json"),
    `${JSON.stringify({ version: hash.digest("hex").slice(0, 12), lazy: urls, files }, null, 2)}\n`,
  );
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
}

await buildAll();
if (watch) {
  const { watch: watchFiles } = await import("node:fs/promises");
  for await (const event of watchFiles(path.join(root, "src"), { recursive: true })) {
    if (/\.(tsx?|css)$/.test(event.filename ?? "")) {
      try {
        await buildAll();
        console.log(`built after a change of ${event.filename}`);
      } catch (error) {
        console.error(String(error));
      }
    }
  }
}
