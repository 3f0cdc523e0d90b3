import type { Verdict } from "../api/records";
import { useServices } from "./context";
import { Icon, type IconName } from "./Icon";

const ICONS: Readonly<Record<Verdict, IconName>> = {
  approved: "check",
  needs_work: "alert",
  uncertain: "question",
  blocked: "lock",
};

interface Props {
  verdict: Verdict;
  /** For the heading: smaller, and without a test id, since the full one stands below. */
  small?: boolean;
  testId?: string;
}

/** A verdict as icon, word and colour. */
export function VerdictChip({ verdict, small = false, testId }: Props) {
  const { t } = useServices().language;
  return (
    <span
      class={`chip chip-${verdict}${small ? " chip-small" : ""}`}
      {...(testId ? { "data-testid": testId } : {})}
    >
      <Icon name={ICONS[verdict]} />
      {t(`verdict.${verdict}`)}
    </span>
  );
}
