// An attempt in memory that behaves as the contract says: a journal, a document with revisions,
// runs in the order of the clicks, and judgements. What a cell "does" is told by words in it.
import { CHART, freshAttempt, TABLE, TRACEBACK } from "./fake-case.mjs";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const now = () => new Date().toISOString();

export class FakeAttempt {
  constructor(locale, role) {
    this.state = { ...freshAttempt(locale), role };
    // Staff open an activity that came with a copied course.
    if (role === "instructor") this.state.dates = { due_at: null, may_set: true, asked: true };
    this.events = [];
    this.listeners = new Set();
    this.queue = [];
    this.working = false;
    this.stopAsked = false;
    this.runIds = [];
  }

  snapshot() {
    return { ...structuredClone(this.state), last_seq: this.events.length };
  }

  emit(kind, payload) {
    const event = { seq: this.events.length + 1, kind, payload };
    this.events.push(event);
    for (const listener of [...this.listeners]) listener(event);
  }

  /** The revision after a save; null on a conflict. */
  save(revision, sources) {
    const { document } = this.state;
    if (revision !== document.revision) return null;
    for (const cell of document.cells) {
      if (cell.kind === "code" && cell.id in sources) cell.source = sources[cell.id];
    }
    document.revision += 1;
    document.saved_at = now();
    const saved = { revision: document.revision, saved_at: document.saved_at };
    this.emit("document.saved", saved);
    return saved;
  }

  run({ run_id, cell_id, source }) {
    if (!this.runIds.includes(run_id)) {
      this.runIds.push(run_id);
      this.state.runs[cell_id] = {
        run_id, state: "queued", message: "", execution_count: null,
        queued_at: now(), started_at: null, ended_at: null, outputs: [],
      };
      this.queue.push({ run_id, cell_id, source });
      this.emit("run.queued", { run_id, cell_id, position: this.runIds.length });
      void this.work();
    }
    return { run_id, position: this.runIds.indexOf(run_id) + 1 };
  }

  stop() {
    this.stopAsked = this.working;
    for (const { run_id, cell_id } of this.queue.splice(0)) {
      this.finish(run_id, cell_id, "stopped", "Taken out of the queue.");
    }
  }

  /** What the runner tells of the kernel. */
  kernel(state, reason = null, position = null) {
    this.state.kernel = { state, reason, position };
    this.emit("kernel.changed", this.state.kernel);
  }

  restart() {
    this.stop();
    this.kernel("idle", "A new kernel was started: what earlier cells defined is gone.");
  }

  async work() {
    if (this.working) return;
    this.working = true;
    for (let job = this.queue.shift(); job; job = this.queue.shift()) {
      this.stopAsked = false;
      await this.execute(job);
    }
    this.working = false;
  }

  async execute({ run_id, cell_id, source }) {
    const run = this.state.runs[cell_id];
    Object.assign(run, { state: "running", started_at: now(), outputs: [] });
    this.emit("run.started", { run_id, cell_id, started_at: run.started_at });
    const put = (output) => {
      run.outputs.push(output);
      this.emit("run.output", { run_id, cell_id, index: run.outputs.length - 1, output });
    };
    const add = (index, text) => {
      const output = run.outputs[index];
      const start = text.startsWith("\r") ? output.text.lastIndexOf("\n") + 1 : output.text.length;
      text = text.replace(/^\r/, "");
      output.text = output.text.slice(0, start) + text;
      this.emit("run.append", { run_id, cell_id, index, start, text });
    };
    if (source.includes("slow")) {
      put({ kind: "stream", name: "stdout", text: "epoch 0\n" });
      for (let epoch = 1; epoch < 60; epoch += 1) {
        await wait(100);
        if (this.stopAsked) return this.finish(run_id, cell_id, "stopped", "You stopped this cell.");
        add(0, `epoch ${epoch}\n`);
      }
    }
    await wait(60);
    if (source.includes("10**10")) {
      return this.finish(run_id, cell_id, "died", "Python used more than 1 GB of memory and was stopped.");
    }
    if (source.includes("while True")) {
      return this.finish(run_id, cell_id, "timeout", "The cell ran for 300 seconds and was stopped.");
    }
    if (source.includes("wyne")) {
      put({ kind: "error", ename: "NameError", evalue: "name 'wyne' is not defined", text: TRACEBACK });
      return this.finish(run_id, cell_id, "error", "");
    }
    if (source.includes("print")) {
      put({ kind: "stream", name: "stdout", text: "178 bottles\n" });
      add(0, "  0%|         | 0/3");
      for (const step of [1, 2, 3]) {
        await wait(60);
        add(0, `\r${String(Math.round((step / 3) * 100)).padStart(3)}%|${"█".repeat(step * 3).padEnd(9)}| ${step}/3`);
      }
      put({ kind: "stream", name: "stderr", text: "UserWarning: 3 rows have no alcohol\n" });
    }
    if (source.includes("flood")) {
      const text = Array.from({ length: 3000 }, (_, line) => `line ${line}`).join("\n");
      put({ kind: "stream", name: "stdout", text, omitted_bytes: 98_000_000 });
    }
    if (source.includes("wine")) put({ kind: "result", data: { "text/html": TABLE, "text/plain": "wine" } });
    if (source.includes("plot")) put({ kind: "display", data: { "image/svg+xml": CHART, "text/plain": "<Figure>" } });
    return this.finish(run_id, cell_id, "ok", "");
  }

  finish(run_id, cell_id, state, message) {
    const run = this.state.runs[cell_id];
    const execution_count = this.runIds.indexOf(run_id) + 1;
    Object.assign(run, { state, message, execution_count, ended_at: now() });
    this.emit("run.finished", { run_id, cell_id, state, message, execution_count, ended_at: run.ended_at });
    if (state === "died") this.emit("kernel.changed", (this.state.kernel = { state: "dead", reason: message }));
  }

  validate({ subtask }) {
    const validation_id = `v${this.events.length + 1}`;
    this.emit("validation.queued", { validation_id, subtask });
    void this.judge(validation_id, subtask);
    return { validation_id };
  }

  async judge(validation_id, subtask) {
    await wait(80);
    this.emit("validation.started", { validation_id, subtask });
    await wait(150);
    const cell = this.state.document.cells.find((one) => one.kind === "code" && one.subtask === subtask);
    const max_points = this.state.case.subtasks.find(({ id }) => id === subtask).points;
    const right = cell.source.includes("dropna") || cell.source.includes("read_csv");
    const verdict = right ? "approved" : subtask === "model" ? "blocked" : subtask === "split" ? "uncertain" : "needs_work";
    const result = {
      validation_id, subtask, state: "done", verdict,
      points: right ? max_points : 0, max_points,
      evidence: evidenceFor(cell.id, right),
      feedback_html: right
        ? "<p>Well done: every question was answered as expected.</p>"
        : "<p><strong>What was seen:</strong> <code>clean</code> still has 178 rows, and three of them have no <code>alcohol</code>.</p><p>What does <code>dropna</code> look at when you do not tell it which columns matter?</p>",
      clicked_at: now(), ended_at: now(),
    };
    this.state.validations[subtask] = result;
    this.emit("validation.finished", result);
    if (!right) return;
    const scores = Object.values(this.state.validations).map(({ points }) => points);
    this.state.points = { score: scores.reduce((a, b) => a + b, 0), max_score: 12 };
    this.emit("points.changed", this.state.points);
    this.state.delivery = { state: "pending", score: this.state.points.score, message: null, at: null };
    this.emit("delivery.changed", this.state.delivery);
    await wait(200);
    this.state.delivery = { ...this.state.delivery, state: "sent", at: now() };
    this.emit("delivery.changed", this.state.delivery);
  }
}

function evidenceFor(cell, right) {
  return [
    { id: "e1", outcome: right ? "pass" : "fail", asked: "len(clean)", observed: right ? "175" : "178", locus: { cell, line: 1 }, message: right ? "" : "The number of rows differs." },
    { id: "e2", outcome: "pass", asked: "list(clean.columns)", observed: "['cultivar', 'alcohol', 'malic_acid', …]", locus: null, message: "" },
  ];
}
