/** What of a MIME bundle is shown. */
export type Picked =
  | { kind: "html"; html: string }
  | { kind: "image"; source: string }
  | { kind: "text"; text: string };

const TEXTS = ["text/plain", "text/markdown", "text/latex", "application/json"];

/**
 * The richest kind of a bundle that this page can show safely; null where there is none.
 * SVG goes into an image, where its scripts are inert.
 */
export function pickMime(data: Readonly<Record<string, string>>): Picked | null {
  const html = data["text/html"];
  if (html?.trim()) return { kind: "html", html };
  const svg = data["image/svg+xml"];
  if (svg) return { kind: "image", source: `data:image/svg+xml,${encodeURIComponent(svg)}` };
  for (const mime of ["image/png", "image/jpeg", "image/gif", "image/webp"]) {
    const base64 = data[mime];
    if (base64) return { kind: "image", source: `data:${mime};base64,${base64.replace(/\s/g, "")}` };
  }
  const text = TEXTS.map((mime) => data[mime]).find((found) => found !== undefined);
  return text === undefined ? null : { kind: "text", text };
}
