/** What cannot run in a notebook; the twin of `grading/rules/hard_errors.py`. */
import { type Certainty, orderOf, ruleOf, SYNTAX } from "./catalogue";
import { type PlainCell, plainCell, wordsIn } from "./cells";
import { type Facts, factsOf } from "./facts";
import { bindsAnyName, compilesAnyway, type Found, isCertain, type Surroundings, usesAttrs } from "./guards";

export const MAX_CELLS = 500;
export const MAX_CHARACTERS = 300_000;

/** One finding of ruff: rows and columns from 1, columns in UTF-16 units. */
export interface Report {
  code: string | null;
  message: string;
  start_location: { row: number; column: number };
  end_location: { row: number; column: number };
}

/** Ruff, asked for what cannot compile, or for what raises. */
export interface Ruff {
  compiling(code: string): readonly Report[];
  raising(code: string): readonly Report[];
}

/** One hard error. Lines count from 1, columns from 0. */
export interface Mark {
  cell: number;
  code: string;
  certainty: Certainty;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  /** The marked source, at most its first line. */
  text: string;
  /** Ruff's own words, in English. */
  detail: string;
}

interface Cell {
  source: string;
  plain: PlainCell;
  code: string;
  facts: Facts | null;
  /** The first error of a cell that cannot be compiled. */
  broken: Found | null;
  anyName: boolean;
  attrs: boolean;
}

/** Checks notebooks, and remembers what it knows of cells that have not changed. */
export class HardErrors {
  private cells = new Map<string, Cell>();

  constructor(private readonly ruff: Ruff) {}

  /** The hard errors of a notebook's code cells; none where there is more text than is checked. */
  check(sources: readonly string[], known: Iterable<string> = []): Mark[] {
    const characters = sources.reduce((sum, source) => sum + source.length, 0);
    if (sources.length > MAX_CELLS || characters > MAX_CHARACTERS) return [];
    const cells = sources.map((source) => this.cells.get(source) ?? this.read(source));
    this.cells = new Map(cells.map((cell) => [cell.source, cell]));
    const marks = cells.flatMap((cell, at) => (cell.broken ? [markOf(cell, at, cell.broken)] : []));
    for (const [at, found] of this.together(cells, new Set(known))) {
      const cell = cells[at];
      if (cell) marks.push(markOf(cell, at, found));
    }
    return marks.sort((a, b) => a.cell - b.cell || a.line - b.line || a.column - b.column);
  }

  /** Names that code binds in the notebook's namespace: once it has run, the kernel holds them. */
  bound(source: string): ReadonlySet<string> {
    const plain = plainCell(source);
    return factsOf(plain.lines.join("\n"))?.bound ?? wordsIn(source);
  }

  private read(source: string): Cell {
    const plain = plainCell(source);
    const code = plain.lines.join("\n");
    const facts = factsOf(code);
    const all = this.ruff.compiling(`${code}\n`).map((report) => foundOf(report, plain.lines, 1));
    const real = all.filter((found) => !compilesAnyway(found, code, facts)).sort(byPlace);
    const flags = { anyName: plain.opaque || bindsAnyName(source), attrs: usesAttrs(source) };
    return { source, plain, code, facts, broken: real[0] ?? null, ...flags };
  }

  /** What raises, from all cells that compile, read as one program. */
  private together(cells: readonly Cell[], known: ReadonlySet<string>): [number, Found][] {
    const rows: number[] = [];
    const lines: string[] = [];
    for (const { plain, broken } of cells) {
      rows.push(lines.length + 1);
      lines.push(...(broken ? plain.lines.map(() => "") : plain.lines));
    }
    const places = new Map<string, [number, Found]>();
    for (const report of this.ruff.raising(`${lines.join("\n")}\n`)) {
      const at = Math.max(0, rows.filter((row) => row <= report.start_location.row).length - 1);
      const cell = cells[at];
      if (report.code === null || report.code === SYNTAX || !cell?.facts || cell.broken) continue;
      const found = foundOf(report, cell.plain.lines, rows[at] ?? 1);
      const around = surroundings(cells, at, known);
      if (!isCertain(found, cell.code, cell.facts, around, ruleOf(found.code).class)) continue;
      const place = `${at}:${found.start}`;
      const other = places.get(place)?.[1];
      if (!other || orderOf(found.code) < orderOf(other.code)) places.set(place, [at, found]);
    }
    return [...places.values()];
  }
}

function surroundings(cells: readonly Cell[], at: number, known: ReadonlySet<string>): Surroundings {
  const names = new Set(known);
  const add = (more: Iterable<string>) => {
    for (const name of more) names.add(name);
  };
  for (const [other, cell] of cells.entries()) {
    add(cell.plain.words);
    if (cell.broken || !cell.facts) add(wordsIn(cell.source));
    else {
      add(cell.facts.deleted);
      if (other !== at) add(cell.facts.bound);
    }
  }
  const anyName = cells.some((cell) => cell.anyName);
  return { names, anyName, attrs: cells.some((cell) => cell.attrs) };
}

const byPlace = (a: Found, b: Found) => a.start - b.start || orderOf(a.code) - orderOf(b.code);

/** A report as offsets in the cell's text; a syntax error keeps to its first line. */
function foundOf(report: Report, lines: readonly string[], firstRow: number): Found {
  const from = report.start_location;
  const to = report.end_location;
  const code = report.code ?? SYNTAX;
  let start = offsetOf(lines, from.row - firstRow, from.column - 1);
  let end = offsetOf(lines, to.row - firstRow, to.column - 1);
  if (code === SYNTAX) {
    const line = Math.min(from.row - firstRow, lines.length - 1);
    const first = offsetOf(lines, line, 0);
    const last = first + (lines[line]?.length ?? 0);
    end = Math.min(end, last);
    // A place between two characters: one of them is marked.
    if (end <= start) [start, end] = start < last ? [start, start + 1] : [Math.max(first, start - 1), last];
  }
  return { code, start, end, message: report.message };
}

/** The offset of a place in the joined lines; beyond the text, its end. */
function offsetOf(lines: readonly string[], line: number, column: number): number {
  let offset = 0;
  for (const text of lines.slice(0, line)) offset += text.length + 1;
  if (line >= lines.length) return offset - 1;
  return offset + Math.min(column, lines[line]?.length ?? 0);
}

function markOf(cell: Cell, at: number, found: Found): Mark {
  const [line, column] = placeOf(cell, found.start);
  const [endLine, endColumn] = placeOf(cell, found.end);
  const text = cell.code.slice(found.start, found.end).split("\n")[0] ?? "";
  const { code, message } = found;
  return { cell: at, code, certainty: ruleOf(code).class, line, column, endLine, endColumn, text, detail: message };
}

function placeOf({ code, plain }: Cell, offset: number): [number, number] {
  const before = code.slice(0, offset).split("\n");
  const column = before.at(-1)?.length ?? 0;
  return [before.length, column + (plain.shifts[before.length - 1] ?? 0)];
}
