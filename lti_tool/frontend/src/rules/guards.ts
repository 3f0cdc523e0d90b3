/** Which findings of ruff are certain enough to be shown; the twin of `grading/rules/guards.py`. */
import type { Certainty } from "./catalogue";
import { type Facts, within } from "./facts";

/** One finding of ruff in a cell's plain text; offsets count its characters. */
export interface Found {
  code: string;
  start: number;
  end: number;
  message: string;
}

/** What the guards look at beside the cell itself. */
export interface Surroundings {
  /** Names that the kernel or another cell may have bound, or that a cell deletes. */
  names: ReadonlySet<string>;
  /** Some cell can bind names that no analysis sees. */
  anyName: boolean;
  /** Some cell speaks of attrs, whose classes take a list as a default. */
  attrs: boolean;
}

const ANY_NAME = new RegExp(
  "(?<![\\w.])(?:exec|eval|globals|locals|vars|get_ipython)\\s*\\(|(?<![\\w.])dir\\s*\\(\\s*\\)" +
    "|__builtins__|\\bbuiltins\\b|__main__|\\buser_ns\\b|__dict__|_getframe|\\bsys\\.modules\\b" +
    "|\\b_convert_\\(|\\bimport\\s*\\*",
);
const TOP_LEVEL: ReadonlySet<string> = new Set(["F704", "PLE1142", "PLE0118"]);
const ATTRS = /\battrs?\b/;
const IPYTHON_NAME = /^(?:_+\d*|_i+\d*|_oh|_dh|_ih|_exit_code|__\w+__)$/;
const CHOICE = /\b(?:if|and|or)\b/;
const QUOTED = /'[^'\n]*'|"[^"\n]*"/g;
const LITERAL =
  "(?:[+-]?\\d[\\w.]*|True|'[^'\\n]*'|\"[^\"\\n]*\"|\\[[^\\[\\]]*\\]|\\([^()\\[\\]]*\\)|\\{[^{}]*\\})";
const PLAIN_VALUE = /%\s*(?:\d[\w.]*|'[^'\n]*'|"[^"\n]*"|\([^()]*,[^()]*\))$/;
const CHARACTER = /%[^A-Za-z%]*c/;
const F_STRING = /\b[rR]?[fF][rR]?['"]/;
const NOT_NONE = new RegExp(`^return\\s+(?:self|False|${LITERAL})$`);
const NO_CLASS = new RegExp(`^${LITERAL}$`);
const COUNTED = /(?:\[[^[\]()*]*\]|\([^[\]()*]*\))\[\s*$/;
const FIELD = new RegExp(
  "^\\s*[\\p{L}\\p{N}_]+\\s*:\\s*(?:\\w+\\.)?(?:list|dict|set|List|Dict|Set|Any|object|Optional" +
    "|Union|Iterable|Sequence|MutableSequence|Mapping|MutableMapping|Collection)\\b[^=]*=\\s*$",
  "u",
);
const FACTORY = /^(?:[[{]|(?:list|dict|set)\()/;
const SUPER_CALL = /\.(?!mro\b)(?:__init__|\p{L}[\p{L}\p{N}_]*)\s*\(/uy;
const BOOL = /^\s*(?:True|False)\s*$/;

type Guard = (found: Found, code: string, facts: Facts) => boolean;

const textOf = (found: Found, code: string) => code.slice(found.start, found.end);

const lineBefore = (found: Found, code: string) =>
  code.slice(found.start === 0 ? 0 : code.lastIndexOf("\n", found.start - 1) + 1, found.start);

const withoutChoice: Guard = (found, code) => !CHOICE.test(textOf(found, code).replace(QUOTED, "''"));

const noBool: Guard = (found, code, facts) =>
  withoutChoice(found, code, facts) && !BOOL.test(textOf(found, code));

const GUARDS: Readonly<Record<string, Guard>> = {
  F507: (found, code) =>
    !found.message.includes("has 0 placeholder") || PLAIN_VALUE.test(textOf(found, code)),
  PLE1307(found, code, facts) {
    const text = textOf(found, code);
    return withoutChoice(found, code, facts) && !(CHARACTER.test(text) && F_STRING.test(text));
  },
  PLE1507: withoutChoice,
  RUF016: withoutChoice,
  PLE0643: (found, code) => COUNTED.test(lineBefore(found, code)),
  RUF008: (found, code) => FIELD.test(lineBefore(found, code)) && FACTORY.test(textOf(found, code)),
  PLE0101: (found, code) => NOT_NONE.test(textOf(found, code)),
  PLE0237: (found, _code, facts) => !within(facts.slotted, found.start),
  PLE0303: noBool,
  PLE0304: withoutChoice,
  PLE0305: noBool,
  PLE0307: withoutChoice,
  PLE0308: withoutChoice,
  PLE0309: noBool,
  PLW0245(found, code) {
    SUPER_CALL.lastIndex = found.end;
    return SUPER_CALL.test(code);
  },
  PLR0206: (found, _code, facts) => !within(facts.optional, found.start),
  B030: (found, code) => NO_CLASS.test(textOf(found, code)),
};
const UNDECORATED: ReadonlySet<string> = new Set(["PLR0206", "B030", "PLW0245"]);

/** Whether a cell's source can bind names which no analysis sees. */
export const bindsAnyName = (source: string) => ANY_NAME.test(source);

/** Whether a cell's source speaks of attrs. */
export const usesAttrs = (source: string) => ATTRS.test(source);

/** Whether IPython compiles what ruff refuses: outside every function and class. */
export function compilesAnyway(found: Found, code: string, facts: Facts | null): boolean {
  if (!TOP_LEVEL.has(found.code) || code.startsWith("yield", found.start)) return false;
  return facts === null || !within(facts.scopes, found.start);
}

/** Whether a finding of class B or C stands. */
export function isCertain(
  found: Found, code: string, facts: Facts, around: Surroundings, certainty: Certainty,
): boolean {
  if (within(facts.quiet, found.start)) return false;
  if (found.code === "F821") return isUndefined(found, code, facts, around);
  if (found.code === "F823") return !within(facts.loops, found.start);
  if (certainty === "C" && !UNDECORATED.has(found.code) && within(facts.decorated, found.start)) return false;
  if (found.code === "RUF008" && around.attrs) return false;
  return GUARDS[found.code]?.(found, code, facts) ?? true;
}

function isUndefined(found: Found, code: string, facts: Facts, around: Surroundings): boolean {
  const name = textOf(found, code);
  return !(
    around.anyName ||
    around.names.has(name) ||
    IPYTHON_NAME.test(name) ||
    within(facts.unread, found.start) ||
    (facts.assigned.has(name) && within(facts.loops, found.start))
  );
}
