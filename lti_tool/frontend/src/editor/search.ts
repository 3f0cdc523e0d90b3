import {
  highlightSelectionMatches, openSearchPanel, search, searchKeymap,
} from "@codemirror/search";
import { StateEffect } from "@codemirror/state";
import { type EditorView, keymap } from "@codemirror/view";

const equipped = new WeakSet<EditorView>();

/** Opens find and replace. Its code is fetched on first use: few students ever search a cell. */
export function openSearch(view: EditorView): void {
  if (!equipped.has(view)) {
    equipped.add(view);
    const extensions = [search({ top: true }), highlightSelectionMatches(), keymap.of(searchKeymap)];
    view.dispatch({ effects: StateEffect.appendConfig.of(extensions) });
  }
  openSearchPanel(view);
}
