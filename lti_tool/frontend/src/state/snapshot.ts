import type { LoadedSnapshot } from "../api/attempt";
import type { RunRecord, ValidationRecord } from "../api/records";
import type { Attempt, Run, Validation } from "./model";

/** The state that a snapshot describes. */
export function attemptOf({ snapshot, clockOffsetMs }: LoadedSnapshot): Attempt {
  const runs = Object.entries(snapshot.runs).sort(([, a], [, b]) =>
    (a.queued_at ?? "").localeCompare(b.queued_at ?? ""),
  );
  return {
    title: snapshot.case.title,
    descriptionHtml: snapshot.case.description_html,
    graded: snapshot.graded,
    readOnly: snapshot.role === "observer",
    subtasks: snapshot.case.subtasks,
    cells: snapshot.document.cells,
    runs: Object.fromEntries(runs.map(([cell, run], order) => [cell, runOf(run, order)])),
    validations: Object.fromEntries(
      Object.entries(snapshot.validations).map(([id, record]) => [id, validationOf(record)]),
    ),
    points: snapshot.points,
    delivery: snapshot.delivery,
    dates: snapshot.dates,
    datesForm: null,
    kernel: snapshot.kernel,
    lastSeq: snapshot.last_seq,
    nextOrder: runs.length,
    stopRefusal: null,
    restart: null,
    clockOffsetMs,
    save: { kind: "saved", at: snapshot.document.saved_at },
    setAside: false,
    connection: "connecting",
    announcement: null,
  };
}

function runOf(record: RunRecord, order: number): Run {
  return {
    id: record.run_id,
    state: record.state,
    message: record.message,
    executionCount: record.execution_count,
    order,
    startedAt: record.started_at,
    endedAt: record.ended_at,
    outputs: record.outputs,
    previousOutputs: false,
    refusal: null,
  };
}

export function validationOf(record: ValidationRecord): Validation {
  return {
    id: record.validation_id,
    state: record.state,
    verdict: record.verdict,
    points: record.points,
    maxPoints: record.max_points,
    evidence: record.evidence,
    feedbackHtml: record.feedback_html,
    endedAt: record.ended_at,
    refusal: null,
  };
}
