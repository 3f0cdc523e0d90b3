// Writes .gz and .br beside every built text file, so that no server compresses at request time.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Beyond this the last percents would take most of a build's time. */
const LARGE_BYTES = 1_000_000;
const dist = new URL("../../static/dist/", import.meta.url).pathname;

for (const name of readdirSync(dist, { recursive: true })) {
  if (!/\.(js|css|svg|json|wasm)$/.test(name)) continue;
  const path = join(dist, name);
  const raw = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(raw, { level: 9 }));
  writeFileSync(
    `${path}.br`,
    brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: raw.length > LARGE_BYTES ? 9 : 11 } }),
  );
}
