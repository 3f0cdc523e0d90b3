import assert from "node:assert/strict";
import { test } from "node:test";
import en from "../../src/i18n/en.json";
import ru from "../../src/i18n/ru.json";
import { languageFor } from "../../src/i18n/translate";
import { codeNumbers, sections } from "../../src/state/layout";

const holes = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

test("every sentence exists in Russian, with the same holes", () => {
  assert.deepEqual(Object.keys(ru).sort(), Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) {
    assert.deepEqual(holes((ru as Record<string, string>)[key] ?? ""), holes(text), key);
  }
});

test("a locale falls back to its language, then to English", async () => {
  assert.equal((await languageFor("ru-RU")).t("run.run"), "Выполнить");
  assert.equal((await languageFor("de")).t("run.run"), "Run");
});

test("numbers and lengths of time are written as the language does", async () => {
  const [english, russian] = [await languageFor("en"), await languageFor("ru")];
  assert.equal(english.duration(4_230), "4.2 s");
  assert.equal(russian.duration(4_230), "4,2 с");
  assert.equal(english.duration(125_900), "2 min 05 s");
  assert.equal(english.number(2.5), "2.5");
  assert.equal(english.t("header.pointsOf", { score: "2", max: 12 }), "2 / 12");
});

const cell = (id: string, subtask: string | null, kind: "code" | "markdown" = "code") => ({
  id, subtask, kind, source: "",
});
const TASKS = [
  { id: "a", title: "A", points: 1 },
  { id: "b", title: "B", points: 1 },
  { id: "c", title: "C", points: 1 },
];

test("cells are grouped by task, in the document's order", () => {
  const parts = sections(
    [cell("0", null), cell("1", "a"), cell("2", null), cell("3", "b"), cell("4", "a"), cell("5", "gone")],
    TASKS,
  );
  assert.deepEqual(
    parts.map(({ subtask, number, cells }) => [subtask?.id ?? null, number, cells.map(({ id }) => id)]),
    [[null, 0, ["0"]], ["a", 1, ["1", "4"]], [null, 0, ["2"]], ["b", 2, ["3"]], [null, 0, ["5"]], ["c", 3, []]],
  );
});

test("code cells are numbered through the document", () => {
  assert.deepEqual(codeNumbers([cell("m", null, "markdown"), cell("x", "a"), cell("y", null)]), { x: 1, y: 2 });
});
