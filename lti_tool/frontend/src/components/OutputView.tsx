import { useMemo } from "preact/hooks";
import type { NoteRecord, Output } from "../api/records";
import { pickMime } from "../outputs/mime";
import { unruled } from "../outputs/ansi";
import { sanitise } from "../outputs/sanitise";
import { useServices } from "./context";
import { InlineCode } from "./InlineCode";
import { Terminal } from "./Terminal";

interface Props {
  output: Output;
  /** What a chart is called when it brings no description. */
  chartName: string;
}

/** One output, and how much of it was cut off. */
export function OutputView({ output, chartName }: Props) {
  const { t, number } = useServices().language;
  const omitted = output.omitted_bytes ?? 0;
  return (
    <div class={`output output-${output.kind}`}>
      <Body output={output} chartName={chartName} />
      {output.note ? <NoteWords note={output.note} /> : null}
      {omitted > 0 ? (
        <p class="quiet omitted">
          {t("output.omitted", { size: number(Math.max(1, Math.round(omitted / 1024))) })}
        </p>
      ) : null}
    </div>
  );
}

function Body({ output, chartName }: Props) {
  const { t } = useServices().language;
  if (output.kind === "stream") {
    return <Terminal text={output.text ?? ""} tone={output.name === "stderr" ? "stderr" : ""} />;
  }
  if (output.kind === "error") {
    const text = output.text || `${output.ename ?? ""}: ${output.evalue ?? ""}`;
    return <Terminal text={unruled(text)} tone="error" />;
  }
  const data = output.data ?? {};
  const picked = pickMime(data);
  switch (picked?.kind) {
    case "html":
      return <RichTable html={picked.html} />;
    case "image":
      return <img class="chart" src={picked.source} alt={data["text/alt"] ?? chartName} />;
    case "text":
      return <Terminal text={picked.text} tone="" />;
    default:
      return output.note ? null : (
        <p class="quiet">{t("output.unknown", { kinds: Object.keys(data).join(", ") })}</p>
      );
  }
}

/** What an error means here, or what of the output is missing; nothing for an unknown word. */
function NoteWords({ note }: { note: NoteRecord }) {
  const { has, t } = useServices().language;
  const key = `note.${note.code}`;
  if (!has(key)) return null;
  return (
    <p class="notice notice-quiet output-note" data-note={note.code}>
      <span>
        <InlineCode text={t(key, note.params)} />
      </span>
    </p>
  );
}

/** HTML such as a table; wide ones scroll in their own box, which the keyboard reaches. */
function RichTable({ html }: { html: string }) {
  const { t } = useServices().language;
  const clean = useMemo(() => sanitise(html), [html]);
  return (
    <div
      class="rich"
      role="group"
      aria-label={t("output.table")}
      tabIndex={0}
      dangerouslySetInnerHTML={{ __html: clean }}
    />
  );
}
