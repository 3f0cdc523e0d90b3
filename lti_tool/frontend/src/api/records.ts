// What the server's JSON API says and takes, record by record.

export type RunState =
  | "queued" | "running"
  | "ok" | "error" | "stopped" | "timeout" | "died" | "lost";

export type Verdict = "approved" | "needs_work" | "uncertain" | "blocked";

/** A word about an output; the catalogue has its sentence as `note.CODE`. */
export interface NoteRecord {
  code: string;
  params?: Record<string, string>;
}

/** One output of a cell. Binary MIME kinds are base64. */
export interface Output {
  kind: "stream" | "error" | "display" | "result";
  name?: "stdout" | "stderr" | null;
  text?: string;
  ename?: string;
  evalue?: string;
  data?: Record<string, string>;
  /** How many bytes the server cut from this output because of its limits. */
  omitted_bytes?: number;
  /** What an error means here, or what of the output cannot be shown. */
  note?: NoteRecord | null;
}

export interface CellRecord {
  id: string;
  kind: "code" | "markdown";
  source: string;
  /** The subtask that the cell belongs to; null for what stands outside all of them. */
  subtask: string | null;
  /** False for a cell that checking skips. */
  replay?: boolean;
  /** Rendered and sanitised; markdown cells only. */
  html?: string | null;
}

export interface DocumentRecord {
  revision: number;
  saved_at: string;
  cells: CellRecord[];
}

export interface RunRecord {
  run_id: string;
  state: RunState;
  message: string;
  execution_count: number | null;
  queued_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  outputs: Output[];
}

export interface EvidenceRecord {
  id: string;
  outcome: "pass" | "fail";
  asked: string;
  observed: string | null;
  locus: { cell: string | null; line: number | null } | null;
  message: string;
}

export interface ValidationRecord {
  validation_id: string;
  state: "queued" | "running" | "done" | "failed";
  verdict: Verdict | null;
  points: number | null;
  max_points: number | null;
  evidence: EvidenceRecord[];
  feedback_html: string;
  clicked_at: string | null;
  ended_at: string | null;
}

export interface SubtaskRecord {
  id: string;
  title: string;
  points: number;
}

export interface Points {
  score: number;
  max_score: number;
}

export interface Delivery {
  state: "pending" | "sent" | "refused" | "overridden";
  score: number | null;
  message: string | null;
  /** When it was sent; null until it is. */
  at: string | null;
}

export interface KernelStatus {
  state: "queued" | "starting" | "idle" | "busy" | "asleep" | "dead" | string;
  reason: string | null;
  /** Place in the queue for a kernel, 1 is next; only while `queued`. */
  position?: number | null;
}

/** When the work is due; nothing is closed then. */
export interface Dates {
  due_at: string | null;
  /** Whether this person is staff and may change it. */
  may_set: boolean;
  /** The activity came with a copied course, without its dates, and this person is to set them. */
  asked: boolean;
}

/** Everything the page needs to draw an attempt as it stands at event `last_seq`. */
export interface Snapshot {
  attempt_id: string;
  /** `observer`: may read and nothing else. */
  role: string;
  graded: boolean;
  case: {
    title: string;
    description_html: string;
    locale: string;
    subtasks: SubtaskRecord[];
  };
  document: DocumentRecord;
  runs: Record<string, RunRecord>;
  validations: Record<string, ValidationRecord>;
  points: Points;
  delivery: Delivery | null;
  dates: Dates;
  kernel: KernelStatus | null;
  last_seq: number;
}

/** One journal event as it arrives; `payload` is narrowed by `kind` where it is applied. */
export interface JournalEvent {
  seq: number;
  kind: string;
  payload: unknown;
}

export interface SavedRecord {
  revision: number;
  saved_at: string;
}
