import { useAttempt, useServices } from "./context";

const KNOWN = ["starting", "idle", "busy", "dead"] as const;

/** Whether Python is there. */
export function KernelWord() {
  const { t } = useServices().language;
  const kernel = useAttempt((attempt) => attempt.kernel);
  const state = KNOWN.find((name) => name === kernel?.state);
  if (!state) return null;
  return (
    <p class={`kernel kernel-${state}`} title={kernel?.reason ?? undefined}>
      <span class="kernel-dot" aria-hidden="true" />
      {t(`kernel.${state}`)}
    </p>
  );
}
