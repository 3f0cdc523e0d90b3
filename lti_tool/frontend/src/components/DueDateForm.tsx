import { useRef } from "preact/hooks";
import { useAttempt, useServices } from "./context";
import { Icon } from "./Icon";

/** The form for the due date: what the date means, and what to do with it. */
export function DueDateForm() {
  const { workspace, language } = useServices();
  const { t } = language;
  const dates = useAttempt((attempt) => attempt.dates);
  const form = useAttempt(({ datesForm }) => datesForm);
  const field = useRef<HTMLInputElement>(null);
  const set = () => {
    const value = field.current?.value;
    if (value) void workspace.setDue(new Date(value).toISOString());
    else field.current?.focus();
  };
  return (
    <div class="notice notice-attention banner" role="status" data-testid="due-form">
      <Icon name="clock" />
      <div class="banner-words">
        <p>{dates.asked ? t("dates.asked") : t("dates.text")}</p>
        {form !== null && form !== "open" ? <p role="alert">{t(form.key, form.params)}</p> : null}
        <label class="due-field">
          {t("dates.label")}{" "}
          <input ref={field} type="datetime-local" defaultValue={localValue(dates.due_at)} />
        </label>
      </div>
      <div class="banner-choices">
        <button type="button" class="button button-primary" onClick={set}>
          {t("dates.do")}
        </button>
        <button type="button" class="button" onClick={() => void workspace.setDue(null)}>
          {t("dates.none")}
        </button>
        {dates.asked ? null : (
          <button type="button" class="button" onClick={() => workspace.showDates(false)}>
            {t("dates.cancel")}
          </button>
        )}
      </div>
    </div>
  );
}

/** A moment as `datetime-local` wants it, in this browser's own time zone. */
function localValue(iso: string | null): string {
  if (iso === null) return "";
  const moment = new Date(iso);
  const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
