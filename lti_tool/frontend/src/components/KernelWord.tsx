import { useAttempt, useServices } from "./context";

const KNOWN = ["queued", "starting", "idle", "busy", "asleep", "dead"] as const;

/** Whether Python is there. */
export function KernelWord() {
  const { t } = useServices().language;
  const kernel = useAttempt((attempt) => attempt.kernel);
  // The server's word is about the process; what runs in it, the runs say.
  const working = useAttempt((attempt) =>
    Object.values(attempt.runs).some(({ state }) => state === "running"),
  );
  const known = KNOWN.find((name) => name === kernel?.state);
  const state = known === "idle" && working ? "busy" : known;
  if (!state) return null;
  return (
    <p class={`kernel kernel-${state}`} data-testid="kernel" title={kernel?.reason ?? undefined}>
      <span class="kernel-dot" aria-hidden="true" />
      {t(`kernel.${state}`)}
    </p>
  );
}
