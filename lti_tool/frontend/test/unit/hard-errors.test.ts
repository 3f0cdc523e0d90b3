import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { initSync, Workspace } from "@astral-sh/ruff-wasm-web";
import corpus from "../../../../tests/grading/rules/hard_errors.json";
import { ruleOf, wordsOf } from "../../src/rules/catalogue";
import { HardErrors, type Mark, MAX_CELLS, MAX_CHARACTERS } from "../../src/rules/check";
import { ruffFor } from "../../src/rules/ruff";

interface Expected {
  cell: number;
  code: string;
  line: number;
  column: number;
  end_line: number;
  end_column: number;
  text: string;
}
interface Snippet {
  name: string;
  cells: string[];
  known?: string[];
  marks: Expected[];
}

const snippets = corpus as Snippet[];
const path = createRequire(import.meta.url).resolve("@astral-sh/ruff-wasm-web/ruff_wasm_bg.wasm");
initSync({ module: readFileSync(path) });
const hardErrors = new HardErrors(ruffFor("py311"));

const placeOf = (mark: Mark): Expected => ({
  cell: mark.cell, code: mark.code, line: mark.line, column: mark.column,
  end_line: mark.endLine, end_column: mark.endColumn, text: mark.text,
});

for (const snippet of snippets) {
  test(`as on the server: ${snippet.name}`, () => {
    const marks = hardErrors.check(snippet.cells, snippet.known).map(placeOf);
    const expected = snippet.marks.map(({ cell, code, line, column, end_line, end_column, text }) => (
      { cell, code, line, column, end_line, end_column, text }
    ));
    assert.deepEqual(marks, expected);
  });
}

test("the browser's ruff is the server's", () => {
  const lock = readFileSync("../../setup.cfg", "utf8");
  assert.match(lock, new RegExp(`^ {4}ruff==${Workspace.version().replaceAll(".", "\\.")}$`, "m"));
});

test("a notebook that is too large is not checked", () => {
  assert.deepEqual(hardErrors.check(["nowhere", "#".repeat(MAX_CHARACTERS)]), []);
  assert.deepEqual(hardErrors.check(Array.from({ length: MAX_CELLS + 1 }, () => "nowhere")), []);
});

test("code nested too deeply for the stack is checked", () => {
  assert.deepEqual(hardErrors.check([`x = ${"(".repeat(150)}1${")".repeat(150)}`]), []);
});

test("names that ran code binds are told apart from those that it reads", () => {
  assert.deepEqual([...hardErrors.bound("value = other\nimport os")].sort(), ["os", "value"]);
});

test("a mark is told in the student's language, with the marked text", () => {
  const [mark] = hardErrors.check(["print(valeu)"]);
  assert.ok(mark);
  const rule = ruleOf(mark.code);
  assert.match(wordsOf(rule, "en", mark.text, mark.detail), /^`valeu` is not defined/);
  assert.match(wordsOf(rule, "ru", mark.text, mark.detail), /^`valeu` не определено/);
  assert.match(wordsOf(rule, "en", "$&".repeat(200), ""), /^`(?:\$&){30}…` is not/);
});
