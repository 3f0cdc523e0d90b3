import type { Clock } from "../app/clock";
import type { CellMark, FromChecker, ToChecker } from "./protocol";

/** From the last keypress; shorter, and half-typed words would flicker. */
const CHECK_AFTER_MS = 80;
/** The editors and the first save come first; ruff is large. */
const START_AFTER_MS = 300;

/** The part of a Worker that is used here. */
export interface CheckerThread {
  postMessage(message: ToChecker): void;
  onmessage: ((event: { data: FromChecker }) => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
  terminate(): void;
}

/** A code cell as it stands. */
export interface CellSource {
  id: string;
  source: string;
}

export interface CheckerParts {
  clock: Clock;
  /** Starts the thread; throws where the browser has no workers. */
  thread: () => CheckerThread;
  /** The kernels' Python, as `py311`. */
  python: string;
  locale: string;
  /** The code cells of the document, in order. */
  cells: () => readonly CellSource[];
  /** Shows a cell's marks, if it still has the text that was checked. */
  show: (cellId: string, source: string, marks: readonly CellMark[]) => void;
  warn: (message: string) => void;
}

/**
 * Has the document checked for what cannot run, in a thread of its own, after every pause in
 * typing. Without the thread the page works as before, unmarked.
 */
export class Checker {
  private thread: CheckerThread | null = null;
  /** What the thread has to know once it is there; null where there will be none. */
  private early: ToChecker[] | null = [];
  private number = 0;
  private asked: readonly CellSource[] = [];
  private cancel: () => void = () => undefined;

  constructor(private readonly parts: CheckerParts) {}

  /** Loads the thread once the page has had time for what matters more. */
  begin(): void {
    this.parts.clock.later(START_AFTER_MS, () => this.start());
  }

  /** The student typed, or text came from elsewhere. */
  changed(): void {
    this.cancel();
    this.cancel = this.parts.clock.later(CHECK_AFTER_MS, () => this.ask());
  }

  /** A cell was sent to the kernel, which may hold its names from now on. */
  ran(source: string): void {
    this.tell({ type: "ran", source });
  }

  /** The kernel holds these names. */
  knows(names: readonly string[]): void {
    this.tell({ type: "known", names });
  }

  /** The kernel was restarted and holds no names. */
  restarted(): void {
    this.tell({ type: "restarted" });
  }

  private tell(message: ToChecker): void {
    if (this.thread) this.thread.postMessage(message);
    else this.early?.push(message);
    this.changed();
  }

  private start(): void {
    const { python, locale, thread } = this.parts;
    try {
      this.thread = thread();
    } catch (error) {
      return this.fail(String(error));
    }
    this.thread.onmessage = ({ data }) => this.take(data);
    this.thread.onerror = ({ message }) => this.fail(message ?? "its program could not be loaded");
    this.thread.postMessage({ type: "start", python, locale });
    for (const message of this.early ?? []) this.thread.postMessage(message);
    this.early = [];
    this.ask();
  }

  private ask(): void {
    if (!this.thread) return;
    this.number += 1;
    this.asked = this.parts.cells();
    const sources = this.asked.map(({ source }) => source);
    this.thread.postMessage({ type: "check", number: this.number, sources });
  }

  private take(told: FromChecker): void {
    if (told.type === "failed") return this.fail(told.message);
    if (told.number !== this.number) return; // a newer question is on its way
    for (const [at, { id, source }] of this.asked.entries()) {
      this.parts.show(id, source, told.marks.filter((mark) => mark.cell === at));
    }
  }

  private fail(message: string): void {
    this.thread?.terminate();
    this.thread = null;
    this.early = null;
    this.parts.warn(`code is not checked while it is typed: ${message}`);
  }
}
