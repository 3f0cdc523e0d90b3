import { useMemo, useState } from "preact/hooks";
import { ansiSpans } from "../outputs/ansi";
import { clip } from "../outputs/clip";
import { useServices } from "./context";

interface Props {
  text: string;
  tone: "" | "stderr" | "error";
}

/** Text with its colours; the middle of a long one on demand. */
export function Terminal({ text, tone }: Props) {
  const { t } = useServices().language;
  const [all, showAll] = useState(false);
  const parts = useMemo(
    () => (all ? { head: text, hiddenLines: 0, tail: "" } : clip(text)),
    [text, all],
  );
  return (
    <div class={`terminal ${tone ? `terminal-${tone}` : ""}`}>
      <Ansi text={parts.head} />
      {parts.hiddenLines > 0 ? (
        <>
          <button type="button" class="link hidden-lines" onClick={() => showAll(true)}>
            {t("output.hidden", { count: parts.hiddenLines })}
          </button>
          <Ansi text={parts.tail} />
        </>
      ) : null}
    </div>
  );
}

function Ansi({ text }: { text: string }) {
  const spans = useMemo(() => ansiSpans(text), [text]);
  return (
    <pre>
      {spans.map((span, index) =>
        span.classes === "" ? span.text : <span key={index} class={span.classes}>{span.text}</span>,
      )}
    </pre>
  );
}
