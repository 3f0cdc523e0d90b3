/**
 * The text as a terminal would leave it after its carriage returns: what follows one is written
 * over the line from its beginning. Lines with colour codes are replaced whole.
 */
export function collapseReturns(text: string): string {
  if (!text.includes("\r")) return text;
  return text.replace(/\r\n/g, "\n").split("\n").map(collapseLine).join("\n");
}

/**
 * `before` with `piece` added, kept small: lines that are done are collapsed, the open one keeps
 * its last return, because the next piece may go on writing over it. `before` comes from here.
 */
export function appendText(before: string, piece: string): string {
  const open = before.lastIndexOf("\n") + 1;
  const fresh = before.slice(open) + piece;
  if (!fresh.includes("\r")) return before + piece;
  const lines = fresh.replace(/\r\n/g, "\n").split("\n");
  const last = lines.pop() ?? "";
  return before.slice(0, open) + [...lines.map(collapseLine), compactLine(last)].join("\n");
}

function collapseLine(line: string): string {
  if (!line.includes("\r")) return line;
  return line.split("\r").reduce(overwrite);
}

function compactLine(line: string): string {
  const start = line.lastIndexOf("\r");
  return start < 0 ? line : `${collapseLine(line.slice(0, start))}\r${line.slice(start + 1)}`;
}

function overwrite(line: string, part: string): string {
  if (part === "") return line;
  const coloured = line.includes("\x1b") || part.includes("\x1b");
  return coloured ? part : part + line.slice(part.length);
}
