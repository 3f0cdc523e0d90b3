import type { SaveState } from "../state/model";
import type { Language } from "../i18n/translate";
import { useAttempt, useServices } from "./context";

/** Whether what is typed is safe on the server. */
export function SaveWord() {
  const { language } = useServices();
  const save = useAttempt((attempt) => attempt.save);
  return (
    <p class={`save save-${save.kind}`} data-testid="saved">
      {wordsFor(save, language)}
    </p>
  );
}

function wordsFor(save: SaveState, { t, time }: Language): string {
  switch (save.kind) {
    case "saved":
      return save.at === null ? t("save.savedNever") : t("save.saved", { time: time(save.at) });
    case "dirty":
    case "saving":
      return t("save.saving");
    case "waiting":
      return t("save.waiting");
    case "conflict":
      return t("save.conflict");
    case "refused":
      return t("save.refused", { message: save.message });
  }
}
