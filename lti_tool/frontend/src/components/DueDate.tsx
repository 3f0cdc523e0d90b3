import { useAttempt, useServices } from "./context";
import { Icon } from "./Icon";
import { lazily } from "./lazily";

const DueDateForm = lazily(async () => (await import("./DueDateForm")).DueDateForm);

/** When the work is due, and for staff the way to change that. */
export function DueDate() {
  const { workspace, language } = useServices();
  const { t, moment } = language;
  const { due_at: dueAt, may_set: maySet, asked } = useAttempt(({ dates }) => dates);
  const open = useAttempt(({ datesForm }) => datesForm !== null);
  return (
    <>
      {dueAt === null ? null : (
        <p class="due" data-testid="due">
          <Icon name="clock" />
          {t("dates.due", { moment: moment(dueAt) })}
        </p>
      )}
      {maySet && !asked ? (
        <button
          type="button"
          class="button button-restart"
          data-testid="due-change"
          aria-expanded={open}
          onClick={() => workspace.showDates(!open)}
        >
          {t(dueAt === null ? "dates.set" : "dates.change")}
        </button>
      ) : null}
    </>
  );
}

/** The form for the due date, fetched when staff need it: because they want it, or are asked. */
export function DueDateBanner() {
  const wanted = useAttempt(({ dates, datesForm }) => dates.may_set && (dates.asked || datesForm !== null));
  return wanted ? <DueDateForm /> : null;
}
