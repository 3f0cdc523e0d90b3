import type { SubtaskRecord } from "../api/records";
import { isChecking, type Validation } from "../state/model";
import { useAttempt, useServices } from "./context";
import { Icon, type IconName } from "./Icon";

const ICONS: Readonly<Record<string, IconName>> = {
  approved: "check", needs_work: "bang", uncertain: "question", blocked: "lock",
  checking: "spin", open: "dot",
};

/** All tasks with their states: how far the student has come, and the way to each. */
export function TaskList() {
  const { t } = useServices().language;
  const subtasks = useAttempt((attempt) => attempt.subtasks);
  const validations = useAttempt((attempt) => attempt.validations);
  if (subtasks.length === 0) return null;
  const done = subtasks.filter(({ id }) => validations[id]?.verdict === "approved").length;
  return (
    <nav class="task-list" aria-label={t("tasks.title")}>
      <p class="task-list-progress">{t("tasks.progress", { done, all: subtasks.length })}</p>
      <ol>
        {subtasks.map((subtask, index) => (
          <Entry
            key={subtask.id}
            subtask={subtask}
            number={index + 1}
            validation={validations[subtask.id]}
          />
        ))}
      </ol>
    </nav>
  );
}

interface EntryProps {
  subtask: SubtaskRecord;
  number: number;
  validation: Validation | undefined;
}

function Entry({ subtask, number, validation }: EntryProps) {
  const { t } = useServices().language;
  const verdict = validation?.verdict;
  const state = isChecking(validation) ? "checking" : (verdict ?? "open");
  const word = verdict && state === verdict
    ? t(`verdict.${verdict}`)
    : t(state === "checking" ? "state.checking" : "state.open");
  return (
    <li>
      <a href={`#task-${number}`} class={`step step-${state}`} title={`${subtask.title}: ${word}`}>
        <span class="step-mark" aria-hidden="true">
          {state === "open" ? number : <Icon name={ICONS[state] ?? "dot"} />}
        </span>
        <span class="step-title">{subtask.title}</span>
        <span class="visually-hidden">: {word}</span>
      </a>
    </li>
  );
}
