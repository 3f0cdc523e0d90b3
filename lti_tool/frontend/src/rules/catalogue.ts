import list from "../../../../grading/rules/hard_errors.json";

/** The code under which marks of ruff's parser go; ruff itself gives them none here. */
export const SYNTAX = "invalid-syntax";

/** When marked code fails: at compiling, whenever its line is reached, or when it is called. */
export type Certainty = "A" | "B" | "C";

export interface Rule {
  code: string;
  class: Certainty;
  raises: readonly string[];
  en: string;
  ru: string;
}

/** Names that IPython adds to Python's own. */
export const BUILTINS: readonly string[] = list.builtins;

const RULES: ReadonlyMap<string, Rule> = new Map(
  (list.rules as readonly Rule[]).map((rule) => [rule.code, rule]),
);
const ORDER: ReadonlyMap<string, number> = new Map([...RULES.keys()].map((code, at) => [code, at]));

/** The rule of a code that ruff was asked for. */
export function ruleOf(code: string): Rule {
  const rule = RULES.get(code);
  if (!rule) throw new Error(`ruff reported ${code}, which hard_errors.json does not list`);
  return rule;
}

/** A rule's place in the list: of two at one place, the earlier speaks. */
export function orderOf(code: string): number {
  return ORDER.get(code) ?? RULES.size;
}

/** The codes that ruff is asked for; its parser's own needs no asking. */
export function codesOf(...classes: readonly Certainty[]): string[] {
  const wanted = [...RULES.values()].filter((rule) => classes.includes(rule.class));
  return wanted.map((rule) => rule.code).filter((code) => code !== SYNTAX);
}

/** Longer marked text is no help in a sentence. */
const SHOWN_CHARACTERS = 60;

/** A rule's words for a student. */
export function wordsOf(rule: Rule, locale: string, text: string, detail: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  const blanks: Readonly<Record<string, string>> = { text: `\`${shown}\``, detail };
  const template = locale === "ru" ? rule.ru : rule.en;
  return template.replace(/\{(text|detail)\}/g, (_all, name: string) => blanks[name] ?? "");
}
