import { cellToStop, placeInQueue } from "../state/runs";
import { isOpen } from "../state/model";
import { useAttempt, useServices } from "./context";
import { Icon } from "./Icon";
import { RestartButton } from "./RestartButton";
import { RunWord } from "./RunWord";

interface Props {
  cellId: string;
  number: number;
}

/** Run, Stop, and how the run is doing. */
export function RunBar({ cellId, number }: Props) {
  const { workspace, language } = useServices();
  const { t } = language;
  const run = useAttempt((attempt) => attempt.runs[cellId]);
  const readOnly = useAttempt((attempt) => attempt.readOnly);
  const stopRefusal = useAttempt((attempt) => attempt.stopRefusal);
  const stoppable = useAttempt((attempt) => cellToStop(attempt) === cellId);
  const place = useAttempt((attempt) => {
    const own = attempt.runs[cellId];
    return own ? placeInQueue(attempt, own) : 0;
  });
  const open = isOpen(run);
  if (readOnly) return run ? <div class="run-bar"><RunWord run={run} place={place} /></div> : null;
  return (
    <div class="run-bar">
      <button
        type="button"
        class="button"
        data-testid={`run-${cellId}`}
        aria-label={t("run.runCell", { number })}
        aria-disabled={open}
        onClick={() => void workspace.run(cellId)}
      >
        <Icon name="run" />
        {t("run.run")}
      </button>
      {stoppable ? (
        <button
          type="button"
          class="button button-stop"
          data-testid="stop"
          onClick={() => void workspace.stop()}
        >
          <Icon name="stop" />
          {t("run.stop")}
        </button>
      ) : null}
      {stoppable ? <RestartButton testId="restart-cell" /> : null}
      {stoppable && stopRefusal ? (
        <p class="notice notice-attention" role="alert">{t(stopRefusal.key, stopRefusal.params)}</p>
      ) : null}
      {run ? <RunWord run={run} place={place} /> : null}
      <span class="quiet keys" aria-hidden="true">{t("cell.keys")}</span>
    </div>
  );
}
