import { useAttempt, useServices } from "./context";
import { Delivery } from "./Delivery";
import { DueDate } from "./DueDate";
import { KernelWord } from "./KernelWord";
import { RestartButton } from "./RestartButton";
import { SaveWord } from "./SaveWord";

/** The case's title, the points so far, and whether everything is saved. */
export function Header() {
  const { language } = useServices();
  const title = useAttempt(({ title: text }) => text);
  const points = useAttempt((attempt) => attempt.points);
  const graded = useAttempt((attempt) => attempt.graded);
  const { t, number } = language;
  return (
    <header class="top">
      <div class="top-inner">
        <h1 class="top-title">{title}</h1>
        <p class="points">
          <span class="points-word">{t("header.points")} </span>
          <strong data-testid="points">
            {t("header.pointsOf", { score: number(points.score), max: number(points.max_score) })}
          </strong>
        </p>
        <div class="top-facts">
          <SaveWord />
          <KernelWord />
          <RestartButton testId="restart" />
          <DueDate />
          {graded ? <Delivery /> : <p class="delivery">{t("header.practice")}</p>}
        </div>
      </div>
      <progress class="meter" max={points.max_score || 1} value={points.score} aria-hidden="true" />
    </header>
  );
}
