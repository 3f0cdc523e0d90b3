import type { Action, Page } from "./model";
import { INITIAL, reduce } from "./reducer";

export type Dispatch = (action: Action) => void;

/** Holds the page's state and tells its readers when it has changed. */
export class Store {
  private page: Page = INITIAL;
  private readonly readers = new Set<() => void>();

  get state(): Page {
    return this.page;
  }

  readonly dispatch: Dispatch = (action) => {
    const next = reduce(this.page, action);
    if (next === this.page) return;
    this.page = next;
    for (const reader of [...this.readers]) reader();
  };

  /** Calls `reader` after every change; the answer ends it. */
  subscribe(reader: () => void): () => void {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  }
}
