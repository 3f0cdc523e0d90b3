/** Text of each code cell by its id. */
export type Sources = Readonly<Record<string, string>>;

export interface Merge {
  /** Each cell once both sides are heard; mine where they disagree. */
  sources: Record<string, string>;
  /** Cells that both sides changed, to different text. */
  conflicts: string[];
}

/**
 * Joins what this page has with what another saved, cell by cell, given the text that both
 * started from. Only a cell that both changed differently is a conflict; nothing is dropped.
 */
export function merge(base: Sources, mine: Sources, theirs: Sources): Merge {
  const sources: Record<string, string> = {};
  const conflicts: string[] = [];
  for (const [cell, their] of Object.entries(theirs)) {
    const own = mine[cell];
    if (own === undefined || own === their || own === base[cell]) {
      sources[cell] = their;
      continue;
    }
    sources[cell] = own;
    if (their !== base[cell]) conflicts.push(cell);
  }
  return { sources, conflicts };
}

/** The cells whose text differs from `saved`. */
export function changes(saved: Sources, mine: Sources): Record<string, string> {
  return Object.fromEntries(Object.entries(mine).filter(([id, text]) => saved[id] !== text));
}

/** The code cells of a document as sources. */
export function sourcesOf(
  cells: readonly { id: string; kind: string; source: string }[],
): Record<string, string> {
  const code = cells.filter(({ kind }) => kind === "code");
  return Object.fromEntries(code.map(({ id, source }) => [id, source]));
}
