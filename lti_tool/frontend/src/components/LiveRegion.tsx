import { useAttempt, useServices } from "./context";

/** Says once what has just ended; a new key makes equal sentences be said again. */
export function LiveRegion() {
  const { t } = useServices().language;
  const said = useAttempt((attempt) => attempt.announcement);
  return (
    <div class="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      {said ? <p key={said.id}>{t(said.key, said.params)}</p> : null}
    </div>
  );
}
