import type { Sources } from "./merge";

const PREFIX = "casebook.draft.";
const MAX_AGE_MS = 30 * 24 * 3600 * 1000;

/** Text that the server has not confirmed yet, with the saved text that it grew from. */
export interface Draft {
  base: Sources;
  mine: Sources;
  /** When it was written, ms since the epoch. */
  at: number;
}

/** The part of `Storage` that drafts need. */
export type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/**
 * Keeps unsaved text in this browser, one draft per attempt and tab, so that a crash, a closed
 * tab or an ended session loses nothing. Storage that is full or forbidden (a strict browser in
 * an LMS frame) is done without: the server's copy is the one that counts.
 */
export class Drafts {
  private readonly own: string;
  private readonly all: string;

  constructor(
    private readonly storage: DraftStorage | null,
    attemptId: string,
    tabId: string,
    private readonly now: () => number,
  ) {
    this.all = `${PREFIX}${attemptId}.`;
    this.own = `${this.all}${tabId}`;
  }

  write(base: Sources, mine: Sources): void {
    const draft: Draft = { base, mine, at: this.now() };
    attempt(() => this.storage?.setItem(this.own, JSON.stringify(draft)));
  }

  clear(): void {
    attempt(() => this.storage?.removeItem(this.own));
  }

  /** Takes the newest draft of this attempt out of the storage, and drops forgotten ones. */
  take(): Draft | null {
    const found = this.keys()
      .map((key) => ({ key, draft: this.read(key) }))
      .sort((a, b) => (b.draft?.at ?? 0) - (a.draft?.at ?? 0));
    const newest = found.find(({ draft }) => draft !== null && this.isFresh(draft)) ?? null;
    for (const { key, draft } of found) {
      const forgotten = draft === null || !this.isFresh(draft);
      if (forgotten || key === newest?.key) attempt(() => this.storage?.removeItem(key));
    }
    return newest?.draft ?? null;
  }

  private isFresh(draft: Draft): boolean {
    return this.now() - draft.at < MAX_AGE_MS;
  }

  private keys(): string[] {
    const keys: string[] = [];
    attempt(() => {
      for (let at = 0; at < (this.storage?.length ?? 0); at += 1) {
        const key = this.storage?.key(at);
        if (key?.startsWith(this.all)) keys.push(key);
      }
    });
    return keys;
  }

  private read(key: string): Draft | null {
    let draft: Draft | null = null;
    attempt(() => {
      const found = JSON.parse(this.storage?.getItem(key) ?? "null") as Draft | null;
      if (found && typeof found.at === "number" && found.mine && found.base) draft = found;
    });
    return draft;
  }
}

/** Storage may throw on every touch (quota, privacy settings); a draft is worth no failure. */
function attempt(action: () => void): void {
  try {
    action();
  } catch (error) {
    console.warn("Casebook: this browser's storage cannot be used for drafts.", error);
  }
}
