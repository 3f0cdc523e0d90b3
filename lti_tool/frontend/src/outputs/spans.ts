/** A piece of a line: text, or the inside of a code span. */
export interface Piece {
  text: string;
  code: boolean;
}

/** A fence of backticks, the padding that inner backticks need, the code, the same fence. */
const CODE = /(`+)( ?)(.*?)\2\1(?!`)/g;

/** Splits a line at its code spans; an unmatched backtick is text. */
export function codeSpans(line: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  const add = (text: string, code: boolean) => {
    if (text !== "") pieces.push({ text, code });
  };
  for (const match of line.matchAll(CODE)) {
    add(line.slice(from, match.index), false);
    add(match[3] ?? "", true);
    from = match.index + match[0].length;
  }
  add(line.slice(from), false);
  return pieces;
}
