import type { Attempt, Notice } from "./model";
import type { RunFinished } from "./runs";
import type { ValidationFinished } from "./validations";

/** What a screen reader says when a run ends; null for a run that this page does not show. */
export function runAnnouncement(attempt: Attempt, event: RunFinished): Notice | null {
  if (attempt.runs[event.cell_id]?.id !== event.run_id) return null;
  const cell = attempt.cells
    .filter(({ kind }) => kind === "code")
    .findIndex(({ id }) => id === event.cell_id);
  const params = { cell: cell + 1, message: event.message ?? "" };
  if (event.state === "ok") return { key: "say.runOk", params };
  if (event.state === "stopped") return { key: "say.runStopped", params };
  return { key: "say.runFailed", params };
}

/** What a screen reader says when a verdict arrives. */
export function validationAnnouncement(attempt: Attempt, event: ValidationFinished): Notice {
  const title = attempt.subtasks.find(({ id }) => id === event.subtask)?.title ?? event.subtask;
  if (event.state === "failed" || event.verdict === null) {
    return { key: "say.validationFailed", params: { title } };
  }
  return { key: `say.${event.verdict}`, params: { title } };
}
