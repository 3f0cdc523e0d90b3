const MAX_LINES = 1_000;
const MAX_CHARS = 64_000;
const TAIL_LINES = 600;

/** The beginning and the end of a text, with how much lies between. */
export interface Clipped {
  head: string;
  hiddenLines: number;
  tail: string;
}

/** What is shown of a long text at first: at most 1 000 lines or 64 000 characters. */
export function clip(text: string): Clipped {
  const lines = text.split("\n");
  if (lines.length <= MAX_LINES && text.length <= MAX_CHARS) {
    return { head: text, hiddenLines: 0, tail: "" };
  }
  if (lines.length <= 2) {
    const half = MAX_CHARS / 2;
    return { head: text.slice(0, half), hiddenLines: 1, tail: text.slice(-half) };
  }
  const tailLines = Math.min(TAIL_LINES, lines.length >> 1);
  const headLines = Math.min(MAX_LINES - TAIL_LINES, lines.length - tailLines);
  return {
    head: lines.slice(0, headLines).join("\n").slice(0, MAX_CHARS / 2),
    hiddenLines: Math.max(lines.length - headLines - tailLines, 1),
    tail: lines.slice(-tailLines).join("\n").slice(-MAX_CHARS / 2),
  };
}
