import type { EvidenceRecord, Verdict } from "../api/records";
import type { Attempt, Notice, Validation } from "./model";

const NEW: Validation = {
  id: null,
  state: "asking",
  verdict: null,
  points: null,
  maxPoints: null,
  evidence: [],
  feedbackHtml: "",
  endedAt: null,
  refusal: null,
};

/** The student pressed Validate; the verdict before stays in view until the next one. */
export function asked(attempt: Attempt, subtask: string): Attempt {
  return changed(attempt, subtask, (before) => ({ ...before, state: "asking", refusal: null }));
}

/** The server's answer, unless its events were faster. */
export function accepted(attempt: Attempt, subtask: string, validationId: string): Attempt {
  if (attempt.validations[subtask]?.state !== "asking") return attempt;
  return progressed(attempt, { subtask, validation_id: validationId }, "queued");
}

export function refused(attempt: Attempt, subtask: string, refusal: Notice): Attempt {
  return changed(attempt, subtask, (before) => ({
    ...before,
    state: before.verdict === null ? "failed" : "done",
    refusal,
  }));
}

interface ValidationEvent {
  validation_id: string;
  subtask: string;
}

export function progressed(
  attempt: Attempt,
  event: ValidationEvent,
  state: "queued" | "running",
): Attempt {
  return changed(attempt, event.subtask, (before) => ({
    ...before,
    id: event.validation_id,
    state,
    refusal: null,
  }));
}

export interface ValidationFinished extends ValidationEvent {
  state: "done" | "failed";
  verdict: Verdict | null;
  points: number | null;
  max_points: number | null;
  evidence: EvidenceRecord[] | null;
  feedback_html: string | null;
  ended_at: string | null;
}

export function finished(attempt: Attempt, event: ValidationFinished): Attempt {
  const id = event.validation_id;
  if (event.state === "failed") {
    // The check failed, not the student: what was known before is still the last word.
    return changed(attempt, event.subtask, (before) => ({
      ...before,
      id,
      state: "failed",
      refusal: null,
    }));
  }
  return changed(attempt, event.subtask, () => ({
    id,
    state: event.state,
    verdict: event.verdict,
    points: event.points,
    maxPoints: event.max_points,
    evidence: event.evidence ?? [],
    feedbackHtml: event.feedback_html ?? "",
    endedAt: event.ended_at,
    refusal: null,
  }));
}

function changed(
  attempt: Attempt,
  subtask: string,
  change: (before: Validation) => Validation,
): Attempt {
  const validation = change(attempt.validations[subtask] ?? NEW);
  return { ...attempt, validations: { ...attempt.validations, [subtask]: validation } };
}
