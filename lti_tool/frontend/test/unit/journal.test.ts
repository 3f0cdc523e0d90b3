import assert from "node:assert/strict";
import { test } from "node:test";
import { applied } from "../../src/state/journal";
import { reduce } from "../../src/state/reducer";
import { cellToStop, placeInQueue } from "../../src/state/runs";
import { after, attempt, NOW } from "./builders";

const RUN = { run_id: "r1", cell_id: "c1" };
const stream = (text: string) => ({ kind: "stream", name: "stdout", text });
const FINISHED = {
  ...RUN, state: "ok", message: "", execution_count: 4, ended_at: "2026-11-23T12:00:02Z",
};
const running = () =>
  after(attempt(), ["run.queued", { ...RUN, position: 1 }], ["run.started", { ...RUN, started_at: NOW }]);

test("a run is queued, starts, puts out, and ends", () => {
  const queued = after(attempt(), ["run.queued", { ...RUN, position: 1 }]);
  assert.equal(queued.runs["c1"]?.state, "queued");
  const started = after(queued, ["run.started", { ...RUN, started_at: NOW }]);
  assert.equal(started.runs["c1"]?.state, "running");
  const ended = after(
    started,
    ["run.output", { ...RUN, index: 0, output: stream("a") }],
    ["run.append", { ...RUN, index: 0, start: 1, text: "b\n" }],
    ["run.output", { ...RUN, index: 1, output: { kind: "result", data: { "text/plain": "1" } } }],
    ["run.finished", FINISHED],
  );
  const run = ended.runs["c1"];
  assert.equal(run?.state, "ok");
  assert.equal(run?.executionCount, 4);
  assert.deepEqual(run?.outputs.map((output) => output.text ?? output.data), ["ab\n", { "text/plain": "1" }]);
  assert.equal(ended.announcement?.key, "say.runOk");
});

test("an event that is already in the state changes nothing", () => {
  const once = after(running(), ["run.output", { ...RUN, index: 0, output: stream("a") }]);
  const append = { kind: "run.append", payload: { ...RUN, index: 0, start: 1, text: "b" }, receivedAt: NOW };
  const twice = applied(applied(once, { seq: 14, ...append }), { seq: 14, ...append });
  assert.equal(twice.runs["c1"]?.outputs[0]?.text, "ab");
  assert.equal(applied(twice, { seq: 3, ...append }), twice);
});

test("an output at a known index replaces it, and clear drops all", () => {
  const replaced = after(
    running(),
    ["run.output", { ...RUN, index: 0, output: stream("a") }],
    ["run.output", { ...RUN, index: 0, output: stream("z") }],
  );
  assert.deepEqual(replaced.runs["c1"]?.outputs, [stream("z")]);
  assert.deepEqual(after(replaced, ["run.clear", RUN]).runs["c1"]?.outputs, []);
});

test("a line that is written over takes its earlier states away", () => {
  const state = after(
    running(),
    ["run.output", { ...RUN, index: 0, output: stream("one\n 1%") }],
    ["run.append", { ...RUN, index: 0, start: 4, text: "10%" }],
    ["run.append", { ...RUN, index: 0, start: 4, text: "100%\ndone" }],
  );
  assert.equal(state.runs["c1"]?.outputs[0]?.text, "one\n100%\ndone");
});

test("text for an output whose beginning was compacted begins one", () => {
  const state = after(running(), ["run.append", { ...RUN, index: 1, start: 0, text: "late" }]);
  assert.equal(state.runs["c1"]?.outputs[1]?.text, "late");
});

test("a new run keeps the old output in view until it begins", () => {
  const ended = after(running(), ["run.output", { ...RUN, index: 0, output: stream("old") }], ["run.finished", FINISHED]);
  const again = { run_id: "r2", cell_id: "c1" };
  const queued = after(ended, ["run.queued", again]);
  assert.equal(queued.runs["c1"]?.previousOutputs, true);
  assert.deepEqual(queued.runs["c1"]?.outputs, [stream("old")]);
  const begun = after(queued, ["run.started", { ...again, started_at: NOW }]);
  assert.deepEqual(begun.runs["c1"]?.outputs, []);
});

test("events of an older run of the cell change nothing, and are not announced", () => {
  const newer = after(running(), ["run.queued", { run_id: "r2", cell_id: "c1" }]);
  const late = after(newer, ["run.output", { ...RUN, index: 0, output: stream("a") }], ["run.finished", FINISHED]);
  assert.deepEqual(late.runs, newer.runs);
  assert.equal(late.announcement, null);
});

test("a run that another page started appears here", () => {
  const state = after(attempt(), ["run.started", { ...RUN, started_at: NOW }]);
  assert.equal(state.runs["c1"]?.state, "running");
});

test("an abnormal end keeps its message and is announced as a failure", () => {
  const state = after(running(), ["run.finished", { ...FINISHED, state: "died", message: "Out of memory." }]);
  assert.equal(state.runs["c1"]?.message, "Out of memory.");
  assert.deepEqual(state.announcement, {
    id: 1, key: "say.runFailed", params: { cell: 1, message: "Out of memory." },
  });
});

test("the queue counts those that wait, and Stop stands at the running cell", () => {
  const state = after(running(), ["run.queued", { run_id: "r2", cell_id: "c2" }]);
  const second = state.runs["c2"];
  assert.ok(second);
  assert.equal(placeInQueue(state, second), 1);
  assert.equal(cellToStop(state), "c1");
  assert.equal(cellToStop(after(state, ["run.finished", FINISHED])), "c2");
  assert.equal(cellToStop(attempt()), null);
});

test("a validation goes from asked to its verdict", () => {
  const known = { validation_id: "v1", subtask: "look" };
  const queued = after(attempt(), ["validation.queued", known]);
  assert.equal(queued.validations["look"]?.state, "queued");
  assert.equal(after(queued, ["validation.started", known]).validations["look"]?.state, "running");
  const done = after(queued, ["validation.finished", {
    ...known, state: "done", verdict: "needs_work", points: 0, max_points: 2,
    evidence: [], feedback_html: "<p>Why?</p>", ended_at: NOW,
  }]);
  assert.equal(done.validations["look"]?.verdict, "needs_work");
  assert.equal(done.validations["look"]?.feedbackHtml, "<p>Why?</p>");
  assert.deepEqual(done.announcement?.key, "say.needs_work");
});

test("a validation that failed by our own fault says so", () => {
  const state = after(attempt(), ["validation.finished", {
    validation_id: "v1", subtask: "look", state: "failed", verdict: null, points: null,
    max_points: null, evidence: null, feedback_html: null, ended_at: NOW,
  }]);
  assert.equal(state.validations["look"]?.state, "failed");
  assert.equal(state.announcement?.key, "say.validationFailed");
});

test("points, delivery and kernel are taken over", () => {
  const state = after(
    attempt(),
    ["points.changed", { score: 2, max_score: 5 }],
    ["delivery.changed", { state: "sent", score: 2, message: null, at: NOW }],
    ["kernel.changed", { state: "dead", reason: "Out of memory." }],
  );
  assert.equal(state.points.score, 2);
  assert.deepEqual(state.delivery, { state: "sent", score: 2, message: null, at: NOW });
  assert.deepEqual(state.kernel, { state: "dead", reason: "Out of memory." });
});

test("a kind that this page does not know only counts", () => {
  const state = after(attempt(), ["chat.token", { text: "x" }], ["document.saved", { revision: 4 }]);
  assert.deepEqual({ ...state, lastSeq: 10 }, attempt());
  assert.equal(state.lastSeq, 12);
});

test("a run asked for here and its own event are one run", () => {
  const page = { phase: "ready" as const, attempt: attempt(), sessionExpired: false };
  const asked = reduce(page, { type: "run.asked", cellId: "c1", runId: "r1" });
  assert.ok(asked.phase === "ready");
  const told = after(asked.attempt, ["run.queued", { ...RUN, position: 1 }]);
  assert.deepEqual(told.runs, asked.attempt.runs);
});

test("a refused request gives its reason and frees the button", () => {
  const page = { phase: "ready" as const, attempt: attempt(), sessionExpired: false };
  const asked = reduce(page, { type: "run.asked", cellId: "c1", runId: "r1" });
  const refused = reduce(asked, { type: "run.refused", cellId: "c1", runId: "r1", notice: { key: "run.unsent" } });
  assert.ok(refused.phase === "ready");
  assert.equal(refused.attempt.runs["c1"]?.state, "stopped");
  assert.deepEqual(refused.attempt.runs["c1"]?.refusal, { key: "run.unsent" });
});

test("a verdict stays in view when a new check cannot be asked for", () => {
  const done = after(attempt(), ["validation.finished", {
    validation_id: "v1", subtask: "look", state: "done", verdict: "approved", points: 2,
    max_points: 2, evidence: [], feedback_html: "", ended_at: NOW,
  }]);
  const page = { phase: "ready" as const, attempt: done, sessionExpired: false };
  const asked = reduce(page, { type: "validation.asked", subtask: "look" });
  const refused = reduce(asked, { type: "validation.refused", subtask: "look", notice: { key: "validation.unsent" } });
  assert.ok(refused.phase === "ready");
  assert.equal(refused.attempt.validations["look"]?.verdict, "approved");
});
