import { useMemo } from "preact/hooks";
import { prose } from "../outputs/prose";
import { sanitise } from "../outputs/sanitise";

interface Props {
  /** HTML from the server; sanitised again here. */
  html: string;
  class?: string;
  /** Title of the section around it, which its first heading need not repeat. */
  title?: string;
}

/** Course text or feedback. */
export function Html({ html, class: name = "prose", title = "" }: Props) {
  const clean = useMemo(() => prose(sanitise(html), title), [html, title]);
  if (clean.trim() === "") return null;
  return <div class={name} dangerouslySetInnerHTML={{ __html: clean }} />;
}
