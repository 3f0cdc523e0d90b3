/**
 * Course text set into the page's outline: its headings begin at level 3 (the page has one, the
 * subtask two), and a first heading that repeats the subtask's title is left out. Takes and
 * returns sanitised HTML.
 */
export function prose(html: string, title: string): string {
  const first = /^\s*<h([1-6])[^>]*>([\s\S]*?)<\/h\1>/.exec(html);
  const repeats = first !== null && sameTitle(textOf(first[2] ?? ""), title);
  const rest = repeats ? html.slice(first[0].length) : html;
  return rest.replace(/<(\/?)h([1-6])(?=[\s>])/g, (_all, slash: string, level: string) => {
    return `<${slash}h${Math.min(Number(level) + 2, 6)}`;
  });
}

function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, "")
    .replace(/&amp;/g, "&")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"');
}

function sameTitle(heading: string, title: string): boolean {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/^\s*(?:\p{L}+\s+)?\d+\s*[.:)–—-]\s*/u, "")
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim();
  return plain(heading) === plain(title);
}
