const MAX_LINES = 120;
const MAX_CHARS = 12_000;
const TAIL_LINES = 40;

/** The beginning and the end of a text, with how much lies between. */
export interface Clipped {
  head: string;
  hiddenLines: number;
  tail: string;
}

/** What is shown of a long text at first: so little that Validate stays near. */
export function clip(text: string): Clipped {
  const lines = text.split("\n");
  if (lines.length <= MAX_LINES && text.length <= MAX_CHARS) {
    return { head: text, hiddenLines: 0, tail: "" };
  }
  if (lines.length <= 2) {
    const half = MAX_CHARS / 2;
    return { head: text.slice(0, half), hiddenLines: 1, tail: text.slice(-half) };
  }
  const head = fitting(lines, MAX_LINES - TAIL_LINES);
  const tail = fitting([...lines.slice(head.length)].reverse(), TAIL_LINES).reverse();
  return {
    head: head.join("\n").slice(0, MAX_CHARS / 2),
    hiddenLines: Math.max(lines.length - head.length - tail.length, 1),
    tail: tail.join("\n").slice(-MAX_CHARS / 2),
  };
}

/** The first lines that fit, at least one. */
function fitting(lines: readonly string[], atMost: number): string[] {
  let room = MAX_CHARS / 2;
  const kept = lines.slice(0, atMost).filter((line) => (room -= line.length + 1) >= 0);
  return kept.length > 0 ? kept : lines.slice(0, 1);
}
