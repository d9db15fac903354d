// Collects the licence of every library that is in the built files: from the files that were bundled, not from the list
// of dependencies, so that it says neither too much nor too little.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

/** Return the text of THIRD_PARTY.txt for the results of some builds. */
export function licences(root, builds) {
  const names = new Set();
  for (const build of builds) {
    for (const output of Object.values(build.metafile.outputs)) {
      for (const [input, part] of Object.entries(output.inputs)) {
        const found = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input);
        if (found && part.bytesInOutput > 0) names.add(found[1]);
      }
    }
  }
  const parts = [...names].sort().map((name) => describe(path.join(root, "node_modules", name), name));
  return `Libraries in the scripts and styles of Amber's pages, and their licences.\n\n${parts.join("\n")}`;
}

function describe(folder, name) {
  const facts = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file && existsSync(path.join(folder, file)) ? readFileSync(path.join(folder, file), "utf8").trim() : "";
  if (!text && !facts.license) throw new Error(`${name} has no licence that could be shipped.`);
  return `${"=".repeat(80)}\n${name} ${facts.version} (${facts.license})\n${"=".repeat(80)}\n${text}\n`;
}
