/** What the page and its checker say to each other. */
import type { Certainty } from "./catalogue";

export type ToChecker =
  /** Load ruff for a kernel's Python (`py311`), and speak this language. */
  | { type: "start"; python: string; locale: string }
  /** Check the code cells of the document; answers carry the same number. */
  | { type: "check"; number: number; sources: readonly string[] }
  /** This code has run: the kernel may hold the names that it binds. */
  | { type: "ran"; source: string }
  /** The kernel holds these names. */
  | { type: "known"; names: readonly string[] }
  /** The kernel is new and holds no names. */
  | { type: "restarted" };

export type FromChecker =
  | { type: "marks"; number: number; marks: readonly CellMark[] }
  /** The checker cannot go on; `message` is for the browser's console. */
  | { type: "failed"; message: string };

/** One mark in a cell: lines count from 1, columns from 0 in UTF-16 units. */
export interface CellMark {
  /** Index among the sources that were sent. */
  cell: number;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  certainty: Certainty;
  /** Plain words in the student's language; code stands between backticks. */
  words: string;
}
