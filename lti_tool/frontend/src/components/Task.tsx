import type { CellRecord, SubtaskRecord } from "../api/records";
import { Cells } from "./Cells";
import { useAttempt, useServices } from "./context";
import { Judgement } from "./Judgement";
import { VerdictChip } from "./VerdictChip";

interface Props {
  subtask: SubtaskRecord;
  number: number;
  cells: readonly CellRecord[];
  codeNumbers: Readonly<Record<string, number>>;
}

/** One gradable step: what is asked, the student's cells, and what came of them. */
export function Task({ subtask, number, cells, codeNumbers }: Props) {
  const { t, number: digits } = useServices().language;
  const validation = useAttempt((attempt) => attempt.validations[subtask.id]);
  const headingId = `task-title-${number}`;
  return (
    <section class="task" id={`task-${number}`} tabIndex={-1} aria-labelledby={headingId}>
      <div class="task-head">
        <h2 id={headingId}>
          <span class="task-number">{digits(number)}</span>
          <span class="visually-hidden">. </span>
          {subtask.title}
        </h2>
        <p class="task-points">{t("task.points", { points: digits(subtask.points) })}</p>
        {validation?.verdict === "approved" ? <VerdictChip verdict="approved" small /> : null}
      </div>
      <Cells
        cells={cells}
        taskNumber={number}
        taskId={subtask.id}
        codeNumbers={codeNumbers}
        title={subtask.title}
      />
      <Judgement subtask={subtask} number={number} codeNumbers={codeNumbers} />
    </section>
  );
}
