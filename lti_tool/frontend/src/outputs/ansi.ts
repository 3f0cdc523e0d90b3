/** A piece of text with the classes that show its style; no inline style, so any CSP holds. */
export interface Span {
  text: string;
  classes: string;
}

interface Style {
  foreground: number | null;
  background: number | null;
  flags: ReadonlySet<string>;
}

const PLAIN: Style = { foreground: null, background: null, flags: new Set() };
const FLAGS: Readonly<Record<number, string>> = {
  1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike",
};
const FLAG_ENDS: Readonly<Record<number, readonly string[]>> = {
  22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"],
};

/** Control sequences: CSI (its `m` is a style) and OSC (titles, links), which are dropped. */
const SEQUENCE = /\x1b\[([0-9;:?]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]/g;

/**
 * Text with ANSI escapes as spans with classes `ansi-fg-0` … `ansi-fg-15`, `ansi-bg-N`,
 * `ansi-bold` and so on. The 256 colours and true colours become the nearest of the sixteen,
 * which the style sheet keeps readable in light and dark.
 */
export function ansiSpans(text: string): Span[] {
  const spans: Span[] = [];
  let style = PLAIN;
  let from = 0;
  const add = (piece: string) => {
    if (piece !== "") spans.push({ text: piece, classes: classesOf(style) });
  };
  for (const match of text.matchAll(SEQUENCE)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") style = restyled(style, match[1] ?? "");
  }
  add(text.slice(from));
  return spans;
}

const RULE = /^(?:\x1b\[[0-9;]*m)*-{20,}(?:\x1b\[[0-9;]*m)*\n/;
const WIDE_GAP = / {8,}(?=Traceback \(most recent call last\))/;

/** An IPython traceback without the rule and the gap that are drawn for 75 columns. */
export function unruled(traceback: string): string {
  return traceback.replace(RULE, "").replace(WIDE_GAP, "  ");
}

function restyled(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => Number(code || "0"));
  let next = style;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const { colour, used } = extendedColour(codes.slice(at + 1));
      next = { ...next, [code === 38 ? "foreground" : "background"]: colour };
      at += used;
    } else {
      next = simple(next, code);
    }
  }
  return next;
}

function simple(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code === 39) return { ...style, foreground: null };
  if (code === 49) return { ...style, background: null };
  if (code >= 30 && code <= 37) return { ...style, foreground: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, foreground: code - 82 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  const flag = FLAGS[code];
  if (flag) return { ...style, flags: new Set([...style.flags, flag]) };
  const ended = FLAG_ENDS[code];
  if (!ended) return style;
  return { ...style, flags: new Set([...style.flags].filter((name) => !ended.includes(name))) };
}

function extendedColour(rest: number[]): { colour: number | null; used: number } {
  if (rest[0] === 5) return { colour: nearest(rgbOf(rest[1] ?? 0), rest[1] ?? 0), used: 2 };
  if (rest[0] === 2) return { colour: nearest([rest[1] ?? 0, rest[2] ?? 0, rest[3] ?? 0]), used: 4 };
  return { colour: null, used: rest.length };
}

type Rgb = readonly [number, number, number];

/** The colour at `index` of xterm's cube (16-231) and grey ramp (232-255). */
function rgbOf(index: number): Rgb {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return [grey, grey, grey];
  }
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const cube = Math.max(index - 16, 0);
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

/** The one of the sixteen colours with the same hue; `index` below 16 is one already. */
function nearest([red, green, blue]: Rgb, index = 16): number {
  if (index < 16) return index;
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  const bright = most > 200 ? 8 : 0;
  if (most - least < 40) {
    if (most < 64) return 0;
    return most < 150 ? 8 : most < 215 ? 7 : 15;
  }
  const middle = (most + least) / 2;
  const bits = (red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0);
  return bits + bright;
}

function classesOf({ foreground, background, flags }: Style): string {
  const names = [...flags].map((flag) => `ansi-${flag}`);
  if (foreground !== null) names.push(`ansi-fg-${foreground}`);
  if (background !== null) names.push(`ansi-bg-${background}`);
  return names.join(" ");
}
