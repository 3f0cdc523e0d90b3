import type { JournalEvent, Snapshot } from "../../src/api/records";
import type { Attempt } from "../../src/state/model";
import { attemptOf } from "../../src/state/snapshot";
import { applied } from "../../src/state/journal";
import type { Clock } from "../../src/app/clock";

export const NOW = "2026-11-23T12:00:00.000Z";

/** An attempt with two tasks of one cell each. */
export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    attempt_id: "a1",
    role: "learner",
    graded: true,
    case: {
      title: "Wine",
      description_html: "<p>About wine.</p>",
      locale: "en",
      subtasks: [
        { id: "look", title: "Look", points: 2 },
        { id: "clean", title: "Clean", points: 3 },
      ],
    },
    document: {
      revision: 3,
      saved_at: NOW,
      cells: [
        { id: "t1", kind: "markdown", source: "", subtask: "look", html: "<p>Look.</p>" },
        { id: "c1", kind: "code", source: "one", subtask: "look" },
        { id: "c2", kind: "code", source: "two", subtask: "clean" },
      ],
    },
    runs: {},
    validations: {},
    points: { score: 0, max_score: 5 },
    delivery: null,
    dates: { due_at: null, may_set: false, asked: false },
    kernel: { state: "idle", reason: null },
    last_seq: 10,
    ...changes,
  };
}

export function attempt(changes: Partial<Snapshot> = {}): Attempt {
  return attemptOf({ snapshot: snapshot(changes), clockOffsetMs: 0 });
}

/** The attempt after events, numbered on from where it stands. */
export function after(start: Attempt, ...events: [kind: string, payload: object][]): Attempt {
  return events.reduce((state, [kind, payload]) => {
    return applied(state, { seq: state.lastSeq + 1, kind, payload, receivedAt: NOW });
  }, start);
}

export const event = (seq: number, kind = "points.changed"): JournalEvent => ({
  seq,
  kind,
  payload: { score: seq, max_score: 5 },
});

/** A clock that stands still until it is told to go. */
export class FakeClock implements Clock {
  time = Date.parse(NOW);
  private waiting: { at: number; action: () => void }[] = [];

  now = (): number => this.time;

  later(delayMs: number, action: () => void): () => void {
    const entry = { at: this.time + delayMs, action };
    this.waiting.push(entry);
    return () => {
      this.waiting = this.waiting.filter((other) => other !== entry);
    };
  }

  /** Lets time pass; whatever falls due runs in its order, with its promises. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const due = this.waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.time = Math.max(this.time, due.at);
      this.waiting = this.waiting.filter((other) => other !== due);
      due.action();
      await settle();
    }
    this.time = end;
  }
}

/** Lets every promise that is ready go on. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
