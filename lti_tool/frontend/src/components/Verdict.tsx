import { isChecking, type Validation } from "../state/model";
import { useServices } from "./context";
import { VerdictChip } from "./VerdictChip";

interface Props {
  subtaskId: string;
  validation: Validation | undefined;
}

/** Beside Validate: how far the check is, or what came of it. */
export function Verdict({ subtaskId, validation }: Props) {
  const { t, time, number } = useServices().language;
  if (!validation) return null;
  if (isChecking(validation)) {
    const step = validation.state as "asking" | "queued" | "running";
    return (
      <p class="quiet checking" data-testid={`checking-${subtaskId}`}>
        {t(`validation.${step}`)}…
      </p>
    );
  }
  const { verdict, points, maxPoints, endedAt } = validation;
  if (verdict === null) return null;
  return (
    <p class="verdict">
      <VerdictChip verdict={verdict} testId={`verdict-${subtaskId}`} />
      <span class="quiet">
        {points !== null && maxPoints !== null
          ? t("verdict.points", { points: number(points), max: number(maxPoints) })
          : null}
        {endedAt ? ` · ${t("verdict.at", { time: time(endedAt) })}` : null}
      </span>
    </p>
  );
}
