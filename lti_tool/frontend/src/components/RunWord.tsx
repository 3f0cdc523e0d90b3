import { useEffect, useState } from "preact/hooks";
import type { RunState } from "../api/records";
import type { Run } from "../state/model";
import { useAttempt, useServices } from "./context";
import { Icon, type IconName } from "./Icon";

const ICONS: Readonly<Record<RunState, IconName>> = {
  queued: "clock", running: "spin", ok: "check", error: "alert",
  stopped: "stop", timeout: "clock", died: "alert", lost: "alert",
};

const TICK_MS = 100;

/** State of a run as icon, word and seconds. */
export function RunWord({ run, place }: { run: Run; place: number }) {
  const { t } = useServices().language;
  if (run.refusal) return null;
  const word = run.state === "queued" ? t("run.queued", { place }) : t(`run.${run.state}`);
  return (
    <p class={`run-word run-${run.state}`}>
      <Icon name={ICONS[run.state]} />
      {word}
      {run.startedAt ? <Seconds since={run.startedAt} until={run.endedAt} /> : null}
    </p>
  );
}

interface SecondsProps {
  since: string;
  /** null while it goes on. */
  until: string | null;
}

/** Time between two moments of the server's clock, or from one until now. */
function Seconds({ since, until }: SecondsProps) {
  const { language, now } = useServices();
  const offset = useAttempt((attempt) => attempt.clockOffsetMs);
  const [, tick] = useState(0);
  useEffect(() => {
    if (until !== null) return;
    const timer = setInterval(() => tick((turn) => turn + 1), TICK_MS);
    return () => clearInterval(timer);
  }, [until]);
  const end = until === null ? now() + offset : Date.parse(until);
  const length = Math.max(0, end - Date.parse(since));
  if (Number.isNaN(length)) return null;
  return <span class="seconds">{language.duration(length)}</span>;
}
