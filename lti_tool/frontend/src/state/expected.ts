import type { Attempt } from "./model";

/** Below this many seconds nobody minds waiting, and no word is said. */
const WORTH_SAYING = 2;

/**
 * Seconds that checking a task may take, from what its cells and those above took when they were run
 * last; null where that is not worth saying, or not known. It may be less: what an earlier check has
 * run already is not run again.
 */
export function expectedSeconds(attempt: Attempt, subtaskId: string): number | null {
  const order = attempt.subtasks.map((subtask) => subtask.id);
  const later = new Set(order.slice(order.indexOf(subtaskId) + 1));
  const last = attempt.cells.map((cell) => cell.subtask).lastIndexOf(subtaskId);
  const seconds = attempt.cells
    .slice(0, last + 1)
    .filter((cell) => cell.kind === "code" && cell.replay !== false)
    .filter((cell) => cell.subtask === null || !later.has(cell.subtask))
    .reduce((sum, cell) => sum + lastSeconds(attempt, cell.id), 0);
  return seconds < WORTH_SAYING ? null : Math.round(seconds);
}

function lastSeconds(attempt: Attempt, cellId: string): number {
  const run = attempt.runs[cellId];
  if (!run?.startedAt || !run.endedAt) return 0;
  const seconds = (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000;
  return seconds > 0 ? seconds : 0;
}
