import { useEffect, useId, useRef } from "preact/hooks";
import { createEditor } from "../editor/editor";
import { useAttempt, useServices } from "./context";

interface Props {
  cellId: string;
  number: number;
  taskNumber: number;
  onRun: () => void;
  onValidate: () => void;
}

/** The editor of a cell. Its text lives in the editor and the keeper, not in the page's state. */
export function CodeEditor({ cellId, number, taskNumber, onRun, onValidate }: Props) {
  const { workspace, language, nonce } = useServices();
  const { t } = language;
  const parent = useRef<HTMLDivElement>(null);
  const keys = useRef({ onRun, onValidate });
  keys.current = { onRun, onValidate };
  const readOnly = useAttempt((attempt) => attempt.readOnly);
  const helpId = useId();
  const name = taskNumber > 0 ? t("task.number", { number: taskNumber }) : t("tasks.intro");
  const label = t("cell.editor", { name, number });
  useEffect(() => {
    if (!parent.current) return;
    const editor = createEditor({
      parent: parent.current,
      source: workspace.document.source(cellId),
      nonce,
      locale: language.locale,
      label,
      helpId,
      readOnly,
      onChange: (source) => workspace.edit(cellId, source),
      onRun: () => keys.current.onRun(),
      onValidate: () => keys.current.onValidate(),
      onBlur: () => void workspace.document.flush(),
    });
    const remove = workspace.addEditor(cellId, editor);
    return () => {
      remove();
      editor.destroy();
    };
  }, [cellId, label, nonce, readOnly, workspace]);
  return (
    <div class="editor">
      <div ref={parent} />
      <p class="visually-hidden" id={helpId}>{t(readOnly ? "cell.readOnly" : "cell.help")}</p>
    </div>
  );
}
