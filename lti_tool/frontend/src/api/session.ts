import type { Clock } from "../app/clock";

const FIRST_RENEWAL_MS = 60_000;
const MIN_DELAY_MS = 20_000;
const RETRY_MS = 15_000;

export interface Renewal {
  token: string;
  expires_at: string;
}

/** Asks the server for a new token in place of `token`; null when the session is over. */
export type Renew = (token: string) => Promise<Renewal | null | "try again">;

/**
 * Holds the token that every request carries. It lives in this object only, never in storage.
 *
 * It is renewed halfway to its end, and once by whoever is told that it is no longer good;
 * several askers share one renewal.
 */
export class Session {
  private renewing: Promise<boolean> | null = null;
  private cancelTimer: (() => void) | null = null;
  expired = false;

  constructor(
    private current: string,
    private readonly renewToken: Renew,
    private readonly clock: Clock,
    private readonly onExpired: () => void,
  ) {}

  get token(): string {
    return this.current;
  }

  /** Begins to renew by itself; `expiresAt` (ISO 8601) where the page knows it. */
  start(expiresAt: string | null): void {
    this.schedule(expiresAt === null ? FIRST_RENEWAL_MS : this.halfWayTo(expiresAt));
  }

  /** Renews now unless `used` is already an old token; true when there is a good token. */
  renew(used: string = this.current): Promise<boolean> {
    if (this.expired) return Promise.resolve(false);
    if (used !== this.current) return Promise.resolve(true);
    this.renewing ??= this.renewOnce().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async renewOnce(): Promise<boolean> {
    const renewal = await this.renewToken(this.current);
    if (renewal === "try again") {
      this.schedule(RETRY_MS);
      return false;
    }
    if (renewal === null) {
      this.expired = true;
      this.cancelTimer?.();
      this.onExpired();
      return false;
    }
    this.current = renewal.token;
    this.schedule(this.halfWayTo(renewal.expires_at));
    return true;
  }

  private halfWayTo(expiresAt: string): number {
    const left = Date.parse(expiresAt) - this.clock.now();
    return Number.isFinite(left) ? Math.max(left / 2, MIN_DELAY_MS) : FIRST_RENEWAL_MS;
  }

  private schedule(delayMs: number): void {
    this.cancelTimer?.();
    this.cancelTimer = this.clock.later(delayMs, () => void this.renew());
  }
}
