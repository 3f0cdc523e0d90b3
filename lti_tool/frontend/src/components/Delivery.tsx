import { useAttempt, useServices } from "./context";
import { Icon, type IconName } from "./Icon";

const ICONS: Record<string, IconName> = {
  pending: "send",
  sent: "check",
  refused: "alert",
  overridden: "check",
};

/** Where the score is on its way to the grade book. */
export function Delivery() {
  const { t, time } = useServices().language;
  const delivery = useAttempt((attempt) => attempt.delivery);
  if (!delivery) return null;
  const words =
    delivery.at === null
      ? t(`delivery.${delivery.state}`)
      : t("delivery.sentAt", { time: time(delivery.at) });
  return (
    <p class={`delivery delivery-${delivery.state}`} data-testid="delivery" role="status">
      <Icon name={ICONS[delivery.state] ?? "send"} />
      <span>
        {words} {delivery.state === "refused" ? delivery.message : null}
      </span>
    </p>
  );
}
