import { useAttempt, useServices } from "./context";
import { Icon } from "./Icon";

/** Asks for a new Python; what that loses is said before it happens (Banners). */
export function RestartButton({ testId }: { testId: string }) {
  const { workspace, language } = useServices();
  const readOnly = useAttempt((attempt) => attempt.readOnly);
  const there = useAttempt(({ kernel }) => kernel !== null && HAVE_KERNEL.includes(kernel.state));
  if (readOnly || !there) return null;
  return (
    <button
      type="button"
      class="button button-restart"
      data-testid={testId}
      onClick={() => workspace.askRestart()}
    >
      <Icon name="restart" />
      {language.t("kernel.restart")}
    </button>
  );
}

const HAVE_KERNEL: readonly string[] = ["starting", "idle", "busy"];
