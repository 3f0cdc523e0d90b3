import type en from "./en.json";

/** A sentence of the catalogue. */
export type Key = keyof typeof en;
export type Params = Readonly<Record<string, string | number>>;
type Catalogue = Readonly<Record<Key, string>>;

const english = () => import("./en.json").then((module) => module.default);

/** Each is a file of its own; the server has the browser fetch the wanted one with the page. */
const CATALOGUES: Readonly<Record<string, () => Promise<Catalogue>>> = {
  en: english,
  ru: () => import("./ru.json").then((module) => module.default),
};

/** Everything that depends on the student's language. */
export interface Language {
  /** BCP 47 tag of the catalogue in use. */
  locale: string;
  t(key: Key, params?: Params): string;
  /** Whether the catalogue has a sentence of this name. */
  has(name: string): name is Key;
  /** Hours and minutes of a moment (ISO 8601), as this locale writes them. */
  time(iso: string): string;
  /** Day, hours and minutes of a moment (ISO 8601). */
  moment(iso: string): string;
  /** A number of points: at most two decimals. */
  number(value: number): string;
  /** A length of time, as in `4.2 s` or `2 min 05 s`. */
  duration(ms: number): string;
  /** A time to come, in whole seconds: `12 s`, `3:05 min`. */
  roughly(seconds: number): string;
}

/**
 * The language for a locale such as `ru` or `ru-RU`; English where there is no catalogue, or
 * where it cannot be fetched. Rejects if English cannot be fetched either.
 */
export async function languageFor(locale: string): Promise<Language> {
  const wanted = locale.split(/[-_]/)[0]?.toLowerCase() ?? "en";
  try {
    const catalogue = await CATALOGUES[wanted]?.();
    if (catalogue) return language(wanted, catalogue);
  } catch (error) {
    console.warn(`Casebook: the catalogue "${wanted}" could not be loaded.`, error);
  }
  return language("en", await english());
}

/** A language from its catalogue. */
export function language(tag: string, catalogue: Catalogue): Language {
  const numbers = new Intl.NumberFormat(tag, { maximumFractionDigits: 2 });
  const seconds = new Intl.NumberFormat(tag, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
  const times = new Intl.DateTimeFormat(tag === "en" ? "en-GB" : tag, {
    hour: "2-digit",
    minute: "2-digit",
  });
  const moments = new Intl.DateTimeFormat(tag === "en" ? "en-GB" : tag, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  const t = (key: Key, params: Params = {}) => fill(catalogue[key], params, numbers);
  const roughly = (whole: number): string => {
    if (whole < 60) return t("time.seconds", { seconds: whole });
    const rest = String(whole % 60).padStart(2, "0");
    return t("time.minutes", { minutes: Math.floor(whole / 60), seconds: rest });
  };
  return {
    locale: tag,
    t,
    has: (name): name is Key => Object.hasOwn(catalogue, name),
    time: (iso) => times.format(new Date(iso)),
    moment: (iso) => moments.format(new Date(iso)),
    number: (value) => numbers.format(value),
    duration(ms) {
      if (ms < 10_000) return t("time.seconds", { seconds: seconds.format(ms / 1000) });
      return roughly(Math.floor(ms / 1000));
    },
    roughly,
  };
}

function fill(template: string, params: Params, numbers: Intl.NumberFormat): string {
  return template.replace(/\{(\w+)\}/g, (all, name: string) => {
    const value = params[name];
    if (value === undefined) return all;
    return typeof value === "number" ? numbers.format(value) : value;
  });
}
