import { applied } from "./journal";
import type { Action, Attempt, Page } from "./model";
import * as runs from "./runs";
import * as validations from "./validations";

export const INITIAL: Page = { phase: "loading" };

/** The page after an action. Pure; the only place where state changes. */
export function reduce(page: Page, action: Action): Page {
  switch (action.type) {
    case "load.began":
      return INITIAL;
    case "load.failed":
      return { phase: "failed", notice: action.notice };
    case "load.done":
      return { phase: "ready", attempt: action.attempt, sessionExpired: false };
    case "session.expired":
      return page.phase === "ready"
        ? { ...page, sessionExpired: true }
        : { phase: "failed", notice: { key: "session.expired" } };
    default: {
      if (page.phase !== "ready") return page;
      const attempt = reduceAttempt(page.attempt, action);
      return attempt === page.attempt ? page : { ...page, attempt };
    }
  }
}

type AttemptAction = Exclude<Action, { type: `load.${string}` | "session.expired" }>;

function reduceAttempt(attempt: Attempt, action: AttemptAction): Attempt {
  switch (action.type) {
    case "journal":
      return applied(attempt, action);
    case "connection.changed":
      return { ...attempt, connection: action.connection };
    case "save.changed":
      return { ...attempt, save: action.save };
    case "setAside.changed":
      return { ...attempt, setAside: action.setAside };
    case "run.asked":
      return runs.queued(attempt, action.cellId, action.runId);
    case "run.refused":
      return runs.refused(attempt, action.cellId, action.runId, action.notice);
    case "stop.asked":
      return { ...attempt, stopRefusal: null };
    case "stop.refused":
      return runs.cellToStop(attempt) === null
        ? attempt
        : { ...attempt, stopRefusal: action.notice };
    case "restart.changed":
      return { ...attempt, restart: action.restart };
    case "datesForm.changed":
      return { ...attempt, datesForm: action.datesForm };
    case "dates.changed":
      return {
        ...attempt,
        datesForm: null,
        dates: { ...attempt.dates, due_at: action.dueAt, asked: false },
      };
    case "validation.asked":
      return validations.asked(attempt, action.subtask);
    case "validation.accepted":
      return validations.accepted(attempt, action.subtask, action.validationId);
    case "validation.refused":
      return validations.refused(attempt, action.subtask, action.notice);
  }
}
