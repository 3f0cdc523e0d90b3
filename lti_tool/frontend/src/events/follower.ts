import type { AttemptApi } from "../api/attempt";
import type { JournalEvent } from "../api/records";
import type { Session } from "../api/session";
import { type Clock, pause } from "../app/clock";
import { backoffMs } from "./backoff";
import type { ReadStream } from "./stream";

const POLL_MS = 2_000;
const POLLS_BEFORE_STREAM = 15;
const FULL_PAGE = 500;
const SHORT_STREAM_MS = 1_000;

/** `live`: a stream or polling works · `lost`: nothing reaches us, and we keep trying. */
export type Connection = "connecting" | "live" | "lost";

export interface FollowerParts {
  read: ReadStream;
  api: Pick<AttemptApi, "eventsAfter">;
  session: Session;
  clock: Clock;
  random: () => number;
  onEvent: (event: JournalEvent) => void;
  onConnection: (connection: Connection) => void;
}

/**
 * Follows the journal until stopped: streams, resumes after the last event it saw, backs off
 * after faults, and polls for a while when the server has no stream to give.
 */
export class Follower {
  private readonly stopped = new AbortController();
  private wake = new AbortController();
  private failures = 0;

  constructor(
    private readonly parts: FollowerParts,
    private seen: number,
  ) {}

  start(): void {
    void this.follow();
  }

  stop(): void {
    this.stopped.abort();
    this.wake.abort();
  }

  /** Cuts a waiting time short: the network is back, or the student is. */
  nudge(): void {
    this.wake.abort();
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopped;
    const { session } = this.parts;
    while (!signal.aborted) {
      const used = session.token;
      const began = this.parts.clock.now();
      const end = await this.parts.read(this.seen, this.take, this.opened, signal);
      if (end.ok) {
        // A server that ends streams as soon as they open must not be asked in a tight loop.
        if (this.parts.clock.now() - began < SHORT_STREAM_MS) await this.rest();
        continue;
      }
      if (end.error.kind === "aborted") continue;
      if (end.error.kind === "session") {
        if (await session.renew(used)) continue;
        if (session.expired) return;
      }
      if (end.error.kind === "busy") await this.poll();
      else await this.rest();
    }
  }

  private readonly opened = (): void => {
    this.failures = 0;
    this.parts.onConnection("live");
  };

  private readonly take = (event: JournalEvent): void => {
    if (event.seq <= this.seen) return;
    this.seen = event.seq;
    this.parts.onEvent(event);
  };

  private async rest(): Promise<void> {
    this.failures += 1;
    if (this.failures > 1) this.parts.onConnection("lost");
    await this.sleep(backoffMs(this.failures, this.parts.random));
  }

  private async poll(): Promise<void> {
    for (let turn = 0; turn < POLLS_BEFORE_STREAM && !this.stopped.signal.aborted; turn += 1) {
      const answer = await this.parts.api.eventsAfter(this.seen, this.stopped.signal);
      if (!answer.ok) return this.rest();
      this.opened();
      answer.value.forEach(this.take);
      if (answer.value.length < FULL_PAGE) await this.sleep(POLL_MS);
    }
  }

  private async sleep(delayMs: number): Promise<void> {
    this.wake = new AbortController();
    await pause(this.parts.clock, delayMs, AbortSignal.any([this.wake.signal, this.stopped.signal]));
  }
}
