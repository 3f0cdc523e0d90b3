import type { RunState } from "../api/records";
import type { Run } from "../state/model";
import type { Key } from "../i18n/translate";
import { useAttempt, useServices } from "./context";
import { Icon } from "./Icon";
import { OutputView } from "./content";

interface Props {
  cellId: string;
  number: number;
  taskNumber: number;
}

/** What is said when a run ended badly and the server gave no words of its own. */
const HELP: Partial<Record<RunState, Key>> = {
  timeout: "run.timeoutHelp",
  died: "run.diedHelp",
  lost: "run.lostHelp",
};

/** Everything that the newest run of a cell has put out, and why it ended if it ended badly. */
export function Outputs({ cellId, number, taskNumber }: Props) {
  const { t } = useServices().language;
  const run = useAttempt((attempt) => attempt.runs[cellId]);
  if (!run) return null;
  const chartName =
    taskNumber > 0
      ? t("output.chart", { number: taskNumber })
      : t("output.chartIntro", { number });
  const stale = run.previousOutputs;
  return (
    <>
      <Ending run={run} />
      {run.outputs.length > 0 ? (
        <section
          class={`outputs${stale ? " faded" : ""}`}
          aria-label={stale ? t("output.previous") : t("output.label", { number })}
          data-testid={`output-${cellId}`}
        >
          {run.outputs.map((output, index) => (
            <OutputView key={index} output={output} chartName={chartName} />
          ))}
        </section>
      ) : null}
    </>
  );
}

/** The message of a run that did not end by itself, above the output, where it is seen. */
function Ending({ run }: { run: Run }) {
  const { t } = useServices().language;
  const help = HELP[run.state];
  const words = run.refusal
    ? t(run.refusal.key, run.refusal.params)
    : help
      ? run.message || t(help)
      : run.state === "stopped"
        ? run.message
        : "";
  if (words === "") return null;
  const tone = run.state === "stopped" && !run.refusal ? "notice-quiet" : "notice-attention";
  return (
    <p class={`notice ${tone} ending`} data-run-state={run.state}>
      <Icon name="alert" />
      <span>{words}</span>
    </p>
  );
}
