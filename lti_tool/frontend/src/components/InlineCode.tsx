import { useMemo } from "preact/hooks";
import { codeSpans } from "../outputs/spans";

/** One line of Markdown that holds nothing but text and code spans. */
export function InlineCode({ text }: { text: string }) {
  const spans = useMemo(() => codeSpans(text), [text]);
  return (
    <>
      {spans.map((span, index) =>
        span.code ? <code key={index}>{span.text}</code> : <span key={index}>{span.text}</span>,
      )}
    </>
  );
}
