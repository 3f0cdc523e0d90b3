import { useMemo } from "preact/hooks";
import { codeNumbers, sections } from "../state/layout";
import { useAttempt, useServices } from "./context";
import { Html } from "./content";
import { Task } from "./Task";
import { Cells } from "./Cells";

/** The case from top to bottom. */
export function Tasks() {
  const { t } = useServices().language;
  const title = useAttempt((attempt) => attempt.title);
  const description = useAttempt((attempt) => attempt.descriptionHtml);
  const cells = useAttempt((attempt) => attempt.cells);
  const subtasks = useAttempt((attempt) => attempt.subtasks);
  const parts = useMemo(() => sections(cells, subtasks), [cells, subtasks]);
  const numbers = useMemo(() => codeNumbers(cells), [cells]);
  return (
    <main class="tasks">
      <Html html={description} title={title} class="prose intro" />
      {parts.length === 0 ? <p class="notice">{t("load.empty")}</p> : null}
      {parts.map(({ subtask, number, cells: own }) =>
        subtask ? (
          <Task
            key={subtask.id}
            subtask={subtask}
            number={number}
            cells={own}
            codeNumbers={numbers}
          />
        ) : (
          <div class="between" key={`between-${own[0]?.id ?? ""}`}>
            <Cells cells={own} taskNumber={0} taskId={null} codeNumbers={numbers} title={title} />
          </div>
        ),
      )}
    </main>
  );
}
