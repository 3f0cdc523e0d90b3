import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import {
  bracketMatching, indentOnInput, indentUnit, syntaxHighlighting,
} from "@codemirror/language";
import { EditorState, Prec, type Extension } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter,
  highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import type { CellMark } from "../rules/protocol";
import { phrases } from "./phrases";

export interface EditorOptions {
  parent: HTMLElement;
  source: string;
  /** Lets the editor add its style sheet under the page's policy; without it, it is unstyled. */
  nonce: string;
  locale: string;
  label: string;
  /** Id of the element that explains the keys. */
  helpId: string;
  /** The text can be read, searched and copied, and not changed. */
  readOnly: boolean;
  onChange: (source: string) => void;
  onRun: () => void;
  onValidate: () => void;
  onBlur: () => void;
}

export interface Editor {
  /** Shows text that came from elsewhere, as one step that the student can undo. */
  show(source: string): void;
  /** Puts the cursor at the beginning of a line (1-based) and the focus into the editor. */
  goTo(line: number): void;
  /** Marks what cannot run in `source`; without effect once the text is another. */
  mark(source: string, marks: readonly CellMark[]): void;
  destroy(): void;
}

/** A Python editor for one cell. */
export function createEditor(options: EditorOptions): Editor {
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({ doc: options.source, extensions: extensions(options) }),
  });
  let marked = false;
  return {
    show(source) {
      const current = view.state.doc.toString();
      if (current !== source) view.dispatch({ changes: difference(current, source) });
    },
    goTo(line) {
      const at = view.state.doc.line(Math.max(1, Math.min(line, view.state.doc.lines))).from;
      const effects = EditorView.scrollIntoView(at, { y: "center" });
      view.dispatch({ selection: { anchor: at }, effects });
      view.focus();
    },
    mark(source, marks) {
      if (marks.length > 0) marked = true;
      if (marked) void import("./marks").then(({ showMarks }) => showMarks(view, source, marks));
    },
    destroy: () => view.destroy(),
  };
}

function extensions(options: EditorOptions): Extension[] {
  return [
    EditorView.cspNonce.of(options.nonce),
    EditorView.lineWrapping,
    EditorState.readOnly.of(options.readOnly),
    EditorView.contentAttributes.of({
      "aria-label": options.label,
      "aria-describedby": options.helpId,
      ...(options.readOnly ? { "aria-readonly": "true" } : {}),
    }),
    phrases(options.locale),
    Prec.highest(keymap.of(cellKeys(options))),
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightActiveLine(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    indentUnit.of("    "),
    indentOnInput(),
    bracketMatching(),
    pythonLanguage,
    // Classes instead of colours: the page's style sheet has them for light and dark.
    syntaxHighlighting(classHighlighter),
    keymap.of([...historyKeymap, ...defaultKeymap, indentWithTab]),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      update.view.setTabFocusMode(false);
      options.onChange(update.state.doc.toString());
    }),
    EditorView.domEventHandlers({
      beforeinput: replaceSelected,
      blur(_event, view) {
        view.setTabFocusMode(false);
        options.onBlur();
      },
    }),
  ];
}

function cellKeys({ onRun, onValidate }: EditorOptions) {
  const done = (action: () => void) => () => {
    action();
    return true;
  };
  return [
    { key: "Shift-Enter", run: done(onRun) },
    { key: "Ctrl-Alt-Enter", run: done(onValidate) },
    {
      key: "Mod-f",
      run(view: EditorView) {
        void import("./search").then(({ openSearch }) => openSearch(view));
        return true;
      },
    },
    {
      // After Escape, Tab moves on until the student types again: no keyboard trap, no time limit.
      key: "Escape",
      run(view: EditorView) {
        view.setTabFocusMode(true);
        return false;
      },
    },
  ];
}

/**
 * Types over a selection without the browser's help: Chromium would carry the old text's colour
 * over as an inline style, which the page's policy refuses and reports.
 */
function replaceSelected(event: InputEvent, view: EditorView): boolean {
  const { data, inputType, isComposing } = event;
  const selected = !view.state.selection.main.empty && !view.state.readOnly;
  if (inputType !== "insertText" || !data || isComposing || view.composing || !selected) return false;
  event.preventDefault();
  const change = view.state.replaceSelection(data.replace(/\r\n?/g, "\n"));
  view.dispatch(change, { userEvent: "input.type", scrollIntoView: true });
  return true;
}

/** The one replaced range between two texts, so that cursors outside it stay where they are. */
export function difference(before: string, after: string) {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from += 1;
  let same = 0;
  while (same < shorter - from && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  return { from, to: before.length - same, insert: after.slice(from, after.length - same) };
}
