import type { ComponentChildren } from "preact";
import { useAttempt, useServices, useStore } from "./context";
import { DueDateBanner } from "./DueDate";
import { Icon, type IconName } from "./Icon";

/** What the student must know about now; most of the time, nothing. */
export function Banners() {
  const { workspace, language } = useServices();
  const { t } = language;
  const expired = useStore(({ state }) => state.phase === "ready" && state.sessionExpired);
  const save = useAttempt((attempt) => attempt.save.kind);
  const connection = useAttempt((attempt) => attempt.connection);
  const setAside = useAttempt((attempt) => attempt.setAside);
  const readOnly = useAttempt((attempt) => attempt.readOnly);
  if (expired) {
    return (
      <div class="banners">
        <Banner icon="alert" urgent text={`${t("session.expired")} ${t("session.kept")}`} />
      </div>
    );
  }
  return (
    <div class="banners" data-testid="banners">
      {readOnly ? <Banner icon="question" text={t("observer.text")} /> : null}
      {save === "conflict" ? (
        <Banner icon="question" urgent text={`${t("conflict.title")} ${t("conflict.text")}`}>
          <Choice primary words={t("conflict.mine")} act={() => workspace.document.keepMine()} />
          <Choice words={t("conflict.theirs")} act={() => workspace.document.takeTheirs()} />
        </Banner>
      ) : null}
      {setAside ? (
        <Banner icon="question" text={t("aside.text")}>
          <Choice primary words={t("aside.undo")} act={() => workspace.document.bringBack()} />
          <Choice words={t("aside.dismiss")} act={() => workspace.document.letGo()} />
        </Banner>
      ) : null}
      {save === "waiting" || connection === "lost" ? (
        <Banner icon="clock" text={t(save === "waiting" ? "banner.offline" : "banner.lost")}>
          <Choice words={t("banner.retry")} act={() => workspace.nudge()} />
        </Banner>
      ) : null}
      <DueDateBanner />
      <RestartBanner />
      <KernelBanner />
    </div>
  );
}

/** What a restart loses, before it happens. */
function RestartBanner() {
  const { workspace, language } = useServices();
  const { t } = language;
  const restart = useAttempt((attempt) => attempt.restart);
  if (restart === null) return null;
  if (restart !== "asked") {
    return <Banner icon="alert" urgent text={t(restart.key, restart.params)} />;
  }
  return (
    <Banner icon="question" urgent text={t("restart.text")}>
      <Choice primary words={t("restart.do")} act={() => workspace.restart()} />
      <Choice words={t("restart.cancel")} act={() => workspace.cancelRestart()} />
    </Banner>
  );
}

/** Python's death concerns every cell, so it is said above them all. */
function KernelBanner() {
  const { t } = useServices().language;
  const kernel = useAttempt((attempt) => attempt.kernel);
  const told = useAttempt((attempt) =>
    Object.values(attempt.runs).some(
      ({ message }) => message !== "" && message === attempt.kernel?.reason,
    ),
  );
  if (kernel?.state === "queued" && kernel.position) {
    return <Banner icon="clock" text={t("kernel.place", { place: kernel.position })} />;
  }
  if (kernel?.state === "asleep") {
    return <Banner icon="clock" text={kernel.reason ?? t("kernel.asleepHelp")} />;
  }
  if (kernel?.state !== "dead") return null;
  // The cell that it died in has the reason already.
  const reason = told ? null : kernel.reason;
  return <Banner icon="alert" text={`${reason ?? `${t("kernel.dead")}.`} ${t("kernel.deadHelp")}`} />;
}

interface BannerProps {
  icon: IconName;
  text: string;
  urgent?: boolean;
  children?: ComponentChildren;
}

function Banner({ icon, text, urgent = false, children }: BannerProps) {
  return (
    <div class="notice notice-attention banner" role={urgent ? "alert" : "status"}>
      <Icon name={icon} />
      <p>{text}</p>
      {children ? <div class="banner-choices">{children}</div> : null}
    </div>
  );
}

interface ChoiceProps {
  words: string;
  primary?: boolean;
  act: () => unknown;
}

function Choice({ words, primary = false, act }: ChoiceProps) {
  return (
    <button type="button" class={`button${primary ? " button-primary" : ""}`} onClick={() => act()}>
      {words}
    </button>
  );
}
