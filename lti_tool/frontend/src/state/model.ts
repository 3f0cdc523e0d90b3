import type {
  CellRecord, Dates, Delivery, EvidenceRecord, KernelStatus, Output, Points, RunState, SubtaskRecord,
  Verdict,
} from "../api/records";
import type { Connection } from "../events/follower";
import type { Key, Params } from "../i18n/translate";

/** A sentence in the student's language, still as a key of the catalogue. */
export interface Notice {
  key: Key;
  params?: Params;
}

/** The newest run of a cell. */
export interface Run {
  id: string;
  state: RunState;
  /** Fit for the student; empty when all went well. */
  message: string;
  executionCount: number | null;
  /** Order of asking among the runs that this page knows. */
  order: number;
  startedAt: string | null;
  endedAt: string | null;
  outputs: readonly Output[];
  /** The outputs belong to the run before: this one has not begun. */
  previousOutputs: boolean;
  /** Why the request was refused; the run never reached the server. */
  refusal: Notice | null;
}

/** The newest validation of a subtask. `asking`: the page saves and sends. */
export interface Validation {
  id: string | null;
  state: "asking" | "queued" | "running" | "done" | "failed";
  verdict: Verdict | null;
  points: number | null;
  maxPoints: number | null;
  evidence: readonly EvidenceRecord[];
  feedbackHtml: string;
  endedAt: string | null;
  refusal: Notice | null;
}

/** How the document stands between this page and the server. */
export type SaveState =
  | { kind: "saved"; at: string | null }
  | { kind: "dirty" }
  | { kind: "saving" }
  /** The server cannot be reached; the text is kept in this browser and sent again. */
  | { kind: "waiting" }
  /** The server refuses the save; `message` is its reason. */
  | { kind: "refused"; message: string }
  /** Another page saved other text in the same cells. */
  | { kind: "conflict"; cells: readonly string[] };

/** Spoken once by screen readers; `id` tells two equal sentences apart. */
export interface Announcement extends Notice {
  id: number;
}

/** An attempt as the page shows it. */
export interface Attempt {
  title: string;
  descriptionHtml: string;
  graded: boolean;
  /** The person only looks on: no editing, no runs, no validations. */
  readOnly: boolean;
  subtasks: readonly SubtaskRecord[];
  cells: readonly CellRecord[];
  runs: Readonly<Record<string, Run>>;
  validations: Readonly<Record<string, Validation>>;
  points: Points;
  delivery: Delivery | null;
  dates: Dates;
  /** The form for the due date: `open` once staff ask for it; why the date was not taken. */
  datesForm: "open" | Notice | null;
  kernel: KernelStatus | null;
  /** The newest journal event that is in this state. */
  lastSeq: number;
  nextOrder: number;
  /** Why the last Stop did not get through; null once it is pressed again or nothing runs. */
  stopRefusal: Notice | null;
  /** A restart of Python: `asked` until it is confirmed; why it failed; else null. */
  restart: "asked" | Notice | null;
  clockOffsetMs: number;
  save: SaveState;
  /** The student's own text was set aside for another page's, and can be had back. */
  setAside: boolean;
  connection: Connection;
  announcement: Announcement | null;
}

/** What the whole page is at. */
export type Page =
  | { phase: "loading" }
  | { phase: "failed"; notice: Notice }
  | { phase: "ready"; attempt: Attempt; sessionExpired: boolean };

export type Action =
  | { type: "load.began" }
  | { type: "load.failed"; notice: Notice }
  | { type: "load.done"; attempt: Attempt }
  | { type: "session.expired" }
  | { type: "connection.changed"; connection: Connection }
  | { type: "journal"; seq: number; kind: string; payload: unknown; receivedAt: string }
  | { type: "save.changed"; save: SaveState }
  | { type: "setAside.changed"; setAside: boolean }
  | { type: "run.asked"; cellId: string; runId: string }
  | { type: "run.refused"; cellId: string; runId: string; notice: Notice }
  | { type: "stop.asked" }
  | { type: "stop.refused"; notice: Notice }
  | { type: "restart.changed"; restart: Attempt["restart"] }
  | { type: "dates.changed"; dueAt: string | null }
  | { type: "datesForm.changed"; datesForm: Attempt["datesForm"] }
  | { type: "validation.asked"; subtask: string }
  | { type: "validation.accepted"; subtask: string; validationId: string }
  | { type: "validation.refused"; subtask: string; notice: Notice };

/** Whether the run has yet to end. */
export function isOpen(run: Run | undefined): boolean {
  return run !== undefined && (run.state === "queued" || run.state === "running");
}

/** Whether a validation is on its way. */
export function isChecking(validation: Validation | undefined): boolean {
  return validation !== undefined && ["asking", "queued", "running"].includes(validation.state);
}
