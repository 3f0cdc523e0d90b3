import type { CellRecord, SubtaskRecord } from "../api/records";

/** A stretch of the document: a subtask with its cells, or cells that belong to none. */
export interface Section {
  subtask: SubtaskRecord | null;
  /** 1, 2, 3 … of the subtask in the case; 0 outside. */
  number: number;
  cells: CellRecord[];
}

/**
 * The document as sections, in its own order. A subtask whose cells lie apart is one section,
 * where its first cell stands; a subtask without cells still has its section, at the end.
 */
export function sections(
  cells: readonly CellRecord[],
  subtasks: readonly SubtaskRecord[],
): Section[] {
  const found: Section[] = [];
  for (const cell of cells) {
    const index = subtasks.findIndex(({ id }) => id === cell.subtask);
    const subtask = subtasks[index] ?? null;
    const last = found.at(-1);
    const place = subtask
      ? found.find((section) => section.subtask === subtask)
      : last?.subtask === null
        ? last
        : undefined;
    if (place) place.cells.push(cell);
    else found.push({ subtask, number: index + 1, cells: [cell] });
  }
  const missing = subtasks.filter((subtask) => !found.some((one) => one.subtask === subtask));
  const empty = missing.map((subtask) => {
    return { subtask, number: subtasks.indexOf(subtask) + 1, cells: [] };
  });
  return [...found, ...empty];
}

/** Number of each code cell in the document: 1, 2, 3 …, by its id. */
export function codeNumbers(cells: readonly CellRecord[]): Record<string, number> {
  const code = cells.filter(({ kind }) => kind === "code");
  return Object.fromEntries(code.map(({ id }, index) => [id, index + 1]));
}
