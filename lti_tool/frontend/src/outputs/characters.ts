const WIDE = /[\ud800-\udbff][\udc00-\udfff]/;

/**
 * The first `count` characters of a text, counted as the server counts them: one for an emoji,
 * which is two units of a string here.
 */
export function firstCharacters(text: string, count: number): string {
  const wide = text.search(WIDE);
  if (wide < 0 || wide >= count) return text.slice(0, count);
  return text.slice(0, wide) + Array.from(text.slice(wide)).slice(0, count - wide).join("");
}
