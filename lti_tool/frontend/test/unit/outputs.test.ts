import assert from "node:assert/strict";
import { test } from "node:test";
import { ansiSpans, unruled } from "../../src/outputs/ansi";
import { clip } from "../../src/outputs/clip";
import { codeSpans } from "../../src/outputs/spans";
import { pickMime } from "../../src/outputs/mime";
import { prose } from "../../src/outputs/prose";
import { firstCharacters } from "../../src/outputs/characters";
import { difference } from "../../src/editor/editor";

const spans = (text: string) => ansiSpans(text).map(({ text: piece, classes }) => [piece, classes]);

test("styles become classes and end where they end", () => {
  assert.deepEqual(spans("a\x1b[1;31mb\x1b[0mc"), [["a", ""], ["b", "ansi-bold ansi-fg-1"], ["c", ""]]);
  assert.deepEqual(spans("\x1b[91;42mx\x1b[39my\x1b[49mz"), [
    ["x", "ansi-fg-9 ansi-bg-2"], ["y", "ansi-bg-2"], ["z", ""],
  ]);
  assert.deepEqual(spans("\x1b[1mx\x1b[22my"), [["x", "ansi-bold"], ["y", ""]]);
});

test("256 and true colours become one of the sixteen", () => {
  const table: [string, string][] = [
    ["38;5;9", "ansi-fg-9"], ["38;5;28", "ansi-fg-2"], ["38;5;196", "ansi-fg-9"],
    ["38;5;232", "ansi-fg-0"], ["38;5;255", "ansi-fg-15"], ["48;5;21", "ansi-bg-12"],
    ["38;2;255;200;0", "ansi-fg-11"], ["38;5;244", "ansi-fg-8"],
  ];
  for (const [code, classes] of table) assert.deepEqual(spans(`\x1b[${code}mx`), [["x", classes]], code);
});

test("other escape sequences are dropped, broken ones harm nothing", () => {
  assert.deepEqual(spans("\x1b[2K\x1b]0;title\x07a\x1b[?25hb"), [["a", ""], ["b", ""]]);
  assert.deepEqual(spans("\x1b[38;5mx").map(([text]) => text), ["x"]);
  assert.deepEqual(spans("\x1b[999mx"), [["x", ""]]);
});

test("characters are counted as the server counts them", () => {
  assert.equal(firstCharacters("abcdef", 3), "abc");
  assert.equal(firstCharacters("a\u{1f600}b\u{1f600}c", 3), "a\u{1f600}b");
  assert.equal(firstCharacters("\u{1f600}", 0), "");
  assert.equal(firstCharacters("ab", 9), "ab");
  assert.equal(firstCharacters("abc\u{1f600}", 3), "abc");
});

test("a long text shows its beginning and its end", () => {
  const lines = Array.from({ length: 5000 }, (_, line) => `line ${line}`);
  const parts = clip(lines.join("\n"));
  assert.ok(parts.head.startsWith("line 0\n"));
  assert.ok(parts.tail.endsWith("line 4999"));
  assert.equal(parts.head.split("\n").length + parts.hiddenLines + parts.tail.split("\n").length, 5000);
  assert.deepEqual(clip("short"), { head: "short", hiddenLines: 0, tail: "" });
  assert.ok(clip("x".repeat(200_000)).hiddenLines > 0);
});

test("a flood of long lines keeps whole lines and counts those between", () => {
  const lines = Array.from({ length: 900 }, (_, line) => `line ${line} ${"x".repeat(200)}`);
  const parts = clip(lines.join("\n"));
  const [head, tail] = [parts.head.split("\n"), parts.tail.split("\n")];
  assert.deepEqual([...head, ...tail], [...lines.slice(0, head.length), ...lines.slice(-tail.length)]);
  assert.equal(head.length + parts.hiddenLines + tail.length, 900);
  assert.ok(parts.head.length + parts.tail.length <= 12_000);
});

test("a traceback loses the rule and the gap that a narrow page would wrap", () => {
  const rule = `\x1b[31m${"-".repeat(75)}\x1b[39m\n`;
  const name = "\x1b[31mNameError\x1b[39m";
  assert.equal(
    unruled(`${rule}${name}${" ".repeat(33)}Traceback (most recent call last)\nCell`),
    `${name}  Traceback (most recent call last)\nCell`,
  );
  assert.equal(unruled("ValueError: no"), "ValueError: no");
});

test("code spans of a message are told from its text", () => {
  assert.deepEqual(codeSpans("`x` is `` a`b ``, no."), [
    { text: "x", code: true },
    { text: " is ", code: false },
    { text: "a`b", code: true },
    { text: ", no.", code: false },
  ]);
  assert.deepEqual(codeSpans("a ` alone"), [{ text: "a ` alone", code: false }]);
  assert.deepEqual(codeSpans("`<b>`"), [{ text: "<b>", code: true }]);
});

test("the richest safe kind is shown", () => {
  assert.deepEqual(pickMime({ "text/html": "<p>", "text/plain": "x" }), { kind: "html", html: "<p>" });
  assert.deepEqual(pickMime({ "image/png": "AA\n==", "text/plain": "x" }), {
    kind: "image", source: "data:image/png;base64,AA==",
  });
  assert.equal(pickMime({ "image/svg+xml": "<svg/>" })?.kind, "image");
  assert.deepEqual(pickMime({ "text/plain": "" }), { kind: "text", text: "" });
  assert.equal(pickMime({ "application/vnd.plotly": "{}" }), null);
});

test("course text fits the page's outline and does not repeat its title", () => {
  assert.equal(prose("<h2>1. Look &amp; see</h2><p>x</p>", "Look & see"), "<p>x</p>");
  assert.equal(prose("<h2>Task 1: Look</h2><p>x</p>", "Look"), "<p>x</p>");
  assert.equal(prose("<h2>Why</h2><h1>x</h1>", "Look"), "<h4>Why</h4><h3>x</h3>");
  assert.equal(prose("<p>x</p>", "Look"), "<p>x</p>");
});

test("text from elsewhere is the smallest change of the editor's", () => {
  for (const [a, b] of [["abc", "abXc"], ["aaa", "aa"], ["", "x"], ["abc", "abc"], ["ab", "ba"]] as const) {
    const { from, to, insert } = difference(a, b);
    assert.equal(a.slice(0, from) + insert + a.slice(to), b);
  }
});
