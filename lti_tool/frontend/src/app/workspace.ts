import type { AttemptApi, LoadedSnapshot } from "../api/attempt";
import type { CellRecord, JournalEvent } from "../api/records";
import { type ApiError, isPassing, type Result } from "../api/result";
import type { Session } from "../api/session";
import { Drafts, type DraftStorage } from "../document/drafts";
import { Keeper } from "../document/keeper";
import { Follower } from "../events/follower";
import type { ReadStream } from "../events/stream";
import { backoffMs } from "../events/backoff";
import { isChecking, isOpen, type Notice } from "../state/model";
import { attemptOf } from "../state/snapshot";
import type { Checker, CheckerParts } from "../rules/checker";
import type { CellMark } from "../rules/protocol";
import type { Store } from "../state/store";
import { type Clock, pause } from "./clock";

/** With the waits between them about ten seconds: a web process is restarted in less. */
const TRIES = 6;

export interface WorkspaceParts {
  api: AttemptApi;
  session: Session;
  read: ReadStream;
  store: Store;
  clock: Clock;
  random: () => number;
  newId: () => string;
  storage: DraftStorage | null;
  attemptId: string;
  tabId: string;
  /** Makes what marks code that cannot run; null where it must not be loaded. */
  checker: ((parts: Pick<CheckerParts, "cells" | "show">) => Checker) | null;
}

/** The part of a cell's editor that the rest of the page may move. */
export interface CellEditor {
  show(source: string): void;
  goTo(line: number): void;
  mark(source: string, marks: readonly CellMark[]): void;
}

/** What a student can do on the page. Components call these and read the store. */
export class Workspace {
  private keeper: Keeper | null = null;
  private follower: Follower | null = null;
  private checker: Checker | null = null;
  private readonly editors = new Map<string, CellEditor>();

  constructor(private readonly parts: WorkspaceParts) {}

  get document(): Keeper {
    if (!this.keeper) throw new Error("The workspace has not been loaded yet.");
    return this.keeper;
  }

  /** Reads the attempt and begins to follow it. */
  async load(): Promise<void> {
    const { store } = this.parts;
    store.dispatch({ type: "load.began" });
    const answer = await this.parts.api.snapshot();
    if (!answer.ok) {
      store.dispatch({ type: "load.failed", notice: loadNotice(answer.error) });
      return;
    }
    this.begin(answer.value);
  }

  /** Tries at once what waits: the network is back, or the student is. */
  nudge(): void {
    this.follower?.nudge();
    if (this.keeper) void this.keeper.flush();
  }

  /** The page is being left or hidden: what is typed goes out now. */
  leave(): void {
    if (this.keeper) void this.keeper.flush();
  }

  /** Registers the editor of a cell; the answer takes it out again. */
  addEditor(cellId: string, editor: CellEditor): () => void {
    this.editors.set(cellId, editor);
    return () => this.editors.delete(cellId);
  }

  /** The student typed in a cell. */
  edit(cellId: string, source: string): void {
    this.document.edit(cellId, source);
    this.checker?.changed();
  }

  /** Leads the student to a line (1-based) of a cell. */
  goTo(cellId: string, line: number): void {
    this.editors.get(cellId)?.goTo(line);
  }

  /** Runs a cell as it is typed now; saving goes on beside it. */
  async run(cellId: string): Promise<void> {
    const { api, store, newId } = this.parts;
    const page = store.state;
    if (page.phase !== "ready" || page.attempt.readOnly || isOpen(page.attempt.runs[cellId])) return;
    const runId = newId();
    const source = this.document.source(cellId);
    store.dispatch({ type: "run.asked", cellId, runId });
    void this.document.flush();
    const answer = await this.insistently(() => api.run(runId, cellId, source));
    if (answer.ok) {
      this.checker?.ran(source);
    } else {
      const notice = runNotice(answer.error);
      store.dispatch({ type: "run.refused", cellId, runId, notice });
    }
  }

  /** Stops the running cell and takes back those that wait. */
  async stop(): Promise<void> {
    const { api, store } = this.parts;
    store.dispatch({ type: "stop.asked" });
    const answer = await this.insistently(() => api.stop());
    if (!answer.ok) store.dispatch({ type: "stop.refused", notice: stopNotice(answer.error) });
  }

  /** Asks whether Python shall really be restarted. */
  askRestart(): void {
    this.parts.store.dispatch({ type: "restart.changed", restart: "asked" });
  }

  cancelRestart(): void {
    this.parts.store.dispatch({ type: "restart.changed", restart: null });
  }

  /** Stops what runs and waits, and starts a new Python. Sent once: a second one would hit the new. */
  async restart(): Promise<void> {
    const { api, store } = this.parts;
    store.dispatch({ type: "restart.changed", restart: null });
    const answer = await api.restart();
    if (answer.ok) this.checker?.restarted();
    else store.dispatch({ type: "restart.changed", restart: restartNotice(answer.error) });
  }

  /** Opens the form for the due date, or closes it with nothing changed. */
  showDates(open: boolean): void {
    this.parts.store.dispatch({ type: "datesForm.changed", datesForm: open ? "open" : null });
  }

  /** Says when the work is due, for everybody; null: never. */
  async setDue(dueAt: string | null): Promise<void> {
    const { api, store } = this.parts;
    const answer = await this.insistently(() => api.setDue(dueAt));
    if (answer.ok) store.dispatch({ type: "dates.changed", dueAt });
    else store.dispatch({ type: "datesForm.changed", datesForm: datesNotice(answer.error) });
  }

  /** Saves, then has a subtask judged; a newer document elsewhere is merged in first. */
  async validate(subtask: string): Promise<void> {
    const { api, store } = this.parts;
    const page = store.state;
    if (page.phase !== "ready" || page.attempt.readOnly || isChecking(page.attempt.validations[subtask])) return;
    store.dispatch({ type: "validation.asked", subtask });
    const revision = () => this.document.currentRevision;
    // Safe to send twice: an open validation of the subtask is answered again.
    const ask = () => this.insistently(() => api.validate(subtask, revision()));
    let answer: Result<{ validation_id: string }> | null = null;
    if (await this.document.flush()) {
      answer = await ask();
      if (!answer.ok && answer.error.kind === "conflict" && (await this.document.reload())) {
        answer = await ask();
      }
    }
    if (answer?.ok) {
      const { validation_id: validationId } = answer.value;
      store.dispatch({ type: "validation.accepted", subtask, validationId });
    } else {
      const notice = validationNotice(answer?.error ?? null);
      store.dispatch({ type: "validation.refused", subtask, notice });
    }
  }

  private begin(loaded: LoadedSnapshot): void {
    const { parts } = this;
    const { store } = parts;
    store.dispatch({ type: "load.done", attempt: attemptOf(loaded) });
    this.keeper = new Keeper(
      {
        api: parts.api,
        clock: parts.clock,
        random: parts.random,
        drafts: new Drafts(parts.storage, parts.attemptId, parts.tabId, parts.clock.now),
        onState: (save) => store.dispatch({ type: "save.changed", save }),
        onReplaced: (cellId, source) => this.editors.get(cellId)?.show(source),
        onSetAside: (setAside) => store.dispatch({ type: "setAside.changed", setAside }),
      },
      loaded.snapshot.document,
    );
    this.keeper.start();
    this.follower = new Follower(
      {
        ...parts,
        onEvent: (event) => this.take(event),
        onConnection: (connection) => store.dispatch({ type: "connection.changed", connection }),
      },
      loaded.snapshot.last_seq,
    );
    this.follower.start();
    this.check(loaded.snapshot.document.cells);
  }

  /** Begins to mark what cannot run; whoever only looks on is not told while they read. */
  private check(cells: readonly CellRecord[]): void {
    const { checker, store } = this.parts;
    if (!checker || (store.state.phase === "ready" && store.state.attempt.readOnly)) return;
    const ids = cells.filter(({ kind }) => kind === "code").map(({ id }) => id);
    this.checker = checker({
      cells: () => ids.map((id) => ({ id, source: this.document.source(id) })),
      show: (cellId, source, marks) => this.editors.get(cellId)?.mark(source, marks),
    });
    this.checker.begin();
    void this.tellNames(this.checker);
  }

  /** The kernel may hold what no cell binds any more, from before the page was opened. */
  private async tellNames(checker: Checker): Promise<void> {
    const names = await this.parts.api.variables();
    if (names.ok && names.value.length > 0) checker.knows(names.value);
  }

  private take(event: JournalEvent): void {
    const receivedAt = new Date(this.parts.clock.now()).toISOString();
    this.parts.store.dispatch({ type: "journal", ...event, receivedAt });
    if (event.kind === "document.saved") {
      void this.document.heardOf((event.payload as { revision: number }).revision);
    }
  }

  /** Sends again what failed in passing; only for requests that are safe to send twice. */
  private async insistently<T>(send: () => Promise<Result<T>>): Promise<Result<T>> {
    for (let failures = 1; ; failures += 1) {
      const answer = await send();
      const final = answer.ok || !isPassing(answer.error) || answer.error.kind === "busy";
      if (final || failures >= TRIES) return answer;
      await pause(this.parts.clock, backoffMs(failures, this.parts.random));
    }
  }
}

function loadNotice(error: ApiError): Notice {
  if (error.kind === "session") return { key: "session.expired" };
  if (error.kind === "offline" || error.kind === "timeout") return { key: "load.offline" };
  return said(error) ?? { key: "load.failed" };
}

function runNotice(error: ApiError): Notice {
  return error.kind === "session" ? { key: "session.expired" } : (said(error) ?? { key: "run.unsent" });
}

function stopNotice(error: ApiError): Notice {
  return { key: error.kind === "session" ? "session.expired" : "stop.failed" };
}

function restartNotice(error: ApiError): Notice {
  return { key: error.kind === "session" ? "session.expired" : "restart.failed" };
}

function datesNotice(error: ApiError): Notice {
  return error.kind === "session" ? { key: "session.expired" } : (said(error) ?? { key: "dates.failed" });
}

function validationNotice(error: ApiError | null): Notice {
  if (error === null) return { key: "validation.unsaved" };
  if (error.kind === "session") return { key: "session.expired" };
  return said(error) ?? { key: "validation.unsent" };
}

/** The server's own sentence for the student, where it sent one. */
function said(error: ApiError): Notice | null {
  const message = "message" in error ? error.message : "";
  return message === "" ? null : { key: "said", params: { message } };
}
