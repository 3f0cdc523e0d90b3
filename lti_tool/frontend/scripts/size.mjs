// Fails when what the page loads before it is usable grows beyond its budget.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 175_000;
const dist = new URL("../../static/dist/", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));

/** The entry, what it imports statically, and their style sheets. */
function filesOf(key, found = new Set()) {
  const chunk = manifest[key];
  if (found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const sheet of chunk.css ?? []) found.add(sheet);
  for (const imported of chunk.imports ?? []) filesOf(imported, found);
  return found;
}

let total = 0;
for (const file of filesOf("src/main.tsx")) {
  const bytes = gzipSync(readFileSync(join(dist, file)), { level: 9 }).length;
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  gzipped in all; budget ${BUDGET_BYTES}`);
if (total > BUDGET_BYTES) {
  console.error("The main bundle is over its budget: load the new part on demand instead.");
  process.exit(1);
}
