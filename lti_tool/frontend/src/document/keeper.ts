import type { AttemptApi } from "../api/attempt";
import type { DocumentRecord } from "../api/records";
import { type ApiError, isPassing } from "../api/result";
import type { Clock } from "../app/clock";
import { backoffMs } from "../events/backoff";
import type { SaveState } from "../state/model";
import type { Drafts } from "./drafts";
import { changes, merge, type Sources, sourcesOf } from "./merge";

const SAVE_AFTER_MS = 1_000;
/** Someone who types without a pause is saved this often. */
const SAVE_AT_LEAST_MS = 8_000;
const DRAFT_AFTER_MS = 200;
/** How often one flush sends again: after a merge, or for text typed meanwhile. */
const MAX_TURNS = 3;

export interface KeeperParts {
  api: Pick<AttemptApi, "save" | "snapshot">;
  clock: Clock;
  random: () => number;
  drafts: Drafts;
  onState: (state: SaveState) => void;
  /** Another page's text takes the place of a cell's: the editor is to show it. */
  onReplaced: (cellId: string, source: string) => void;
  onSetAside: (setAside: boolean) => void;
}

/**
 * Keeps the document: what is typed here, what the server holds, and how the two come together.
 *
 * One save is under way at a time. The draft in the browser is dropped only after the server has
 * confirmed the same text. When another page saved first, cells merge by themselves unless both
 * changed the same one; then nothing is sent until the student has chosen.
 */
export class Keeper {
  private mine: Record<string, string>;
  private saved: Record<string, string>;
  private revision: number;
  private savedAt: string;
  /** The newest revision that the journal told of; more than `revision` means another page. */
  private seenRevision = 0;
  private conflicts: string[] = [];
  private aside: Sources | null = null;
  private refusal: string | null = null;
  private saving: Promise<boolean> | null = null;
  private failures = 0;
  private dirtySince: number | null = null;
  private cancelSave: () => void = () => undefined;
  private cancelDraft: () => void = () => undefined;

  constructor(
    private readonly parts: KeeperParts,
    document: DocumentRecord,
  ) {
    this.saved = sourcesOf(document.cells);
    this.revision = document.revision;
    this.savedAt = document.saved_at;
    const draft = parts.drafts.take();
    this.mine = { ...this.saved };
    if (draft) {
      const merged = merge(draft.base, draft.mine, this.saved);
      this.mine = merged.sources;
      this.conflicts = merged.conflicts;
    }
  }

  /** Says how things stand after loading, and sends what a draft brought back. */
  start(): void {
    if (this.isDirty()) this.writeDraft();
    this.tell();
    if (this.isDirty() && this.conflicts.length === 0) void this.flush();
  }

  source(cellId: string): string {
    return this.mine[cellId] ?? "";
  }

  /** The student typed. */
  edit(cellId: string, source: string): void {
    if (this.mine[cellId] === source) return;
    this.mine[cellId] = source;
    const { clock } = this.parts;
    this.refusal = null;
    this.cancelDraft();
    this.cancelDraft = clock.later(DRAFT_AFTER_MS, () => this.writeDraft());
    this.dirtySince ??= clock.now();
    const waited = clock.now() - this.dirtySince;
    this.saveAfter(Math.max(0, Math.min(SAVE_AFTER_MS, SAVE_AT_LEAST_MS - waited)));
    this.tell();
  }

  /** Saves now, after whatever is under way; true when the server holds what is typed. */
  async flush(): Promise<boolean> {
    this.cancelSave();
    if (this.isDirty()) this.writeDraft();
    for (let turn = 0, again = true; again && turn < MAX_TURNS; turn += 1) {
      while (this.saving) await this.saving;
      if (this.conflicts.length > 0 || !this.isDirty()) break;
      this.saving = this.saveOnce().finally(() => {
        this.saving = null;
      });
      again = await this.saving;
    }
    this.tell();
    return !this.isDirty() && this.conflicts.length === 0;
  }

  /** The revision of the text that the server is known to hold. */
  get currentRevision(): number {
    return this.revision;
  }

  /** The journal says that the document was saved, here or elsewhere. */
  async heardOf(revision: number): Promise<void> {
    this.seenRevision = Math.max(this.seenRevision, revision);
    while (this.saving) await this.saving;
    if (this.seenRevision > this.revision) await this.reload();
  }

  /** Fetches the server's document and merges it in; true when that went well. */
  async reload(): Promise<boolean> {
    const answer = await this.parts.api.snapshot();
    if (!answer.ok) return false;
    this.adopt(answer.value.snapshot.document);
    this.tell();
    return this.isDirty() ? this.flush() : true;
  }

  /** Settles a conflict for this page; the other text stays in the server's history. */
  async keepMine(): Promise<void> {
    this.conflicts = [];
    await this.flush();
  }

  /** Settles a conflict for the other page; this page's text is set aside. */
  async takeTheirs(): Promise<void> {
    const cells = this.conflicts;
    this.aside = Object.fromEntries(cells.map((id) => [id, this.source(id)]));
    this.conflicts = [];
    for (const id of cells) this.replace(id, this.saved[id] ?? "");
    this.parts.onSetAside(true);
    await this.flush();
  }

  /** Brings back the text that `takeTheirs` set aside. */
  async bringBack(): Promise<void> {
    for (const [id, source] of Object.entries(this.aside ?? {})) this.replace(id, source);
    this.letGo();
    await this.flush();
  }

  /** The text that was set aside is not wanted any more. */
  letGo(): void {
    this.aside = null;
    this.parts.onSetAside(false);
  }

  /** One save; true when there is more to send at once. */
  private async saveOnce(): Promise<boolean> {
    const sent = changes(this.saved, this.mine);
    this.dirtySince = null;
    this.parts.onState({ kind: "saving" });
    const answer = await this.parts.api.save(this.revision, sent);
    if (!answer.ok) return this.failed(answer.error);
    this.failures = 0;
    this.refusal = null;
    this.saved = { ...this.saved, ...sent };
    this.revision = answer.value.revision;
    this.savedAt = answer.value.saved_at;
    if (!this.isDirty()) this.forgetDraft();
    return this.isDirty();
  }

  private async failed(error: ApiError): Promise<boolean> {
    if (error.kind === "conflict") {
      const document = error.document ?? (await this.fetchDocument());
      if (document) this.adopt(document);
      if (document) return true;
    }
    this.failures += 1;
    this.refusal = error.kind === "refused" ? error.message : null;
    if (error.kind === "conflict" || isPassing(error)) {
      this.saveAfter(backoffMs(this.failures, this.parts.random));
    }
    return false;
  }

  private async fetchDocument(): Promise<DocumentRecord | null> {
    const answer = await this.parts.api.snapshot();
    return answer.ok ? answer.value.snapshot.document : null;
  }

  private adopt(document: DocumentRecord): void {
    if (document.revision < this.revision) return;
    const theirs = sourcesOf(document.cells);
    const before = { ...this.mine };
    const merged = merge(this.saved, this.mine, theirs);
    const open = new Set([...this.conflicts, ...merged.conflicts]);
    this.saved = theirs;
    this.revision = document.revision;
    this.savedAt = document.saved_at;
    this.conflicts = [...open].filter((id) => merged.sources[id] !== theirs[id]);
    for (const [id, source] of Object.entries(merged.sources)) {
      if (before[id] !== source) this.replace(id, source);
    }
    if (this.isDirty()) this.writeDraft();
    else this.forgetDraft();
  }

  private replace(cellId: string, source: string): void {
    this.mine[cellId] = source;
    this.parts.onReplaced(cellId, source);
  }

  private isDirty(): boolean {
    return Object.keys(changes(this.saved, this.mine)).length > 0;
  }

  private saveAfter(delayMs: number): void {
    this.cancelSave();
    if (this.conflicts.length > 0) return;
    this.cancelSave = this.parts.clock.later(delayMs, () => void this.flush());
  }

  private writeDraft(): void {
    this.cancelDraft();
    if (!this.isDirty()) return this.parts.drafts.clear();
    // Without its base an undecided cell is a conflict again after a reload, as it should be.
    const decided = Object.entries(this.saved).filter(([id]) => !this.conflicts.includes(id));
    this.parts.drafts.write(Object.fromEntries(decided), this.mine);
  }

  private forgetDraft(): void {
    this.cancelDraft();
    this.parts.drafts.clear();
  }

  private tell(): void {
    if (this.conflicts.length > 0) {
      this.parts.onState({ kind: "conflict", cells: this.conflicts });
    } else if (!this.isDirty()) {
      this.parts.onState({ kind: "saved", at: this.savedAt });
    } else if (this.saving) {
      this.parts.onState({ kind: "saving" });
    } else if (this.refusal !== null) {
      this.parts.onState({ kind: "refused", message: this.refusal });
    } else {
      this.parts.onState(this.failures > 0 ? { kind: "waiting" } : { kind: "dirty" });
    }
  }
}
