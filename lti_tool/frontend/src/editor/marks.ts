/** Marks of what cannot run. Fetched with the first mark: most code has none at first. */
import { type Diagnostic, forEachDiagnostic, nextDiagnostic, setDiagnostics } from "@codemirror/lint";
import { StateEffect, type Text } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import type { CellMark } from "../rules/protocol";

const equipped = new WeakSet<EditorView>();

/** Shows the marks of an editor in place of those before, unless its text has changed. */
export function showMarks(view: EditorView, source: string, marks: readonly CellMark[]): void {
  const { doc } = view.state;
  if (doc.toString() !== source) return;
  if (!equipped.has(view)) {
    equipped.add(view);
    view.dispatch({ effects: StateEffect.appendConfig.of(keymap.of([{ key: "F8", run: goToNext }])) });
  }
  view.dispatch(setDiagnostics(view.state, marks.map((mark) => diagnosticOf(doc, mark))));
}

function diagnosticOf(doc: Text, mark: CellMark): Diagnostic {
  return {
    from: offsetOf(doc, mark.line, mark.column),
    to: offsetOf(doc, mark.endLine, mark.endColumn),
    severity: mark.certainty === "C" ? "warning" : "error",
    message: mark.words,
    renderMessage: () => rendered(mark.words),
  };
}

function offsetOf(doc: Text, line: number, column: number): number {
  const { from, length } = doc.line(Math.max(1, Math.min(line, doc.lines)));
  return from + Math.min(column, length);
}

/** Words whose parts between backticks are set as code. */
function rendered(words: string): Node {
  const fragment = document.createDocumentFragment();
  for (const [at, part] of words.split("`").entries()) {
    if (at % 2 === 0) {
      fragment.append(part);
    } else {
      const code = document.createElement("code");
      code.textContent = part;
      fragment.append(code);
    }
  }
  return fragment;
}

/** Goes to the next mark and has its words spoken. */
function goToNext(view: EditorView): boolean {
  if (!nextDiagnostic(view)) return false;
  const at = view.state.selection.main.from;
  let words = "";
  forEachDiagnostic(view.state, (diagnostic, from) => {
    if (from === at) words = diagnostic.message;
  });
  view.dispatch({ effects: EditorView.announce.of(words.replaceAll("`", "")) });
  return true;
}
