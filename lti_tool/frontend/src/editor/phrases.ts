import { EditorState, type Extension } from "@codemirror/state";

/** The editor's own words in Russian; its words are English by itself. */
const RUSSIAN: Readonly<Record<string, string>> = {
  "Find": "Найти",
  "Replace": "Заменить на",
  "next": "дальше",
  "previous": "назад",
  "all": "все",
  "match case": "учитывать регистр",
  "by word": "слово целиком",
  "regexp": "рег. выражение",
  "replace": "заменить",
  "replace all": "заменить все",
  "close": "закрыть",
  "current match": "текущее совпадение",
  "replaced $ matches": "заменено совпадений: $",
  "replaced match on line $": "заменено в строке $",
  "on line": "в строке",
  "Go to line": "Перейти к строке",
  "go": "перейти",
  "Control character": "Управляющий символ",
};

/** The editor's words in the page's language. */
export function phrases(locale: string): Extension {
  return locale === "ru" ? EditorState.phrases.of(RUSSIAN) : [];
}
