import type { SubtaskRecord } from "../api/records";
import { expectedSeconds } from "../state/expected";
import { isChecking } from "../state/model";
import { useAttempt, useServices } from "./context";
import { Evidence } from "./Evidence";
import { Html } from "./content";
import { Icon } from "./Icon";
import { Verdict } from "./Verdict";

interface Props {
  subtask: SubtaskRecord;
  number: number;
  codeNumbers: Readonly<Record<string, number>>;
}

/** Validate, the verdict, and the feedback that goes with it. */
export function Judgement({ subtask, number, codeNumbers }: Props) {
  const { workspace, language } = useServices();
  const { t } = language;
  const validation = useAttempt((attempt) => attempt.validations[subtask.id]);
  const readOnly = useAttempt((attempt) => attempt.readOnly);
  const expected = useAttempt((attempt) => expectedSeconds(attempt, subtask.id));
  const checking = isChecking(validation);
  const notice = validation?.refusal;
  const failed = validation?.state === "failed" && !notice;
  return (
    <div class="judgement" aria-busy={checking}>
      <div class="judgement-bar">
        {readOnly ? null : (
          <button
            type="button"
            class="button button-primary"
            data-testid={`validate-${subtask.id}`}
            id={`validate-${number}`}
            aria-labelledby={`validate-${number} task-title-${number}`}
            aria-disabled={checking}
            onClick={() => void workspace.validate(subtask.id)}
          >
            <Icon name={checking ? "spin" : "check"} />
            {t(validation?.verdict ? "validate.again" : "validate.validate")}
          </button>
        )}
        <Verdict subtaskId={subtask.id} validation={validation} />
        {expected === null || readOnly ? null : (
          <p class="quiet" data-testid={`expected-${subtask.id}`}>
            {t("validate.expected", { time: language.roughly(expected) })}
          </p>
        )}
      </div>
      {notice ? <p class="notice notice-attention">{t(notice.key, notice.params)}</p> : null}
      {failed ? <p class="notice notice-attention">{t("validation.failed")}</p> : null}
      {validation?.feedbackHtml ? (
        <div
          role="group"
          class={`feedback feedback-${validation.verdict ?? "none"}${checking ? " faded" : ""}`}
          aria-label={t("feedback.title")}
          data-testid={`feedback-${subtask.id}`}
        >
          <Html html={validation.feedbackHtml} />
        </div>
      ) : null}
      {/* What fails on top of an earlier task's faults says nothing about this one. */}
      {validation && validation.verdict !== "blocked" && validation.evidence.length > 0 ? (
        <Evidence evidence={validation.evidence} codeNumbers={codeNumbers} />
      ) : null}
    </div>
  );
}
