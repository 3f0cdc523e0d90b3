/** A notebook's cell as plain Python; the twin of `grading/rules/cells.py`. */

const CODE_MAGICS: ReadonlySet<string> = new Set(["time", "timeit", "capture", "prun"]);

/** Magics that bring no name into the notebook but those written in their own line. */
const PLAIN_MAGICS: ReadonlySet<string> = new Set([
  ...CODE_MAGICS,
  ..."alias autosave bash cat cd cmd conda config cp env html".split(" "),
  ..."HTML javascript js latex lsmagic ls ll man markdown matplotlib".split(" "),
  ..."memit mkdir mprun lprun mv pinfo pip precision psource pwd".split(" "),
  ..."rm rmdir script set_env sh svg sx system SVG who whos".split(" "),
  ..."writefile xmode colors autoreload".split(" "),
]);

const WORD = /[\p{L}_][\p{L}\p{N}_]*/gu;
const PROMPT = /^\s*(?:>>>|In ?\[\d*\]:)/m;
const ESCAPE = /^[ \t]*[%!?/,;]/;
const HELP = /^[^'"#]*\?[ \t]*$/;
const MAGIC_VALUE = /[ \t]*(?:!|%%?[\p{L}_])/uy;
const MAGIC_IN_LINE = /(?<![%\p{L}\p{N}_])%{1,2}([\p{L}\p{N}_]+)/u;

/** A cell that a Python parser can read. */
export interface PlainCell {
  lines: readonly string[];
  /** Per line, how many characters were taken off its beginning. */
  shifts: readonly number[];
  /** Names that a magic of the cell may bind. */
  words: ReadonlySet<string>;
  /** What the cell binds cannot be known: a magic, or pasted prompts, may bring any name. */
  opaque: boolean;
}

/** Everything in a text that could be a name. */
export function wordsIn(text: string): Set<string> {
  return new Set(text.match(WORD));
}

/** A cell's source as Python, as many lines as it has. */
export function plainCell(source: string): PlainCell {
  const lines = source.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "?")
    .replace(/\r\n?/g, "\n").split("\n");
  if (PROMPT.test(source)) return blank(lines, new Set(), true);
  const words = new Set<string>();
  let opaque = false;
  let first = firstWritten(lines);
  for (let line = lines[first]; line?.startsWith("%%"); line = lines[first]) {
    const name = /^%{1,2}([\p{L}\p{N}_]*)/u.exec(line)?.[1] ?? "";
    for (const word of wordsIn(line)) words.add(word);
    opaque ||= !PLAIN_MAGICS.has(name);
    if (!CODE_MAGICS.has(name)) return blank(lines, words, opaque);
    lines[first] = "";
    first = firstWritten(lines);
  }
  const margin = commonMargin(lines);
  // What IPython does with a first line further in than the rest differs between its versions.
  if (margin === "" && /^[ \t]/.test(lines[first] ?? "")) return blank(lines, wordsIn(source), opaque);
  const shifts = lines.map((line) => (line.startsWith(margin) ? margin.length : line.length));
  const replacer = new Replacer(lines.map((line, at) => line.slice(shifts[at])));
  replacer.run();
  for (const word of replacer.words) words.add(word);
  return { lines: replacer.lines, shifts, words, opaque: opaque || replacer.opaque };
}

function blank(lines: readonly string[], words: ReadonlySet<string>, opaque: boolean): PlainCell {
  return { lines: lines.map(() => ""), shifts: lines.map(() => 0), words, opaque };
}

const isWritten = (line: string) => /[^ \t\f]/.test(line);

function firstWritten(lines: readonly string[]): number {
  const found = lines.findIndex(isWritten);
  return found < 0 ? lines.length : found;
}

const marginOf = (line: string) => /^[ \t]*/.exec(line)?.[0] ?? "";

function commonMargin(lines: readonly string[]): string {
  const margins = lines.filter(isWritten).map(marginOf);
  let common = margins.reduce((least, margin) => (margin.length < least.length ? margin : least), margins[0] ?? "");
  while (!margins.every((margin) => margin.startsWith(common))) common = common.slice(0, -1);
  return common;
}

/** Walks the characters once and replaces IPython's lines outside strings and brackets. */
class Replacer {
  readonly words = new Set<string>();
  opaque = false;
  private quote = "";
  private depth = 0;

  constructor(readonly lines: string[]) {}

  run(): void {
    let continued = false;
    for (let number = 0; number < this.lines.length; ) {
      const line = this.lines[number] ?? "";
      const begins = !continued && this.quote === "" && this.depth === 0;
      if (begins && (ESCAPE.test(line) || HELP.test(line))) {
        number = this.replace(number, `${marginOf(line)}pass`);
        continue;
      }
      const magic = this.scan(line);
      if (magic !== null) {
        number = this.replace(number, `${line.slice(0, magic)}None`);
        continue;
      }
      continued = this.quote === "" && line.endsWith("\\");
      number += 1;
    }
  }

  /** Puts `text` for a line and blanks those that a backslash adds to it. */
  private replace(number: number, text: string): number {
    for (let put = text; ; put = "") {
      const line = this.lines[number] ?? "";
      for (const word of wordsIn(line)) this.words.add(word);
      const magic = MAGIC_IN_LINE.exec(line)?.[1];
      if (magic !== undefined && !PLAIN_MAGICS.has(magic)) this.opaque = true;
      this.lines[number] = put;
      number += 1;
      if (!line.endsWith("\\") || number === this.lines.length) return number;
    }
  }

  /** Follows strings and brackets through a line; answers where a magic's value begins. */
  private scan(line: string): number | null {
    for (let at = 0; at < line.length; ) {
      if (this.quote !== "") {
        at = this.inString(line, at);
        continue;
      }
      const char = line.charAt(at);
      if (char === "#") break;
      if (char === '"' || char === "'") {
        this.quote = line.startsWith(char.repeat(3), at) ? char.repeat(3) : char;
        at += this.quote.length;
        continue;
      }
      if ("([{".includes(char)) this.depth += 1;
      else if (")]}".includes(char)) this.depth = Math.max(0, this.depth - 1);
      else if (char === "=" && this.depth === 0) {
        MAGIC_VALUE.lastIndex = at + 1;
        if (MAGIC_VALUE.test(line)) return at + 1;
      }
      at += 1;
    }
    if (this.quote.length === 1 && !line.endsWith("\\")) this.quote = "";
    return null;
  }

  private inString(line: string, at: number): number {
    if (line[at] === "\\") return at + 2;
    if (!line.startsWith(this.quote, at)) return at + 1;
    const { length } = this.quote;
    this.quote = "";
    return at + length;
  }
}
