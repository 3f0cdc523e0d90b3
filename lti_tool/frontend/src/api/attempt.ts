import type { Http } from "./http";
import type { JournalEvent, SavedRecord, Snapshot } from "./records";
import { type Result, ok } from "./result";

/** The newest snapshot, with the difference between the server's clock and ours in ms. */
export interface LoadedSnapshot {
  snapshot: Snapshot;
  clockOffsetMs: number;
}

/** What a page can ask of one attempt. */
export interface AttemptApi {
  snapshot(): Promise<Result<LoadedSnapshot>>;
  /** Saves `sources` over `revision`; a conflict carries the newer document. */
  save(revision: number, sources: Record<string, string>): Promise<Result<SavedRecord>>;
  /** Queues a run; the same `runId` twice queues it once. */
  run(runId: string, cellId: string, source: string): Promise<Result<void>>;
  stop(): Promise<Result<void>>;
  /** Replaces Python by a new one; what cells defined is gone. */
  restart(): Promise<Result<void>>;
  /** Says when the activity's work is due, for everybody; null: it has no such date. */
  setDue(dueAt: string | null): Promise<Result<void>>;
  /** Names of the kernel's newest variables; none while it works or sleeps. */
  variables(): Promise<Result<string[]>>;
  validate(subtask: string, revision: number): Promise<Result<{ validation_id: string }>>;
  /** Events after `after`, for when no stream can be had. */
  eventsAfter(after: number, signal: AbortSignal): Promise<Result<JournalEvent[]>>;
}

export function attemptApi(http: Http, base: string, now: () => number): AttemptApi {
  return {
    async snapshot() {
      const answer = await http.call(base);
      if (!answer.ok) return answer;
      const { body, serverTime } = answer.value;
      const clockOffsetMs = serverTime === null ? 0 : serverTime - now();
      return ok({ snapshot: body as Snapshot, clockOffsetMs });
    },
    async save(revision, sources) {
      // Keepalive: a page that is being left still gets its last words to the server.
      const call = { method: "PUT", body: { revision, sources }, keepalive: true } as const;
      const answer = await http.call(`${base}/document`, call);
      return answer.ok ? ok(answer.value.body as SavedRecord) : answer;
    },
    async run(run_id, cell_id, source) {
      const call = { method: "POST", body: { run_id, cell_id, source } } as const;
      return nothing(await http.call(`${base}/runs`, call));
    },
    async stop() {
      return nothing(await http.call(`${base}/stop`, { method: "POST" }));
    },
    async restart() {
      return nothing(await http.call(`${base}/kernel/restart`, { method: "POST" }));
    },
    async setDue(due_at) {
      return nothing(await http.call(`${base}/dates`, { method: "PUT", body: { due_at } }));
    },
    async variables() {
      const answer = await http.call(`${base}/variables`);
      if (!answer.ok) return answer;
      return ok((answer.value.body as { variables: { name: string }[] }).variables.map(({ name }) => name));
    },
    async validate(subtask, revision) {
      const call = { method: "POST", body: { subtask, revision } } as const;
      const answer = await http.call(`${base}/validations`, call);
      return answer.ok ? ok(answer.value.body as { validation_id: string }) : answer;
    },
    async eventsAfter(after, signal) {
      const answer = await http.call(`${base}/events.json?after=${after}`, { signal });
      return answer.ok ? ok((answer.value.body as { events: JournalEvent[] }).events) : answer;
    },
  };
}

function nothing(answer: Result<unknown>): Result<void> {
  return answer.ok ? ok(undefined) : answer;
}
