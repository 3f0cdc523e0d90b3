import type { Delivery, KernelStatus, Points } from "../api/records";
import { runAnnouncement, validationAnnouncement } from "./announcements";
import type { Attempt, Notice } from "./model";
import * as runs from "./runs";
import * as validations from "./validations";

type Apply = (attempt: Attempt, payload: never, receivedAt: string) => Attempt;

/** What each kind of journal event does to the state. */
const KINDS: Readonly<Record<string, Apply>> = {
  "run.queued": (attempt, event: { cell_id: string; run_id: string }) =>
    runs.queued(attempt, event.cell_id, event.run_id),
  "run.started": runs.started,
  "run.output": runs.output,
  "run.append": runs.appended,
  "run.clear": runs.cleared,
  "run.finished": (attempt, event: runs.RunFinished) =>
    announced(runs.finished(attempt, event), runAnnouncement(attempt, event)),
  "kernel.changed": (attempt, kernel: KernelStatus) => ({ ...attempt, kernel }),
  "validation.queued": (attempt, event: { validation_id: string; subtask: string }) =>
    validations.progressed(attempt, event, "queued"),
  "validation.started": (attempt, event: { validation_id: string; subtask: string }) =>
    validations.progressed(attempt, event, "running"),
  "validation.finished": (attempt, event: validations.ValidationFinished) =>
    announced(validations.finished(attempt, event), validationAnnouncement(attempt, event)),
  "points.changed": (attempt, points: Points) => ({ ...attempt, points }),
  "delivery.changed": (attempt, delivery: Delivery) => ({ ...attempt, delivery }),
};

/**
 * The state after a journal event. An event that is already in the state changes nothing, so a
 * reader that reconnects may repeat itself; a kind that this page does not know only counts.
 */
export function applied(
  attempt: Attempt,
  event: { seq: number; kind: string; payload: unknown; receivedAt: string },
): Attempt {
  if (event.seq <= attempt.lastSeq) return attempt;
  const apply = KINDS[event.kind];
  const next = apply ? apply(attempt, event.payload as never, event.receivedAt) : attempt;
  return { ...next, lastSeq: event.seq };
}

function announced(attempt: Attempt, notice: Notice | null): Attempt {
  if (notice === null) return attempt;
  const id = (attempt.announcement?.id ?? 0) + 1;
  return { ...attempt, announcement: { ...notice, id } };
}
