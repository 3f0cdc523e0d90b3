import assert from "node:assert/strict";
import { test } from "node:test";
import type { CellRecord, RunRecord } from "../../src/api/records";
import { expectedSeconds } from "../../src/state/expected";
import { attempt, snapshot } from "./builders";

const took = (seconds: number): RunRecord => ({
  run_id: `r${seconds}`,
  state: "ok",
  message: "",
  execution_count: 1,
  queued_at: "2026-11-23T12:00:00Z",
  started_at: "2026-11-23T12:00:00Z",
  ended_at: new Date(Date.parse("2026-11-23T12:00:00Z") + seconds * 1000).toISOString(),
  outputs: [],
});

const cells = (...changes: Partial<CellRecord>[]): CellRecord[] =>
  snapshot().document.cells.concat(changes.map((change, n) => ({
    id: `x${n}`, kind: "code", source: "", subtask: "clean", ...change,
  })));
const document = (...changes: Partial<CellRecord>[]) =>
  ({ ...snapshot().document, cells: cells(...changes) });

test("a check takes what the cells down to the task's end took", () => {
  const known = attempt({ runs: { c1: took(4), c2: took(8.4) } });
  assert.equal(expectedSeconds(known, "look"), 4);
  assert.equal(expectedSeconds(known, "clean"), 12);
});

test("what checking leaves out costs nothing: skipped cells, and cells of later tasks above", () => {
  const skipped = attempt({
    document: document({ id: "c3", replay: false }),
    runs: { c1: took(4), c2: took(8), c3: took(600) },
  });
  assert.equal(expectedSeconds(skipped, "clean"), 12);
  const above = attempt({
    document: { ...document(), cells: cells({ id: "c3", subtask: "look" }) },
    runs: { c1: took(4), c2: took(8), c3: took(3) },
  });
  assert.equal(expectedSeconds(above, "look"), 7);
});

test("nothing is said of short checks, or where no cell has run", () => {
  assert.equal(expectedSeconds(attempt(), "clean"), null);
  assert.equal(expectedSeconds(attempt({ runs: { c1: took(1.9) } }), "clean"), null);
});

test("a run that has not ended tells no time", () => {
  const running = { ...took(30), state: "running" as const, ended_at: null };
  assert.equal(expectedSeconds(attempt({ runs: { c1: running, c2: took(5) } }), "clean"), 5);
});
