import type { Notice } from "../state/model";
import { useServices } from "./context";
import { Icon } from "./Icon";

interface Props {
  title: string;
  notice: Notice;
  onRetry: () => void;
}

/** What stands in place of the attempt when it could not be opened. */
export function Problem({ title, notice, onRetry }: Props) {
  const { t } = useServices().language;
  return (
    <main class="loading">
      <h1>{title}</h1>
      <div class="notice notice-attention" role="alert">
        <Icon name="alert" />
        <p>{t(notice.key, notice.params)}</p>
        <button type="button" class="button" onClick={onRetry}>
          {t("load.retry")}
        </button>
      </div>
    </main>
  );
}
