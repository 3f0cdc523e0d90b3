import type { Output, RunState } from "../api/records";
import { firstCharacters } from "../outputs/characters";
import type { Attempt, Notice, Run } from "./model";

/** The page shows at most so many outputs of a run; the server has its own bound. */
const MAX_OUTPUTS = 200;

interface RunEvent {
  run_id: string;
  cell_id: string;
}

/** A run that was asked for; the outputs of the one before stay until it begins. */
export function queued(attempt: Attempt, cellId: string, runId: string): Attempt {
  const before = attempt.runs[cellId];
  if (before?.id === runId) return attempt;
  const run: Run = {
    id: runId,
    state: "queued",
    message: "",
    executionCount: null,
    order: attempt.nextOrder,
    startedAt: null,
    endedAt: null,
    outputs: before?.outputs ?? [],
    previousOutputs: (before?.outputs.length ?? 0) > 0,
    refusal: null,
  };
  const runs = { ...attempt.runs, [cellId]: run };
  return { ...attempt, runs, nextOrder: attempt.nextOrder + 1 };
}

export function started(
  attempt: Attempt,
  event: RunEvent & { started_at: string },
  receivedAt: string,
): Attempt {
  const next = { ...queued(attempt, event.cell_id, event.run_id) };
  // An event was written before it came, so the server's clock is ahead of ours by at least this.
  const ahead = Date.parse(event.started_at) - Date.parse(receivedAt);
  if (ahead > next.clockOffsetMs) next.clockOffsetMs = ahead;
  return changed(next, event, (run) => ({
    ...run,
    state: "running",
    startedAt: event.started_at,
    outputs: run.previousOutputs ? [] : run.outputs,
    previousOutputs: false,
  }));
}

export function output(
  attempt: Attempt,
  event: RunEvent & { index: number; output: Output },
): Attempt {
  return changed(attempt, event, (run) => withOutput(run, event.index, event.output));
}

/** The text of a stream output is now `text` from character `start` on. */
export function appended(
  attempt: Attempt,
  event: RunEvent & { index: number; text: string; start: number },
): Attempt {
  return changed(attempt, event, (run) => {
    const before = ownOutputs(run)[event.index] ?? { kind: "stream" as const, name: "stdout" };
    const kept = firstCharacters(before.text ?? "", event.start);
    return withOutput(run, event.index, { ...before, text: kept + event.text });
  });
}

export function cleared(attempt: Attempt, event: RunEvent): Attempt {
  return changed(attempt, event, (run) => ({ ...run, outputs: [], previousOutputs: false }));
}

export interface RunFinished extends RunEvent {
  state: RunState;
  message: string | null;
  execution_count: number | null;
  ended_at: string | null;
}

export function finished(attempt: Attempt, event: RunFinished): Attempt {
  const next = changed(attempt, event, (run) => ({
    ...run,
    state: event.state,
    message: event.message ?? "",
    executionCount: event.execution_count,
    endedAt: event.ended_at,
  }));
  return next === attempt ? attempt : { ...next, stopRefusal: null };
}

/** The request never reached the server: the old outputs stay, with the reason. */
export function refused(attempt: Attempt, cellId: string, runId: string, refusal: Notice) {
  return changed(attempt, { cell_id: cellId, run_id: runId }, (run) => ({
    ...run,
    state: "stopped",
    refusal,
  }));
}

/** The place of a queued run among those that wait: 1 is next. */
export function placeInQueue(attempt: Attempt, run: Run): number {
  const waiting = Object.values(attempt.runs).filter(({ state }) => state === "queued");
  return waiting.filter(({ order }) => order <= run.order).length;
}

/** The cell that shows Stop: the running one, else the next in the queue. */
export function cellToStop(attempt: Attempt): string | null {
  const open = Object.entries(attempt.runs)
    .filter(([, { state }]) => state === "running" || state === "queued")
    .sort(([, a], [, b]) => rank(a) - rank(b));
  return open[0]?.[0] ?? null;
}

function rank(run: Run): number {
  return run.state === "running" ? -1 : run.order;
}

function ownOutputs(run: Run): readonly Output[] {
  return run.previousOutputs ? [] : run.outputs;
}

function withOutput(run: Run, index: number, next: Output): Run {
  if (index < 0 || index >= MAX_OUTPUTS) return run;
  const outputs = [...ownOutputs(run)];
  while (outputs.length < index) outputs.push({ kind: "stream", name: "stdout", text: "" });
  outputs[index] = next;
  return { ...run, outputs, previousOutputs: false };
}

/** Applies `change` to the run that the event names; an event of an older run changes nothing. */
function changed(attempt: Attempt, event: RunEvent, change: (run: Run) => Run): Attempt {
  const run = attempt.runs[event.cell_id];
  if (run?.id !== event.run_id) return attempt;
  return { ...attempt, runs: { ...attempt.runs, [event.cell_id]: change(run) } };
}
